"""Tables in files, read in parts."""

import gzip
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from keepfit.data.table_file import open_table
from keepfit.errors import DataError

HOURS = pl.datetime_range(
    datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 11, 15, tzinfo=UTC), "1h", eager=True
)
FRAME = pl.DataFrame(
    {
        "miles": np.arange(1000) / 8,
        "number": np.arange(1000),
        "zone": [None if i % 11 == 0 else f'zone {i % 7}, "{i % 2}"\nend' for i in range(1000)],
        "at": HOURS[:1000],
        "paid": [i % 2 == 0 for i in range(1000)],
    }
)


@pytest.fixture(params=["table.parquet", "table.csv", "table.csv.gz", "table.tsv"])
def path(request, tmp_path):
    """The same table in every format."""
    found = tmp_path / request.param
    if found.suffix == ".parquet":
        FRAME.write_parquet(found, row_group_size=60)
    elif found.suffix == ".gz":
        found.write_bytes(gzip.compress(FRAME.write_csv().encode()))
    else:
        FRAME.write_csv(found, separator="\t" if found.suffix == ".tsv" else ",")
    return found


def test_a_table_is_read_as_it_was_written(path):
    """Types, nulls, times, line ends within quotes: nothing is lost."""
    table = open_table(path)
    assert table.columns == tuple(FRAME.columns)
    assert table.schema == FRAME.schema
    assert table.rows == (1000 if path.suffix == ".parquet" else None)
    assert pl.concat(table.frames()).equals(FRAME)


def test_only_the_columns_that_are_asked_for_come(path):
    """In the order asked for, each once."""
    (frame,) = open_table(str(path)).frames(["zone", "miles", "zone"])
    assert frame.equals(FRAME.select("zone", "miles"))


def test_a_column_that_is_not_there_is_told(path):
    """With the one that was meant."""
    with pytest.raises(DataError, match="has no column 'mile'") as caught:
        open_table(path).frames(["mile"])
    assert caught.value.hint == "did you mean 'miles'?"


def test_a_sample_is_random_ordered_and_repeatable(path):
    """From all over the table; all of it when it is no larger."""
    table = open_table(path)
    found = table.sample(200, seed=1)
    assert found.height == 200
    assert found["number"].is_sorted()
    assert found["number"].n_unique() == 200
    assert all(found["number"].is_between(k, k + 99).sum() > 5 for k in range(0, 1000, 100))
    assert table.sample(200, seed=1).equals(found)
    assert not table.sample(200, seed=2).equals(found)
    assert table.sample(1000, seed=1).equals(FRAME)
    assert table.sample(5, seed=1, columns=["zone"]).columns == ["zone"]


def test_every_row_has_the_same_chance_where_row_groups_differ(tmp_path):
    """Large and small row groups are drawn from by their size: the mean of many samples is that of all rows."""
    parts = [pl.DataFrame({"x": np.full(n, float(n))}) for n in [1000, 10, 10, 300] * 20]
    for number, part in enumerate(parts):
        part.write_parquet(tmp_path / f"{number:02}.parquet")
    table = open_table(tmp_path)
    assert table.rows == 26_400
    means = [table.sample(40, seed=seed)["x"].mean() for seed in range(60)]
    assert np.mean(means) == pytest.approx(pl.concat(parts)["x"].mean(), abs=4 * np.std(means) / np.sqrt(60))


def test_many_files_are_one_table(tmp_path):
    """By folder, with its folders; by pattern; by list. Hidden files and those of other kinds are passed over."""
    (tmp_path / "b").mkdir()
    for name in ("a.parquet", "b/c.parquet"):
        FRAME.head(3).write_parquet(tmp_path / name)
    FRAME.head(3).write_csv(tmp_path / "d.csv")
    for name in ("_SUCCESS", ".hidden.parquet", "notes.txt", "_meta.parquet"):
        (tmp_path / name).write_text("no table")
    for given, files in (
        (tmp_path, 3),
        (str(tmp_path / "*.parquet"), 1),
        (f"{tmp_path}/**/*.parquet", 2),
        ([tmp_path / "d.csv", tmp_path / "a.parquet"], 2),
    ):
        table = open_table(given)
        assert len(table.parts) == files
        assert sum(frame.height for frame in table.frames()) == 3 * len(table.parts)


