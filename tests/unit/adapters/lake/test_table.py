"""One Delta table: what is seen, what is read, what conflicts, what is joined and deleted."""

import os
from datetime import UTC, datetime, timedelta

import polars as pl
import pyarrow.parquet as pq
import pytest
from deltalake import WriterProperties
from polars.testing import assert_frame_equal

from keepfit.adapters.lake.location import Location
from keepfit.adapters.lake.table import Commit, ConflictError, LakeTable, overlaps

NOON = datetime(2020, 1, 31, 12, tzinfo=UTC)
ROWS = pl.DataFrame({"a": [1, 2], "at": [NOON, NOON + timedelta(microseconds=999)]})


def commit(number: int, *, rebase: bool = True) -> Commit:
    return Commit(metadata={"number": number}, serial=("a test", number), rebase=rebase)


@pytest.fixture
def table(tmp_path) -> LakeTable:
    table = LakeTable(Location.of(tmp_path / "a lake é" / "t"))
    table.create(ROWS)
    table.write(ROWS, "append", commit(1))
    return table


def test_a_table_that_is_not_there(tmp_path):
    """It is no error to look for it."""
    table = LakeTable(Location.of(tmp_path / "t"))
    assert (table.refresh(), table.exists) == (-1, False)


def test_rows_come_back(table):
    """A folder whose name needs escaping in a URL is read like any other."""
    assert_frame_equal(table.scan().collect(), ROWS)


def test_a_second_handle_sees_new_commits_after_a_refresh(table):
    """Two handles on one table meet in its log; the second creation opens what is there."""
    other = LakeTable(table.location)
    other.create(ROWS)
    table.write(ROWS, "append", commit(2))
    assert other.scan().collect().height == 2
    assert other.refresh() == 2
    assert other.scan().collect().height == 4


@pytest.mark.parametrize("rebase", [True, False])
def test_two_writers_on_one_state_conflict(table, rebase):
    """The slower one is told, and nothing of it shows; after a look it gets through."""
    other = LakeTable(table.location)
    other.refresh()
    table.write(ROWS, "append", commit(2, rebase=rebase))
    with pytest.raises(ConflictError):
        other.write(ROWS, "append", commit(3, rebase=rebase))
    other.refresh()
    assert other.scan().collect().height == 4
    assert other.write(ROWS, "append", commit(3, rebase=rebase)) == 3


def test_a_commit_may_refuse_to_land_later_than_it_said(table):
    """Another application's commit does not conflict: a commit lands after it, or not at all when its number was promised."""
    other = LakeTable(table.location)
    other.refresh()
    table.write(ROWS, "append", Commit(metadata={}, serial=("another application", 1)))
    with pytest.raises(ConflictError):
        other.write(ROWS, "append", commit(2, rebase=False))
    assert other.write(ROWS, "append", commit(2)) == 3


def test_a_new_column_is_null_in_older_rows(table):
    """Appending may add columns; files that do not have them yet are read as null."""
    table.write(ROWS.with_columns(b=pl.lit("x")), "append", commit(2))
    assert sorted(table.scan().collect()["b"].to_list(), key=str) == [None, None, "x", "x"]
    table.write(ROWS, "append", commit(3))
    assert table.scan().collect()["b"].null_count() == 4


def test_only_the_files_in_range_are_opened(table):
    """A file out of the range of times may even be gone."""
    for file in table.location.path.glob("*.parquet"):
        file.unlink()
    table.write(ROWS.with_columns(pl.col("at").dt.offset_by("1d")), "append", commit(2))
    day = timedelta(days=1)
    assert table.scan(overlaps("at", NOON + day, NOON + 2 * day)).collect().height == 2


def test_files_are_told_by_the_numbers_they_hold(table):
    """As by SQL; what is looked up once is looked up again when there is a new file."""
    for number in (5, 9):
        table.write(pl.DataFrame({"a": [number, number + 1]}), "append", commit(number))
    assert table.scan_between("a", 6, 9).collect()["a"].sort().to_list() == [5, 6, 9, 10]
    assert table.scan_between("a", 7, 8).collect().is_empty()
    table.write(pl.DataFrame({"a": [8]}), "append", commit(10))
    assert table.scan_between("a", 7, 8).collect()["a"].to_list() == [8]
    assert table.scan_between("a", 8).collect()["a"].sort().to_list() == [8, 9, 10]


