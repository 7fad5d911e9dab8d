"""A Parquet file, read by row groups."""

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepfit.data import parquet_part
from keepfit.data.parquet_part import open_parquet
from keepfit.errors import DataError

FRAME = pl.DataFrame({"x": np.arange(5000.0), "zone": [f"z{i % 9}" for i in range(5000)]})


def test_small_row_groups_are_read_together(tmp_path):
    """Fifty of them are one frame, and each row comes once."""
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path, row_group_size=100)
    part = open_parquet(path)
    assert [one.rows for one in part.stretches(["x"])] == [5000]
    (frame,) = part.frames(["zone", "x"])
    assert frame.equals(FRAME.select("zone", "x"))


def test_row_groups_too_large_for_memory_come_in_batches(tmp_path, monkeypatch):
    """Whatever the file's row groups are, so many bytes are held and no more."""
    monkeypatch.setattr(parquet_part, "HELD_BYTES", 20_000)
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path, row_group_size=2500)
    frames = list(open_parquet(path).frames(["zone", "x"]))
    assert [one.height for one in frames] == [1024, 1024, 452] * 2
    assert pl.concat(frames).equals(FRAME.select("zone", "x"))


def test_what_is_held_counts_the_columns_that_are_read(tmp_path):
    """Text by its views, numbers by their bytes."""
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path)
    part = open_parquet(path)
    (one,), (both,) = part.stretches(["x"]), part.stretches(["x", "zone"])
    assert 40_000 <= one.held_bytes <= 50_000
    assert both.held_bytes == one.held_bytes + 80_000


def test_names_with_dots_and_signs_are_names(tmp_path):
    """They are no patterns, and no fields of records."""
    path = tmp_path / "a.parquet"
    frame = pl.DataFrame({"^a.*$": [1], "a.b": [2], "r": [{"b": 3}]})
    frame.write_parquet(path)
    part = open_parquet(path)
    assert part.schema == frame.schema
    (found,) = part.frames(["a.b", "^a.*$", "r"])
    assert found.equals(frame.select(pl.selectors.by_name("a.b", "^a.*$", "r")))


def test_two_columns_of_one_name_are_told(tmp_path):
    """Arrow writes such files; which of the two is meant nobody knows."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table([[1], [2]], names=["x", "x"]), path)
    with pytest.raises(DataError, match="two columns named 'x'"):
        open_parquet(path)


def test_no_columns_are_told(tmp_path):
    """A table without columns has nothing to compare."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({}), path)
    with pytest.raises(DataError, match="has no columns"):
        open_parquet(path)


def test_a_file_that_is_damaged_in_its_middle_is_told(tmp_path):
    """It opens, for its end is whole; reading it says what is wrong."""
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[100:4000] = b"\xff" * 3900
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        list(open_parquet(path).frames(["x"]))
