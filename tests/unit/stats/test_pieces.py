"""Pieces of a table."""

import polars as pl

from keepfit.stats.pieces import FramePiece


def test_a_frame_gives_the_columns_that_it_has():
    """Those that it lacks are left out, and its rows count even when nothing is read."""
    piece = FramePiece(pl.DataFrame({"x": [1, 2], "zone": ["a", "b"]}))
    found = piece.read(["zone", "absent"])
    assert {name: one.to_list() for name, one in found.items()} == {"zone": ["a", "b"]}
    assert piece.rows == 2
    assert piece.read([]) == {}
