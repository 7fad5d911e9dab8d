"""A file's profiles by block of time, whatever the size of the parts that it is read in."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from keepfit.monitoring.kinds import infer_kinds
from keepfit.stats.pieces import FramePiece
from keepfit.stats.profile import cells_of, profile_frame
from keepfit.workflows.profile_file import Side, block_length, profile_file, span

START = datetime(2024, 3, 30, tzinfo=UTC)
FRAME = pl.DataFrame(
    {"at": [START + timedelta(hours=i) for i in range(72)], "x": range(72), "zone": ["a", "b", None] * 24}
).with_columns(pl.col("x").cast(pl.Float64))
CELLS = cells_of(FRAME, ["x"], ["zone"])


class Parts:
    """A table in memory that is read in parts of some rows."""

    def __init__(self, frame, size):
        self.frame, self.size = frame, size
        self.rows = frame.height

    def frames(self, columns=None):
        """Its rows."""
        yield from self.frame.select(columns or self.frame.columns).iter_slices(self.size)

    def pieces(self, columns=None):
        """The same rows."""
        return map(FramePiece, self.frames(columns))


def side(frame=FRAME, size=10, time="at", progress=None):
    """One file."""
    return Side(
        table=Parts(frame, size),
        name="file",
        kinds=infer_kinds(FRAME, left_out={"at": "time"}),
        types=frame.schema,
        time=time,
        progress=progress,
    )


@pytest.mark.parametrize("size", [1, 7, 100])
def test_blocks_do_not_depend_on_the_parts(size):
    """Three days are three blocks, and each is the profile of its rows."""
    found = profile_file(side(size=size), CELLS, timedelta(days=1))
    assert [window.start for window, _ in found.blocks] == [START + timedelta(days=i) for i in range(3)]
    for i, (_, block) in enumerate(found.blocks):
        assert block.features == profile_frame(FRAME[24 * i : 24 * (i + 1)], CELLS).features
    assert found.total.features == profile_file(side(size=size), CELLS, None).total.features


def test_rows_without_a_time_are_in_no_block():
    """They are counted, so that the report can say so."""
    frame = FRAME.with_columns(at=pl.when(pl.col("x") >= 10).then("at"))
    found = profile_file(side(frame), CELLS, timedelta(days=1))
    assert (found.timeless, found.total.rows, found.rows) == (10, 62, 72)


def test_progress_is_told_and_a_missing_column_is_null():
    """Rows are counted even when the file has none of the columns."""
    told = []
    bare = FRAME.select(pl.lit("y").repeat_by(1).list.first().alias("other"), "at").drop("at")
    found = profile_file(
        side(
            bare.with_columns(other=pl.Series(range(bare.height))),
            progress=lambda *one: told.append(one),
            time="",
        ),
        CELLS,
        None,
    )
    assert told[-1] == ("file", bare.height, bare.height)
    assert found.total.features["x"].nulls == bare.height


def test_the_span_is_that_of_the_times():
    """Wherever they stand; without a time there is none."""
    assert span(side(FRAME.reverse())) == (START, START + timedelta(hours=71))
    assert span(side(time="")) is None
    assert span(side(FRAME.with_columns(at=pl.lit("soon")))) is None


def test_no_rows_are_one_empty_block():
    """An empty file has a profile too."""
    assert profile_file(side(FRAME.head(0)), CELLS, timedelta(days=1)).total.rows == 0


@pytest.mark.parametrize(
    ("reference", "current", "length"),
    [
        (timedelta(hours=7), None, None),
        (timedelta(hours=8), timedelta(days=9), timedelta(hours=1)),
        (timedelta(days=60), timedelta(minutes=5), timedelta(hours=1)),
        (timedelta(days=60), timedelta(days=1), timedelta(days=1)),
        (timedelta(days=60), timedelta(days=30), timedelta(weeks=1)),
        (timedelta(days=60), None, timedelta(weeks=1)),
    ],
)
def test_blocks_are_as_long_as_the_current_file_where_there_are_enough(reference, current, length):
    """Eight of them at least."""
    assert block_length(reference, current) == length
