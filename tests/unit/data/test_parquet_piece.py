"""Rows of a Parquet file whose columns are read when they are asked for."""

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepfit.data import parquet_part
from keepfit.data.parquet_part import open_parquet
from keepfit.data.parquet_piece import ParquetPiece
from keepfit.errors import DataError
from keepfit.stats.category_counts import CodedText
from keepfit.stats.pieces import FramePiece

FRAME = pl.DataFrame(
    {
        "x": pl.Series(range(3000), dtype=pl.Float64),
        "zone": [None if i % 7 == 0 else f"zone {i // 40 % 9}" for i in range(3000)],
        "name": [f"a name of its own {i:05}" for i in range(3000)],
    }
)


def _written(path, frame=FRAME, groups=1000):
    plain = {name: pa.string() for name in ("zone", "name")}
    table = pa.table({name: pa.array(frame[name].to_list(), plain.get(name)) for name in frame.columns})
    pq.write_table(table, path, row_group_size=groups, dictionary_pagesize_limit=4096)
    return open_parquet(path)


def _text(column):
    return (column.decoded() if isinstance(column, CodedText) else column).to_list()


@pytest.mark.parametrize("groups", [70, 1000, 3000])
def test_text_is_read_as_codes_where_it_is_stored_as_codes(tmp_path, groups):
    """Row groups have dictionaries of their own, and values too many for one are text: all are what was written."""
    part = _written(tmp_path / "a.parquet", groups=groups)
    read = [piece.read(["name", "zone", "x", "absent"]) for piece in part.pieces(["zone", "x", "name"])]
    assert all(isinstance(one["zone"], CodedText) for one in read)
    assert not any(isinstance(one["name"], CodedText) for one in read)
    assert all(one.keys() == {"zone", "x", "name"} for one in read)
    for name in FRAME.columns:
        assert [value for one in read for value in _text(one[name])] == FRAME[name].to_list()


def test_a_row_group_too_large_for_memory_is_cut(tmp_path, monkeypatch):
    """In two or three pieces each column is the same rows; in more, they are read one after the other."""
    part = _written(tmp_path / "a.parquet", groups=3000)
    for limit, kind in ((40_000, ParquetPiece), (10_000, FramePiece)):
        monkeypatch.setattr(parquet_part, "HELD_BYTES", limit)
        pieces = list(part.pieces(["x", "zone"]))
        assert [type(one) for one in pieces] == [kind] * len(pieces)
        assert len(pieces) > 1
        assert sum(one.rows for one in pieces) == 3000
        for name in ("x", "zone"):
            found = [value for one in pieces for value in _text(one.read([name])[name])]
            assert found == FRAME[name].to_list()


def test_a_column_of_nulls_has_no_codes_to_read(tmp_path):
    """It is null in every row all the same."""
    part = _written(tmp_path / "a.parquet", FRAME.with_columns(zone=pl.lit(None, pl.String)))
    for piece in part.pieces(["zone"]):
        assert _text(piece.read(["zone"])["zone"]) == [None] * piece.rows


@pytest.mark.parametrize("column", ["x", "zone"])
def test_damage_is_told_when_the_piece_is_read(tmp_path, column):
    """The file opens, for its end is whole."""
    path = tmp_path / "a.parquet"
    part = _written(path)
    content = bytearray(path.read_bytes())
    content[4 : len(content) * 9 // 10] = b"\xff" * (len(content) * 9 // 10 - 4)
    (piece, *_) = part.pieces(["x", "zone"])
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        piece.read([column])
