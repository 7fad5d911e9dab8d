"""The past to learn from, what came after to test on."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from keepfit.errors import TrainingFailedError
from keepfit.training.split import split_by_time

START = datetime(2020, 1, 1, tzinfo=UTC)
FRAME = pl.DataFrame({"at": [START + timedelta(days=day) for day in (5, 0, 3, 2)], "n": [5, 0, 3, 2]})


def test_no_row_of_the_future_is_learned_from():
    """The moment itself belongs to the test; the order of the rows is kept."""
    split = split_by_time(FRAME, time="at", test_from=START + timedelta(days=3))
    assert split.train["n"].to_list() == [0, 2]
    assert split.test["n"].to_list() == [5, 3]


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (0, "no rows to train on: all 4 lie from 2020-01-01 00:00 UTC"),
        (6, "no rows to test on: all 4 lie before 2020-01-07 00:00 UTC"),
    ],
)
def test_an_empty_side_is_told(day, said):
    """Which one, and what to change."""
    with pytest.raises(TrainingFailedError, match=said) as caught:
        split_by_time(FRAME, time="at", test_from=START + timedelta(days=day))
    assert caught.value.step == "split"
    assert "kf.last(" in caught.value.hint
