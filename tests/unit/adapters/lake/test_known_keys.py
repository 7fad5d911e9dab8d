"""Which files may hold a row again."""

import polars as pl
import pytest

from keepfit.adapters.lake.known_keys import KnownKeys
from keepfit.adapters.lake.location import Location
from keepfit.adapters.lake.table import Commit, LakeTable

KEY = pl.col("id").hash(1)


@pytest.fixture
def table(tmp_path):
    """Two files: a, b; c."""
    made = LakeTable(Location.of(tmp_path / "table"))
    for number, ids in enumerate((["a", "b"], ["c"])):
        rows = pl.DataFrame({"id": ids})
        if not number:
            made.create(rows)
        made.write(rows, "append", Commit(metadata={}, serial=("test", number)))
    return made


def ids_in(table, files):
    return sorted(table.scan_of(files).collect()["id"]) if files else []


@pytest.mark.parametrize("most", [1_000, 0])
def test_no_file_with_a_key_is_left_out(table, most):
    """Whether keys are remembered or there is no room for them."""
    known = KnownKeys(KEY, most=most)
    for _ in range(2):
        found = known.holding(table, table.files(), pl.DataFrame({"id": ["b", "z"]}))
        assert "b" in ids_in(table, found)


def test_files_without_a_key_are_not_opened_again(table):
    """Neither is any when all keys are new."""
    known = KnownKeys(KEY)
    assert ids_in(table, known.holding(table, table.files(), pl.DataFrame({"id": ["c"]}))) == ["c"]
    assert known.holding(table, table.files(), pl.DataFrame({"id": ["d", "e"]})) == []
    for file in table.files():
        (table.location.path / file.rpartition("/")[2]).unlink()
    assert known.holding(table, table.files(), pl.DataFrame({"id": ["d"]})) == []


def test_what_another_writer_added_is_seen(table):
    """With the next refresh of the table."""
    known = KnownKeys(KEY)
    assert known.holding(table, table.files(), pl.DataFrame({"id": ["d"]})) == []
    other = LakeTable(table.location)
    other.refresh()
    other.write(pl.DataFrame({"id": ["d"]}), "append", Commit(metadata={}, serial=("other", 1)))
    table.refresh()
    assert ids_in(table, known.holding(table, table.files(), pl.DataFrame({"id": ["d"]}))) == ["d"]