def test_files_may_differ_in_their_columns(tmp_path):
    """What a file lacks is null there, even when it has none of the columns asked for."""
    pl.DataFrame({"a": [1, 2]}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"b": ["x"], "a": [1.5]}).write_parquet(tmp_path / "2.parquet")
    table = open_table(tmp_path)
    assert table.schema == pl.Schema({"a": pl.Int64(), "b": pl.String()})
    assert table.sample(9, seed=0)["a"].to_list() == [1.0, 2.0, 1.5]
    assert pl.concat(table.frames(["b"]))["b"].to_list() == [None, None, "x"]
    pl.DataFrame({"a": ["far"]}).write_parquet(tmp_path / "3.parquet")
    assert open_table(tmp_path).sample(9, seed=0)["a"].to_list() == ["1", "2", "1.5", "far"]


def test_a_table_without_rows_is_a_table(tmp_path):
    """An empty window is a result, not an error."""
    FRAME.clear().write_parquet(tmp_path / "a.parquet")
    FRAME.clear().write_csv(tmp_path / "a.csv")
    for name in ("a.parquet", "a.csv"):
        table = open_table(tmp_path / name)
        assert table.columns == tuple(FRAME.columns)
        assert sum(frame.height for frame in table.frames()) == 0
        assert table.sample(5, seed=0).columns == FRAME.columns


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.parquet", b"", "is empty"),
        ("a.csv", b"", "is empty"),
        ("a.parquet", b"miles,zone\n1,a\n", "is no Parquet file"),
        ("a.parquet", b"PAR1 but not to the end", "cannot be read as Parquet"),
        ("a.csv", b"PAR1\0\0\0", "is no CSV text"),
        ("a.csv.gz", b"miles,zone\n1,a\n", "cannot be read as CSV"),
        ("a.csv.gz", gzip.compress(b"", mtime=0), "has no columns"),
        ("a.csv", b"\n\n", "has no columns"),
        ("a.csv", b"miles,zone,miles\n1,2,3\n", "two columns named 'miles'"),
        ("a.xlsx", b"PK", "is of no known format"),
        ("a.gz", b"PK", "is of no known format"),
    ],
)
def test_what_is_no_table_is_told(tmp_path, name, content, message):
    """What is wrong, with which file, and what to do."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        open_table(tmp_path / name)
    assert name in str(caught.value)
    assert caught.value.hint


def test_a_table_that_is_not_there_is_told(tmp_path):
    """A file, a pattern, a folder without tables, a Delta table's folder, nothing at all."""
    (tmp_path / "delta" / "_delta_log").mkdir(parents=True)
    (tmp_path / "none").mkdir()
    for given, message in (
        (tmp_path / "a.parquet", "there is no file"),
        (tmp_path / "*.parquet", "no file matches"),
        (tmp_path / "none", "there is no table in the folder"),
        (tmp_path / "delta", "is a Delta table"),
        ([], "no file was given"),
    ):
        with pytest.raises(DataError, match=message):
            open_table(given)


def test_pieces_are_the_rows_of_the_frames(tmp_path):
    """Of any format; a column that a file lacks is not in its pieces."""
    FRAME.write_parquet(tmp_path / "a.parquet", row_group_size=2)
    FRAME.drop("zone").write_csv(tmp_path / "b.csv")
    table = open_table(tmp_path)
    pieces = list(table.pieces(["zone", "miles"]))
    assert sum(one.rows for one in pieces) == 2 * FRAME.height
    read = [one.read(["zone", "miles"]) for one in pieces]
    assert [("zone" in one) for one in read] == [True, False]
    assert [value for one in read for value in one["miles"].to_list()] == FRAME["miles"].to_list() * 2
    with pytest.raises(DataError, match="has no column 'mile'"):
        table.pieces(["mile"])
