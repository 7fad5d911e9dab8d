"""A checkout is one file, the same every time, whole or not there."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from keepfit.adapters.lake.checkout import write_parquet
from keepfit.errors import DataError

FRAME = pl.DataFrame({"id": range(300_000), "zone": ["A", "B", "C"] * 100_000})


def test_the_same_rows_give_the_same_bytes(tmp_path):
    """Chunks leave no trace in the file."""
    chunked = pl.concat([FRAME[:7], FRAME[7:200_001], FRAME[200_001:]], rechunk=False)
    one, two = (
        write_parquet(FRAME, tmp_path / "one.parquet"),
        write_parquet(chunked, tmp_path / "deep" / "two.parquet"),
    )
    assert one.read_bytes() == two.read_bytes()
    assert_frame_equal(pl.read_parquet(two), FRAME)


def test_a_file_is_never_overwritten(tmp_path):
    """What was there stays, and no draft is left behind."""
    path = tmp_path / "mine.parquet"
    path.write_text("mine")
    with pytest.raises(DataError, match="there is a file at"):
        write_parquet(FRAME.head(1), path)
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("mine.parquet", "mine")]


def test_a_failed_write_leaves_nothing(tmp_path):
    """A frame that Parquet cannot hold leaves neither the file nor its draft."""
    with pytest.raises(pl.exceptions.PolarsError):
        write_parquet(pl.DataFrame({"odd": [object()]}), tmp_path / "odd.parquet")
    assert list(tmp_path.iterdir()) == []
