"""The reference of a version."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from keepfit.clock import Window
from keepfit.errors import DataError
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.monitoring.reference import build_reference
from keepfit.registry.signature import Feature, Kind
from keepfit.stats.profile import profile_frame

DAY = timedelta(days=1)
FEATURES = (Feature("zone", Kind.CATEGORY, text=True), Feature("miles", Kind.NUMBER))
FRAME = pl.DataFrame(
    {
        "at": ["2020-01-03 23:00", "2020-01-01 00:00", "2020-01-01 23:59", "2020-01-03 00:00"],
        "miles": [1.0, 2.0, None, 4.0],
        "zone": ["a", "b", "b", "a"],
    }
).with_columns(pl.col("at").str.to_datetime())
EXPECTED = Performance(predicted=4, labelled=LossSums(4, 2.0, 1.0))


def _built(**more):
    return build_reference(FRAME, features=FEATURES, time="at", every=DAY, expected=EXPECTED, **more)


def test_blocks_are_the_windows_that_have_rows():
    """Oldest first, on the grid of evidence; naive times are UTC; a day without rows is no block."""
    starts = [datetime(2020, 1, day, tzinfo=UTC) for day in (1, 3)]
    reference = _built()
    assert [window for window, _ in reference.blocks] == [Window(start, start + DAY) for start in starts]
    assert [block.rows for _, block in reference.blocks] == [2, 2]
    assert list(reference.cells) == ["zone", "miles"]


def test_total_is_the_profile_of_all_rows():
    """The sum of the blocks is the profile of the whole."""
    reference = _built()
    assert reference.total == profile_frame(FRAME, reference.cells)
    assert reference.expected == EXPECTED


def test_predictions_have_cells_and_blocks_of_their_own():
    """By their own times when these are given, else by those of the rows."""
    whole = _built(predictions=pl.Series([1.0, 2.0, 3.0, 4.0]))
    assert [block.n for _, block in whole.prediction_blocks] == [2, 2]
    held_out = _built(predictions=pl.Series([5.0]), prediction_times=FRAME["at"][:1])
    assert held_out.prediction_total.n == 1
    assert held_out.prediction_cells.low == 5.0


def test_without_predictions_the_profile_is_empty():
    """No cells, no blocks, no rows."""
    reference = _built()
    assert reference.prediction_blocks == ()
    assert reference.prediction_total.rows == 0
    assert reference.prediction_cells.edges == ()


def test_what_does_not_fit_is_named():
    """A missing column, and predictions without their times."""
    with pytest.raises(DataError, match="no column 'at'"):
        build_reference(FRAME.drop("at"), features=FEATURES, time="at", every=DAY, expected=EXPECTED)
    with pytest.raises(DataError, match="1 predictions came with 4 times"):
        _built(predictions=pl.Series([1.0]))
