"""What changed between two versions: schema, rows by key, and the columns that moved."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ks_2samp

from keepfit.data.dataset import DatasetVersion
from keepfit.data.diff import DatasetDiff, KeyedRows, Retyped, diff, kolmogorov_smirnov, total_variation
from keepfit.data.digest import frame_digest
from keepfit.data.schema import Schema

NUMBERS = arrays(np.float64, st.integers(2, 30), elements=st.integers(-5, 5).map(float))
LETTERS = st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=30)


def compare(old: pl.DataFrame, new: pl.DataFrame, key: str | None = None) -> DatasetDiff:
    versions = [
        DatasetVersion(
            name="taxi", number=number, digest=frame_digest(frame), rows=frame.height, schema=Schema.of(frame),
            parent=None, source="a test", at=datetime(2020, 1, 1, tzinfo=UTC),
        )
        for number, frame in ((1, old), (2, new))
    ]  # fmt: skip
    return diff(versions[0], old, versions[1], new, key)


def test_schema_changes_are_told_apart():
    """Columns that came, went, and changed their type are three lists."""
    old = pl.DataFrame({"id": [1], "gone": [1], "zone": [4]})
    new = pl.DataFrame({"id": [1], "zone": ["4"], "came": [1.0]})
    got = compare(old, new)
    assert (got.added, got.removed) == (("came",), ("gone",))
    assert got.retyped == (Retyped(name="zone", before="Int64", after="String"),)
    assert [move.name for move in got.columns] == ["id"]


def test_rows_are_counted_by_key():
    """A row is added, removed, changed in some column, or none of it; null to null is no change, nor NaN to NaN."""
    old = pl.DataFrame({"id": [1, 2, 3, 4], "miles": [1.0, 2.0, None, float("nan")]})
    new = pl.DataFrame({"id": [4, 3, 2, 5, 6], "miles": [float("nan"), None, 9.0, 5.0, 6.0]})
    got = compare(old, new, "id")
    assert got.keyed == KeyedRows(key="id", added=2, removed=1, changed=1)
    assert (got.rows_before, got.rows_after, got.same) == (4, 5, False)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ({"a": [1]}, {"a": [1]}, "taxi@1 has no column 'id'"),
        ({"id": [1, 1]}, {"id": [1]}, "'id' repeats in taxi@1"),
        ({"id": [1]}, {"id": [1, None]}, "'id' is null in 1 rows of taxi@2"),
        ({"id": [1]}, {"id": ["1"]}, "'id' is Int64 in taxi@1 and String in taxi@2"),
    ],
)
def test_a_key_that_names_no_row_is_said(old, new, why):
    """Without a usable key rows are not counted as changed, and the reason stands there."""
    got = compare(pl.DataFrame(old), pl.DataFrame(new), "id")
    assert (got.keyed, got.unkeyed) == (None, why)


def test_the_column_that_moved_most_comes_first():
    """Columns are ranked by their distance, with shares, means and distinct values before and after."""
    old = pl.DataFrame({"miles": [1.0, 2.0, 3.0, 4.0], "zone": ["A", "A", "B", "B"], "n": [1, 2, 3, 4]})
    new = pl.DataFrame({"miles": [11.0, 12.0, None, 14.0], "zone": ["A", "B", "B", "C"], "n": [1, 2, 3, 4]})
    miles, zone, n = compare(old, new).columns
    assert (miles.name, miles.statistic, miles.distance) == ("miles", "ks", 1.0)
    assert (miles.null_share_before, miles.null_share_after) == (0.0, 0.25)
    assert (miles.mean_before, miles.mean_after) == (2.5, pytest.approx(37 / 3))
    assert (zone.name, zone.statistic, zone.distance) == ("zone", "tv", 0.25)
    assert (zone.distinct_before, zone.distinct_after, zone.mean_before) == (2, 3, None)
    assert (n.name, n.distance) == ("n", 0.0)


def test_nulls_alone_move_a_column():
    """A number whose values are as they were, but half of them null, moved by a half; NaN is missing too."""
    old = pl.DataFrame({"miles": [1.0, 1.0]})
    assert compare(old, pl.DataFrame({"miles": [1.0, None]})).columns[0].distance == 0.5
    assert compare(old, pl.DataFrame({"miles": [1.0, float("nan")]})).columns[0].null_share_after == 0.5


def test_times_and_other_types_are_compared():
    """Times move like numbers, booleans like categories."""
    old = pl.DataFrame({"at": [datetime(2020, 1, 1, tzinfo=UTC)], "cash": [True]})
    new = pl.DataFrame({"at": [datetime(2020, 2, 1, tzinfo=UTC)], "cash": [False]})
    assert {move.name: (move.statistic, move.distance) for move in compare(old, new).columns} == {
        "at": ("ks", 1.0),
        "cash": ("tv", 1.0),
    }


def test_an_empty_version_has_a_diff():
    """Nothing is divided by no rows."""
    frame = pl.DataFrame({"miles": [1.0], "zone": ["A"]})
    got = compare(frame, frame.clear())
    assert (got.rows_before, got.rows_after) == (1, 0)
    assert [move.distance for move in got.columns] == [0.0, 0.0]


def test_a_version_is_the_same_as_itself():
    """No column moved, no row changed."""
    frame = pl.DataFrame({"id": [1, 2], "miles": [1.5, None]})
    got = compare(frame, frame, "id")
    assert got.same
    assert got.keyed == KeyedRows(key="id", added=0, removed=0, changed=0)


@settings(max_examples=60, deadline=None)
@given(before=NUMBERS, after=NUMBERS)
def test_ks_is_the_textbook_one(before, after):
    """The distance is SciPy's statistic, ties included, and symmetric."""
    got = kolmogorov_smirnov(before, after)
    assert got == pytest.approx(ks_2samp(before, after, method="asymp").statistic)
    assert got == pytest.approx(kolmogorov_smirnov(after, before))


@settings(max_examples=60, deadline=None)
@given(before=LETTERS, after=LETTERS)
def test_total_variation_is_the_sum_of_what_one_has_more(before, after):
    """The distance is the sum over values of the positive part of p - q."""
    expected = sum(
        max(0.0, before.count(value) / len(before) - after.count(value) / len(after))
        for value in ("a", "b", "c", None)
    )
    got = total_variation(pl.Series(before, dtype=pl.String), pl.Series(after, dtype=pl.String))
    assert got == pytest.approx(expected)
