"""Rows of some predictions, found among many files."""

import polars as pl
import pytest

from keepfit.adapters.lake import lookup as module
from keepfit.adapters.lake.location import Location
from keepfit.adapters.lake.lookup import Lookup
from keepfit.adapters.lake.table import Commit, LakeTable


@pytest.fixture
def table(tmp_path):
    """Three files with two ids each."""
    found = LakeTable(Location.of(tmp_path / "labels"))
    for number in range(3):
        rows = pl.DataFrame({"prediction_id": [f"{number}-a", f"{number}-b"], "batch": [number, number]})
        if number == 0:
            found.create(rows)
        found.write(rows, "append", Commit(metadata={}, serial=("test", number)))
    return found


def ids(*wanted):
    """As a column."""
    return pl.Series(wanted, dtype=pl.String)


def test_only_files_that_hold_an_id_are_read(table, monkeypatch):
    """The others are not opened again, once their ids are known."""
    found = Lookup(table)
    assert found.rows(ids("nobody")).collect().is_empty()
    read = []
    scan = LakeTable.scan_of
    monkeypatch.setattr(
        LakeTable, "scan_of", lambda self, files: read.append(len(files)) or scan(self, files)
    )
    assert found.rows(ids("1-b", "nobody")).collect().rows() == [("1-b", 1)]
    assert read == [1]
    assert found.rows(ids()).collect().is_empty()
    assert read == [1, 0]


def test_of_many_ids_every_file_is_read(table, monkeypatch):
    """The rows are the same."""
    monkeypatch.setattr(module, "_MANY", 1)
    assert Lookup(table).rows(ids("0-a", "2-b", "nobody")).collect().sort("batch").rows() == [
        ("0-a", 0),
        ("2-b", 2),
    ]


def test_what_is_appended_later_is_found(table):
    """Its file is new, and so are its ids."""
    found = Lookup(table)
    found.rows(ids("0-a")).collect()
    rows = pl.DataFrame({"prediction_id": ["3-a"], "batch": [3]})
    table.write(rows, "append", Commit(metadata={}, serial=("test", 9)))
    assert found.rows(ids("3-a")).collect().height == 1
