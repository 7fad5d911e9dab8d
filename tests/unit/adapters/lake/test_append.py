"""Each row once: when writers race, and when a column must change its type on the way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from keepfit.adapters.lake.append import append_once
from keepfit.adapters.lake.location import Location
from keepfit.adapters.lake.table import Commit, LakeTable
from keepfit.errors import DataError


def batch(number: int, *ids: str, **columns: object) -> pl.DataFrame:
    return pl.DataFrame({"id": list(ids)}).with_columns(batch=pl.lit(number, dtype=pl.Int64), **columns)


def append(
    table: LakeTable, rows: pl.DataFrame, there: Callable[[], pl.DataFrame] | None = None
) -> list[str]:
    return append_once(
        table, rows, rows, ["id"], there or (lambda: table.scan().select("id", "batch").collect())
    ).to_list()


def content(table: LakeTable, *columns: str) -> list[tuple[object, ...]]:
    table.refresh()
    return sorted(table.scan().select(columns).collect().rows())


@pytest.fixture
def table(tmp_path) -> LakeTable:
    return LakeTable(Location.of(tmp_path / "t"))


def test_a_row_that_another_writer_adds_meanwhile_is_seen(table):
    """Between the look and the commit another process appends the same row: the commit fails, the second look finds it."""
    other = LakeTable(table.location)
    append(table, batch(1, "a"))
    looks = []

    def look() -> pl.DataFrame:
        looks.append(table.scan().select("id", "batch").collect())
        if len(looks) == 1:
            append(other, batch(2, "b"))
        return looks[-1]

    assert append(table, batch(3, "b", "c"), look) == ["repeat", "new"]
    assert len(looks) == 2
    assert content(table, "id", "batch") == [("a", 1), ("b", 2), ("c", 3)]


def test_a_writer_that_is_always_slower_is_told(table):
    """It ends with an error that says so, and nothing is stored by halves."""
    other = LakeTable(table.location)
    append(table, batch(1, "a"))
    numbers = iter(range(2, 1000))

    def look() -> pl.DataFrame:
        seen = table.scan().select("id", "batch").collect()
        append(other, batch(number := next(numbers), f"other {number}"))
        return seen

    with pytest.raises(DataError, match=r"batch 1 could not be stored .* other writers were faster"):
        append(table, batch(1, "b"), look)
    assert "b" not in [row[0] for row in content(table, "id")]


def test_many_writers_lose_and_double_nothing(table):
    """Four handles append overlapping batches at once, the creation of the table among it."""

    def work(number: int) -> None:
        append(LakeTable(table.location), batch(number, *(f"id {i}" for i in range(number, number + 3))))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(1, 9)))
    assert [row[0] for row in content(table, "id")] == sorted(f"id {i}" for i in range(1, 11))


def test_a_column_is_widened_when_it_must_be(table):
    """Whole numbers turn into fractions, then into text; rows that were there follow."""
    append(table, batch(1, "a", x=pl.lit(1, dtype=pl.Int64)))
    append(table, batch(2, "b", x=pl.lit(2.0)))
    assert content(table, "id", "x") == [("a", 1), ("b", 2)]
    append(table, batch(3, "c", x=pl.lit(2.5)))
    assert content(table, "id", "x") == [("a", 1.0), ("b", 2.0), ("c", 2.5)]
    append(table, batch(4, "d", x=pl.lit("A")))
    assert content(table, "id", "x") == [("a", "1.0"), ("b", "2.0"), ("c", "2.5"), ("d", "A")]


def test_a_widening_that_is_too_late_starts_again(table):
    """A row that another writer appends while a column is widened is kept, and widened too."""
    other = LakeTable(table.location)
    append(table, batch(1, "a", x=pl.lit(1, dtype=pl.Int64)))

    def look() -> pl.DataFrame:
        seen = table.scan().select("id", "batch").collect()
        append(other, batch(2, "b", x=pl.lit(2, dtype=pl.Int64)))
        return seen

    append(table, batch(3, "c", x=pl.lit(2.5)), look)
    assert content(table, "id", "x") == [("a", 1.0), ("b", 2.0), ("c", 2.5)]


def test_many_appends_leave_few_files(table):
    """Small files are joined on the way, and nothing is forgotten when the log is folded into a checkpoint."""
    for number in range(1, 46):
        append(table, batch(number, f"{number:03}"))
    assert len(table.handle.file_uris()) < 10
    table.handle.create_checkpoint()
    table.handle.cleanup_metadata()
    fresh = LakeTable(table.location)
    assert append(fresh, batch(7, "007")) == ["stored"]
    assert content(fresh, "id") == [(f"{number:03}",) for number in range(1, 46)]


def test_each_commit_says_its_batch(table):
    """The log of the table tells which batch a commit brought."""
    append(table, batch(5, "a"))
    assert table.history(1)[0]["keepfit.batch"] == 5
    assert Commit(metadata={}, serial=("x", 1)).properties.app_transactions[0].version == 1
