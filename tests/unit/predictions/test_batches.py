"""Which batches of the lake something holds."""

import polars as pl
import pytest

from keepfit.predictions.batches import Batches


def test_nothing_is_held_at_first():
    """No batch is the zeroth."""
    none = Batches()
    assert (1 in none, none.through) == (False, 0)


@pytest.mark.parametrize(
    ("newest", "still_open", "closed"),
    [
        (3, [], Batches(newest=3)),
        (3, [3], Batches(newest=2)),
        (3, [2], Batches(newest=3, open=(2,))),
        (5, [5, 2, 4], Batches(newest=3, open=(2,))),
        (2, [1, 2], Batches()),
        (3, [4], Batches(newest=3)),
    ],
)
def test_open_batches_are_left_out(newest, still_open, closed):
    """Those at the end are not held at all; one that was given out since the look is none of our business."""
    assert Batches.closed(newest, still_open) == closed


def test_a_column_is_asked_as_a_number_is():
    """Both say the same of every number."""
    seen = Batches(newest=6, open=(2, 5))
    numbers = pl.DataFrame({"batch": [1, 2, 3, 5, 6, 7]})
    assert numbers.select(seen.hold(pl.col("batch"))).to_series().to_list() == [
        one in seen for one in numbers["batch"]
    ]
    assert seen.through == 1
