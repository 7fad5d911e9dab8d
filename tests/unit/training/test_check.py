"""What makes rows unfit to learn from, and which rows a broken feed marks."""

from datetime import UTC, datetime

import polars as pl
import pytest

from keepfit.errors import TrainingFailedError
from keepfit.monitoring.finding import Fault
from keepfit.training.check import check_snapshot, marked, without_faults

AT = datetime(2020, 1, 1, tzinfo=UTC)
GOOD = pl.DataFrame(
    {"trip": ["a", "b", "c"], "at": [AT] * 3, "miles": [1.0, None, 3.0], "minutes": [5.0, 6.0, 7.0]}
)


def check(frame):
    check_snapshot(
        frame,
        required=("trip", "at", "miles", "minutes"),
        id="trip",
        time="at",
        target="minutes",
        source="the source of 'taxi'",
    )


@pytest.mark.parametrize("target", [[5.0, 6.0, 7.0], [1, 0, 1], [True, False, True]])
def test_labelled_rows_are_fit(target):
    """Numbers and booleans as target; a null in a feature is the model's business."""
    check(GOOD.with_columns(minutes=pl.Series(target)))


@pytest.mark.parametrize(
    ("change", "said", "hint"),
    [
        (lambda f: f.rename({"miles": "mile"}), "has no column 'miles'", "did you mean 'mile'?"),
        (lambda f: f.clear(), "returned no rows", "are there labelled rows"),
        (
            lambda f: f.with_columns(at=pl.col("at").dt.date()),
            "time column 'at' holds Date, not datetimes",
            None,
        ),
        (
            lambda f: f.with_columns(minutes=pl.lit("five")),
            "target 'minutes' holds String, not numbers",
            None,
        ),
        (
            lambda f: f.with_columns(minutes=pl.Series([1, None, None])),
            "'minutes' is null in 2 of 3 rows",
            "labelled rows",
        ),
        (
            lambda f: f.with_columns(trip=pl.Series(["a", None, "c"])),
            "'trip' is null in 1 of 3 rows",
            "labelled rows",
        ),
        (
            lambda f: f.with_columns(at=pl.Series([AT, None, AT])),
            "'at' is null in 1 of 3 rows",
            "labelled rows",
        ),
        (
            lambda f: f.with_columns(minutes=pl.Series([1.0, float("nan"), float("inf")])),
            "NaN or infinite in 2 of 3",
            "labelled",
        ),
        (
            lambda f: f.with_columns(trip=pl.Series(["a", "b", "b"])),
            "id column 'trip' holds 'b' more than once",
            None,
        ),
    ],
)
def test_what_is_unfit_is_named(change, said, hint):
    """The source, the column, and how many rows."""
    with pytest.raises(TrainingFailedError, match="the source of 'taxi'") as caught:
        check(change(GOOD))
    assert said in str(caught.value)
    assert caught.value.step == "check"
    assert (hint or "") in (caught.value.hint or "")
    assert hint is not None or caught.value.hint is None


ROWS = pl.DataFrame(
    {
        "n": [0, 1, None, 0],
        "x": [0.0, 1.5, None, float("nan")],
        "zone": ["a", "b", None, "a"],
        "code": [7, 8, None, 7],
        "flag": [False, True, None, False],
    }
)


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        (Fault(column="n", kind="null"), [0, 1, 3]),
        (Fault(column="n", kind="value", value=0.0), [1, 2]),
        (Fault(column="x", kind="value", value=0.0), [1, 2, 3]),
        (Fault(column="zone", kind="value", value="a"), [1, 2]),
        (Fault(column="code", kind="value", value="7"), [1, 2]),
        (Fault(column="flag", kind="value", value=1.0), [0, 2, 3]),
        (Fault(column="x", kind="all"), [0, 1, 2, 3]),
    ],
)
def test_the_rows_that_a_fault_marks_are_left_out(fault, left):
    """A null, one value of a number or of a category; where every row is touched none can be told apart."""
    assert without_faults(ROWS.with_row_index("row"), [fault])["row"].to_list() == left


def test_several_faults_mark_the_rows_of_each():
    """And none marks nothing."""
    faults = [Fault(column="n", kind="null"), Fault(column="zone", kind="value", value="b")]
    assert without_faults(ROWS, faults).height == 2
    assert without_faults(ROWS, []).equals(ROWS)


def test_recorded_rows_carry_their_columns_under_a_prefix():
    """The same faults are found in the lake."""
    recorded = ROWS.rename({name: f"x_{name}" for name in ROWS.columns})
    fault = Fault(column="n", kind="value", value=0.0)
    assert recorded.select(marked([fault], prefix="x_")).to_series().to_list() == [True, False, False, True]
