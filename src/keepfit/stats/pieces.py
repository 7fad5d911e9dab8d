"""Pieces of a table: some of its rows, of which any columns can be had."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from keepfit.stats.profile import Column


class Piece(Protocol):
    """Some rows of a table, perhaps not yet read."""

    @property
    def rows(self) -> int:
        """How many."""
        ...

    def read(self, columns: Sequence[str]) -> Mapping[str, Column]:
        """Some of the columns; those that the table lacks are left out. Several threads may ask at once."""
        ...


@dataclass(frozen=True, slots=True)
class FramePiece:
    """Rows that are in memory already."""

    frame: pl.DataFrame

    @property
    def rows(self) -> int:
        """How many."""
        return self.frame.height

    def read(self, columns: Sequence[str]) -> Mapping[str, Column]:
        """Some of the columns."""
        held = set(self.frame.columns)
        return {name: self.frame[name] for name in columns if name in held}
