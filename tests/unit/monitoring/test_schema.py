"""Columns that are missing, new, or of another type."""

import polars as pl

from keepfit.data.schema import Schema
from keepfit.monitoring.finding import Verdict
from keepfit.monitoring.schema import check_schema

EXPECTED = Schema.of(pl.DataFrame({"miles": [1.5], "zone": ["a"], "n": [1]}))


def _found(**columns):
    return {one.subject: one for one in check_schema(EXPECTED, Schema.of(pl.DataFrame(columns)))}


def test_the_same_columns_are_one_good_finding():
    """Whatever their order."""
    (found,) = _found(n=[1], zone=["a"], miles=[2.5]).values()
    assert found.verdict is Verdict.OK
    assert found.says == "the 3 columns have the types of the reference"


def test_a_missing_column_and_one_of_another_kind_are_faults():
    """Nothing can be said of their values."""
    found = _found(zone=["a"], n=["1"])
    assert found["miles"].alarms
    assert found["miles"].fault.column == "miles"
    assert found["n"].says == "n is String, and Int64 in the reference"
    assert found["n"].alarms


def test_a_new_column_and_another_width_are_told():
    """They break nothing."""
    found = _found(miles=[2], zone=["a"], n=[1], more=[True])
    assert {name: one.verdict for name, one in found.items()} == {
        "miles": Verdict.OK,
        "more": Verdict.OK,
    }
