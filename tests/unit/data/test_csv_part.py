"""A CSV file, read in blocks of whole lines."""

import gzip

import polars as pl
import pytest

from keepfit.data import csv_part
from keepfit.data.csv_part import open_csv
from keepfit.errors import DataError


@pytest.fixture
def _small_blocks(monkeypatch):
    monkeypatch.setattr(csv_part, "BLOCK_BYTES", 50)


def _open(tmp_path, text, separator=","):
    path = tmp_path / "a.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_csv(path, separator)


@pytest.mark.usefixtures("_small_blocks")
def test_lines_are_never_torn(tmp_path):
    """Lines end within quotes, and the last has no end; the header may have one too."""
    lines = [f'{i},"first\nsecond ""{i}""",{i / 4}' for i in range(40)]
    part = _open(tmp_path, 'number,"the\ntext",x\n' + "\n".join(lines))
    frames = list(part.frames(["x", "the\ntext", "number"]))
    assert len(frames) > 20
    found = pl.concat(frames)
    assert found["number"].to_list() == list(range(40))
    assert found["the\ntext"][7] == 'first\nsecond "7"'
    assert found["x"].sum() == sum(range(40)) / 4


def test_a_quote_that_nobody_closes_is_told(tmp_path):
    """Where the lines end is then anybody's guess."""
    with pytest.raises(DataError, match="cannot be read as CSV"):
        _open(tmp_path, "size,n\n" + "".join(f'{i} 5" pipe,{i}\n' for i in range(51)))


def test_a_value_of_another_type_turns_a_block_to_text_not_the_file(tmp_path, monkeypatch):
    """A column of whole numbers becomes fractions, or text, in the block that holds one."""
    monkeypatch.setattr(csv_part, "BLOCK_BYTES", 60)
    monkeypatch.setattr(csv_part, "HEAD_BYTES", 60)
    rows = [f"{i},{i},{str(i % 2 == 0).lower()}\n" for i in range(30)]
    rows += ["1.5,far,true\n", "2,7,maybe\n"]
    part = _open(tmp_path, "a,b,c\n" + "".join(rows))
    assert part.schema == pl.Schema({"a": pl.Int64(), "b": pl.Int64(), "c": pl.Boolean()})
    frames = list(part.frames(["a", "b", "c"]))
    assert frames[0].schema == part.schema
    assert frames[-1].schema == pl.Schema({"a": pl.Float64(), "b": pl.String(), "c": pl.String()})
    assert frames[-1]["b"].to_list()[-2:] == ["far", "7"]
    assert sum(one.height for one in frames) == 32


def test_words_for_nothing_are_nulls(tmp_path):
    """As people and libraries write them."""
    part = _open(tmp_path, "x,y\n1,\nNA,b\nNaN,null\n,c\n")
    (frame,) = part.frames(["x", "y"])
    assert frame["x"].to_list() == [1, None, None, None]
    assert frame["y"].to_list() == [None, "b", None, "c"]


def test_times_are_told_with_their_offsets(tmp_path):
    """In UTC."""
    part = _open(tmp_path, "at,day\n2024-03-31T03:30:00+02:00,2024-03-31\n")
    (frame,) = part.frames(["at", "day"])
    assert frame["at"].dt.epoch("s").to_list() == [1711848600]
    assert frame["day"].dtype == pl.Date


@pytest.mark.usefixtures("_small_blocks")
def test_other_encodings_and_a_byte_order_mark_do_no_harm(tmp_path):
    """The mark is no part of the first name; letters that are not UTF-8 are kept as unknown ones."""
    part = _open(tmp_path, b"\xef\xbb\xbfname,n\n" + b"caf\xe9,1\n" * 20)
    found = pl.concat(part.frames(["name", "n"]))
    assert found["n"].sum() == 20
    assert found["name"].unique().to_list() == ["caf\ufffd"]


def test_a_line_with_too_many_values_is_told(tmp_path):
    """Somebody forgot to quote a comma."""
    with pytest.raises(DataError, match="cannot be read as CSV: found more fields"):
        _open(tmp_path, "a,b\n1,2\n1,2,3\n")


def test_a_compressed_file_that_breaks_off_is_told(tmp_path):
    """The beginning is whole; the rest is missing."""
    path = tmp_path / "a.csv.gz"
    text = "a,b\n" + "".join(f"{i},{i * 7919 % 10007}\n" for i in range(20_000))
    path.write_bytes(gzip.compress(text.encode())[:-2000])
    with pytest.raises(DataError, match="cannot be read as CSV"):
        list(open_csv(path, ",").frames(["a"]))
