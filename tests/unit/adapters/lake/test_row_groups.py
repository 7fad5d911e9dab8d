"""Rows by number out of files that never change."""

import polars as pl
import pyarrow.parquet as pq
import pytest

from keepfit.adapters.lake.row_groups import RowGroups


@pytest.fixture
def files(tmp_path):
    """Two files of forty rows, in groups of ten."""
    found = []
    for number in range(2):
        path = tmp_path / f"{number}.parquet"
        first = 40 * number
        rows = pl.DataFrame(
            {"number": range(first, first + 40), "text": [f"row {i}" for i in range(first, first + 40)]}
        )
        rows.write_parquet(path, row_group_size=10)
        found.append(str(path))
    return found


def _rows(batches):
    return [
        pair for batch in batches for pair in zip(*(one.to_pylist() for one in batch.columns), strict=True)
    ]


@pytest.mark.parametrize(
    ("numbers", "groups"),
    [
        ({15}, [1]),
        ({9, 10}, [0, 1]),
        ({3, 77}, [0, 7]),
        (set(range(35, 45)), [3, 4]),
        ({1000}, []),
        ({-1}, []),
    ],
)
def test_only_groups_that_can_hold_a_number_are_read(files, numbers, groups):
    """Whole groups, of both files, in their order; nothing in between."""
    found = RowGroups("number").read(files, numbers, ["text", "number"])
    assert _rows(found) == [(f"row {i}", i) for group in groups for i in range(10 * group, 10 * group + 10)]


def test_the_end_of_a_file_is_read_once(files):
    """It says the same as long as there is the file; of files that are gone nothing is kept."""
    groups = RowGroups("number")
    assert len(_rows(groups.read(files, {1}, ["number"]))) == 10
    known = dict(groups._known)
    assert len(_rows(groups.read(files, {2, 50}, ["number"]))) == 20
    assert {file: id(one) for file, one in groups._known.items()} == {
        file: id(one) for file, one in known.items()
    }
    groups.keep(files[:1])
    assert list(groups._known) == files[:1]


@pytest.mark.parametrize("column", ["number", "another"])
def test_groups_that_do_not_say_what_they_hold_are_read(tmp_path, column):
    """A column without statistics, or that the file does not have, rules nothing out."""
    path = tmp_path / "silent.parquet"
    rows = pl.DataFrame({"number": [1, 2, 3]}).to_arrow()
    pq.write_table(rows, path, write_statistics=column != "number")
    assert _rows(RowGroups(column).read([str(path)], {99}, ["number"])) == [(1,), (2,), (3,)]


def test_groups_of_nulls_hold_no_number_that_is_known(tmp_path):
    """Their statistics have no ends."""
    path = tmp_path / "null.parquet"
    pl.DataFrame({"number": [None, None]}, schema={"number": pl.Int64}).write_parquet(path)
    assert _rows(RowGroups("number").read([str(path)], {1}, ["number"])) == [(None,), (None,)]
