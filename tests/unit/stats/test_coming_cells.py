"""Cells that come while the first rows are read."""

from concurrent.futures import Future

import polars as pl
import pytest

from keepfit.stats.coming_cells import ComingCells
from keepfit.stats.profile import Cells, cells_of, profile_frame
from keepfit.stats.stream import profile_frames

FRAME = pl.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "zone": ["a", "b", "b", None]})
CELLS = cells_of(FRAME, ["x"], ["zone"])


def test_names_are_known_before_the_cells_are_made():
    """Nothing but a value waits: this would never end otherwise."""
    coming = ComingCells(made={"x": Future().result, "zone": Future().result})
    assert list(coming) == ["x", "zone"]
    assert len(coming) == 2
    assert "x" in coming
    assert "y" not in coming


def test_cells_that_are_made_while_rows_are_read_count_the_same():
    """The frames are asked for first, and only then are the cells made."""
    made: dict[str, Future[Cells]] = {name: Future() for name in CELLS}

    def frames():
        yield FRAME
        for name, one in made.items():
            one.set_result(CELLS[name])
        yield FRAME

    coming = ComingCells(made={name: one.result for name, one in made.items()})
    found = profile_frames(frames(), coming, threads=1)
    assert found == profile_frame(FRAME, CELLS) + profile_frame(FRAME, CELLS)


def test_what_making_them_raised_is_raised():
    """Whoever looks at a value learns why there is none."""
    made: Future[Cells] = Future()
    made.set_exception(ValueError("no cells"))
    with pytest.raises(ValueError, match="no cells"):
        profile_frames([FRAME], ComingCells(made={"x": made.result}))