def test_files_that_do_not_say_what_they_hold_are_always_opened(table):
    """A column without statistics, or that is not there at all, rules none out."""
    table.write(pl.DataFrame({"b": [7]}), "append", commit(7))
    assert table.scan_between("a", 6, 9).collect()["b"].to_list() == [7]
    assert table.scan_between("c", 6, 9).collect().height == 3


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("numbers", [{1}, {5, 6, 9}, {2, 10}, {7, 8}])
def test_a_few_rows_are_found_by_their_numbers(tmp_path, numbers, *, local):
    """In a local folder and behind a URI, as on an object store; other rows may come with them."""
    table = LakeTable(Location.of(tmp_path / "t"))
    table.create(ROWS)
    for number in (1, 5, 9):
        table.write(pl.DataFrame({"a": [number, number + 1]}), "append", commit(number))
    there = LakeTable(table.location if local else Location(uri=table.location.path.as_uri()))
    there.refresh()
    found = [one for batch in there.batches_of("a", numbers, ["a"]) for one in batch.column(0).to_pylist()]
    assert sorted(one for one in found if one in numbers) == sorted(numbers & {1, 2, 5, 6, 9, 10})


def test_files_that_were_joined_are_forgotten(table):
    """The ends of files are kept in memory for as long as the table has them."""
    for number in range(3, 9):
        table.write(pl.DataFrame({"a": [number]}), "append", commit(number))
        assert table.batches_of("a", {number}, ["a"])
    table.compact(small=2, target=1 << 20)
    assert table.batches_of("a", {5}, ["a"])[0].num_rows > 1
    assert len(table._groups["a"]._known) == 1


def test_statistics_cut_to_milliseconds_hide_no_row(table):
    """The table's statistics say that its last event was at .000 ms, but it was 999 µs later."""
    late = NOON + timedelta(microseconds=500)
    found = table.scan(overlaps("at", late, late + timedelta(days=1))).filter(pl.col("at") >= late).collect()
    assert found["a"].to_list() == [2]


def test_small_files_are_joined_and_their_rows_kept(table):
    """Past the limit many files become one; the old ones stay for readers that still hold them."""
    for number in range(2, 7):
        table.write(ROWS, "append", commit(number))
    table.compact(small=6, target=1 << 20)
    assert len(table.handle.file_uris()) == 6
    table.compact(small=5, target=1 << 20)
    assert len(table.handle.file_uris()) == 1
    assert table.scan().collect().height == 12
    assert len(list(table.location.path.glob("*.parquet"))) == 7


def test_rows_are_deleted_where_they_are_found(table):
    """Of a file that holds others as well, and of one that holds no other."""
    table.write(ROWS.with_columns(pl.col("a") + 2), "append", commit(2))
    assert table.delete("a IN (2, 3, 4)")
    assert table.scan().collect()["a"].to_list() == [1]
    assert LakeTable(table.location).refresh() == table.refresh()


def test_a_deletion_that_is_too_late_deletes_nothing(table):
    """Another process rewrote the rows; the next try, after a look, gets through."""
    other = LakeTable(table.location)
    other.refresh()
    table.delete("a = 1")
    assert not other.delete("a = 2")
    assert other.scan().collect()["a"].to_list() == [2]
    assert other.delete("a = 2")
    assert other.scan().collect().is_empty()


def test_rows_that_are_added_meanwhile_are_not_deleted(table):
    """A deletion names rows that were seen; what another process appends stays, whether it gets through or not."""
    other = LakeTable(table.location)
    other.refresh()
    table.write(ROWS.with_columns(pl.col("a") + 2), "append", commit(2))
    other.delete("a IN (1, 2)")
    table.refresh()
    assert {3, 4} <= set(table.scan().collect()["a"])


def test_a_table_may_be_written_in_its_own_way(tmp_path):
    """Small row groups, where a few rows are to be read without the others: after a join of files too."""
    writer = WriterProperties(max_row_group_size=2)
    table = LakeTable(Location.of(tmp_path / "t"), writer=writer)
    table.create(ROWS)
    for number in range(1, 4):
        table.write(ROWS, "append", commit(number))
    table.compact(small=1, target=1 << 20)
    (file,) = table.handle.file_uris()
    assert pq.ParquetFile(file).num_row_groups == 3


def test_joined_files_go_when_they_are_old(table):
    """The next time, files that no reader can hold any more are deleted."""
    for number in range(2, 5):
        table.write(ROWS, "append", commit(number))
    table.compact(small=1, target=1 << 20)
    current = set(table.handle.file_uris())
    orphan = table.location.path / "part-00000-orphan.parquet"
    orphan.write_bytes(b"half a file")
    os.utime(orphan, (0, 0))
    assert table.vacuum([]) == 1
    assert not orphan.exists()
    assert set(table.handle.file_uris()) == current
    assert table.scan().collect().height == 8


def test_history_gives_what_was_recorded(table):
    """The newest commit comes first, with its metadata."""
    table.write(ROWS, "append", commit(2))
    assert [entry["number"] for entry in table.history(2)] == [2, 1]


def test_an_older_state_is_read(table):
    """Overwriting keeps what was there for those who ask for it."""
    table.write(ROWS.head(1).select("a"), "overwrite", commit(2))
    assert table.scan().collect().shape == (1, 1)
    assert_frame_equal(table.scan_at(1).collect(), ROWS)
