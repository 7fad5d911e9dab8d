"""What columns are taken for when nobody says."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from keepfit.monitoring.kinds import ColumnKind, family_of, infer_kinds


def kinds(sample, **given):
    """Column → its kind."""
    return {one.name: one.kind for one in infer_kinds(pl.DataFrame(sample), **given)}


def test_types_say_what_columns_are():
    """Numbers, text, booleans and times are what their types say, however few values they take."""
    found = kinds(
        {
            "whole": [1, 1, 2],
            "part": [1.5, 2.5, None],
            "zone": ["a", "b", "a"],
            "paid": [True, False, None],
            "at": [datetime(2020, 1, 1, tzinfo=UTC)] * 3,
            "day": [date(2020, 1, 1)] * 3,
            "took": [timedelta(seconds=1)] * 3,
        }
    )
    assert list(found.values()) == ["number", "number", "category", "boolean", "time", "time", "number"]


def test_text_with_as_many_values_as_rows_names_them():
    """It is left out with a note that says how to compare it all the same; a repeated text is not."""
    names = [f"trip-{i}" for i in range(100)]
    out = infer_kinds(pl.DataFrame({"id": names, "zone": ["a", "b"] * 50}))
    assert (out[0].kind, out[1].kind) == (None, ColumnKind.CATEGORY)
    assert "--categorical" in out[0].why
    assert kinds({"id": names}, categorical=["id"]) == {"id": ColumnKind.CATEGORY}


def test_a_few_different_texts_do_not_name_rows():
    """Five rows with five values are no ids: nothing can be said of so few."""
    assert kinds({"zone": ["a", "b", "c", "d", "e"]}) == {"zone": ColumnKind.CATEGORY}


def test_whole_numbers_that_only_count_rows_name_them():
    """A number that rises with every row is an id; amounts, and a sorted column with ties, are not."""
    rows = range(100)
    found = kinds(
        {
            "id": list(rows),
            "back": [-i for i in rows],
            "cents": [i * 7919 % 100_003 for i in rows],
            "tied": [i // 2 for i in rows],
        }
    )
    assert found == {"id": None, "back": None, "cents": ColumnKind.NUMBER, "tied": ColumnKind.NUMBER}


def test_what_is_given_goes_before_what_is_inferred():
    """Numbers may be compared as categories, ids as numbers, and any column left out."""
    sample = {"zone": [1, 2, 3], "id": list(range(3)), "note": ["x", "y", "z"]}
    found = infer_kinds(
        pl.DataFrame(sample), categorical=["zone"], numeric=["id"], left_out={"note": "as you said"}
    )
    assert [one.kind for one in found] == [ColumnKind.CATEGORY, ColumnKind.NUMBER, None]
    assert [one.why for one in found] == ["as you said"] * 3


def test_columns_without_a_distribution_are_left_out():
    """Lists, structs and bytes."""
    found = kinds({"list": [[1], [2]], "struct": [{"a": 1}, {"a": 2}], "bytes": [b"x", b"y"]})
    assert set(found.values()) == {None}


def test_a_column_without_a_value_is_compared():
    """A value that turns up in the other file is then new."""
    assert kinds({"empty": [None, None]}) == {"empty": ColumnKind.CATEGORY}
    assert family_of(pl.Null()) is None


@pytest.mark.parametrize("dtype", [pl.Int8(), pl.UInt64(), pl.Float32(), pl.Decimal(10, 2)])
def test_numbers_are_one_family(dtype):
    """However wide they are."""
    assert family_of(dtype) is ColumnKind.NUMBER
