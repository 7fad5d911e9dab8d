"""The report of a difference between two versions of a dataset."""

import polars as pl
import pytest

from keepfit.cli.data_diff import print_diff
from keepfit.clock import EPOCH
from keepfit.data.dataset import DatasetVersion
from keepfit.data.diff import diff
from keepfit.data.digest import frame_digest
from keepfit.data.schema import Schema

OLD = pl.DataFrame({"id": ["a", "b", "c"], "miles": [1.0, 2.0, 3.0], "zone": ["n", "n", "s"]})


def version(number: int, frame: pl.DataFrame) -> DatasetVersion:
    """The version of `trips` that a frame is."""
    return DatasetVersion(
        name="trips",
        number=number,
        digest=frame_digest(frame),
        rows=frame.height,
        schema=Schema.of(frame),
        parent=None,
        source="a test",
        at=EPOCH,
    )


@pytest.fixture
def printed(capsys):
    """Print the difference from OLD to a frame; its lines."""

    def lines(new: pl.DataFrame, key: str | None = "id") -> list[str]:
        print_diff(diff(version(1, OLD), OLD, version(2, new), new, key))
        return capsys.readouterr().out.splitlines()

    return lines


def test_the_same_rows_take_one_line(printed):
    """There is nothing to report."""
    assert printed(OLD) == ["trips@1 and trips@2 hold the same 3 rows"]


def test_moved_columns_are_ranked(printed):
    """The most moved first, with what it was and is; the key is counted, not ranked."""
    new = OLD.with_columns(miles=pl.col("miles") + 10, zone=pl.Series(["n", "s", None])).with_columns(
        id=pl.Series(["a", "b", "d"])
    )
    lines = printed(new)
    assert lines[:4] == [
        "from trips@1 to trips@2",
        "schema: no change",
        "rows: 3 → 3; by 'id': 1 added, 1 removed, 2 changed",
        "columns that moved, the most moved first:",
    ]
    table = [line.split("\t") for line in lines[4:-1]]
    assert table == [
        ["column", "moved", "by", "nulls", "mean", "values"],
        ["miles", "1.000", "Kolmogorov-Smirnov", "0.0%", "2 → 12", "3"],
        ["zone", "0.333", "total variation", "0.0% → 33.3%", "-", "2"],
    ]
    assert lines[-1] == "columns that did not move: none"


def test_the_schema_is_told_column_by_column(printed):
    """Added, removed and of another type."""
    lines = printed(OLD.drop("zone").with_columns(pl.col("miles").cast(pl.Int64), hour=pl.lit(1)))
    assert lines[1:4] == [
        "schema: column 'hour' was added",
        "schema: column 'zone' was removed",
        "schema: column 'miles' was Float64, is Int64",
    ]
    assert lines[-1] == "columns that did not move: miles"


def test_rows_that_cannot_be_told_apart_are_counted_only(printed):
    """The reason is given."""
    lines = printed(pl.concat([OLD, OLD]))
    assert "rows: 3 → 6; which ones changed cannot be told: 'id' repeats in trips@2" in lines
