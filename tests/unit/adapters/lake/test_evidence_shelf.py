"""What is remembered of a table of evidence, and what is forgotten."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from keepfit.adapters.lake import evidence_shelf
from keepfit.adapters.lake.evidence_cells import DeltaCells
from keepfit.adapters.lake.evidence_shelf import Row, Shelf
from keepfit.adapters.lake.location import Location
from keepfit.adapters.lake.table import Commit, LakeTable
from keepfit.clock import EPOCH

DAY = timedelta(days=1)
COLUMNS = {
    "version": pl.Int64(),
    "window_start": pl.Datetime("us", "UTC"),
    "batch": pl.Int64(),
    "sequence": pl.Int64(),
}


@pytest.fixture
def shelf(tmp_path) -> Shelf:
    return Shelf(
        LakeTable(Location.of(tmp_path / "windows")),
        DeltaCells(Location.of(tmp_path / "cells"), configuration={}),
    )


def rows(*given: tuple[int, int, int]) -> pl.DataFrame:
    """Rows of version 1: day, batch, sequence."""
    found = [(1, EPOCH + day * DAY, batch, sequence) for day, batch, sequence in given]
    return pl.DataFrame(found, schema=COLUMNS, orient="row")


def windows(*names: str) -> list[Any]:
    """Anything will do: a shelf does not look at what it holds."""
    return list(names)


def test_the_last_row_of_a_window_counts(shelf):
    """By its number, in whatever order the rows are met."""
    shelf.see(rows((0, 1, 1), (1, 1, 2)))
    shelf.see(rows((0, 3, 4), (0, 2, 3)))
    assert shelf.newest == {(1, EPOCH): Row(batch=3, sequence=4), (1, EPOCH + DAY): Row(batch=1, sequence=2)}
    assert shelf.sequence == 4


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [(None, None, [0, 1, 2, 4]), (1, 4, [1, 2]), (3, None, [4]), (None, 1, [0]), (3, 4, []), (2, 2, [])],
)
def test_windows_are_found_by_when_they_begin(shelf, since, until, days):
    """Oldest first, whatever came first and however often; the end of the range is not in it."""
    shelf.see(rows((4, 1, 1), (0, 1, 2), (2, 1, 3)))
    shelf.see(rows((1, 1, 4), (2, 2, 5)))
    ends = [None if day is None else EPOCH + day * DAY for day in (since, until)]
    assert shelf.between(*ends) == [(1, EPOCH + day * DAY) for day in days]


def test_a_look_reads_what_was_not_seen_yet(shelf, tmp_path):
    """Nothing without a table; then each row once, also when others wrote it."""
    assert not shelf.look()
    other = LakeTable(Location.of(tmp_path / "windows"))
    other.create(rows())
    assert shelf.look()
    assert shelf.sequence == 0
    for number in (1, 2):
        other.write(rows((0, number, number)), "append", Commit(metadata={}, serial=("a test", number)))
        assert shelf.look()
        assert shelf.newest == {(1, EPOCH): Row(batch=number, sequence=number)}


def test_what_was_asked_for_lately_is_held(shelf, monkeypatch):
    """When there is no more room the one that nobody asked for longest goes; a window that is restated goes at once."""
    monkeypatch.setattr(evidence_shelf, "HELD_BYTES", 10)
    shelf.see(rows((0, 1, 1), (1, 1, 2), (2, 1, 3)))
    one, two, three = windows("one", "two", "three")
    shelf.hold(1, one, 5)
    shelf.hold(2, two, 5)
    assert shelf.take(1) == one
    shelf.hold(3, three, 4)
    assert (shelf.take(2), shelf.take(1), shelf.held_bytes) == (None, one, 9)
    shelf.see(rows((0, 2, 4)))
    assert (shelf.take(1), shelf.take(3), shelf.held_bytes) == (None, three, 4)


def test_what_is_larger_than_all_the_room_is_not_held(shelf, monkeypatch):
    """It is read again each time."""
    monkeypatch.setattr(evidence_shelf, "HELD_BYTES", 10)
    (large,) = windows("large")
    shelf.hold(1, large, 11)
    assert (shelf.take(1), shelf.held_bytes) == (None, 0)
