"""Losses by feature and coarse cell: every slice that could be asked for, without one being declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from keepfit.evaluation.loss_sums import LossSums
from keepfit.stats.coarse import CoarseCells, Indices, cell_label, coarse_cells, coarse_index
from keepfit.stats.profile import Cells

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellSums:
    """The losses of one feature's coarse cells; all arrays of shape (cells.valued + 1,), the last cell that of the nulls.

    Attributes:
        cells: which.
        counts: labelled rows in each cell.
        totals: the sum of their losses.
        squares: the sum of the squares of their losses.
    """

    cells: CoarseCells
    counts: Indices
    totals: Floats
    squares: Floats

    @classmethod
    def empty(cls, cells: CoarseCells) -> "CellSums":
        """The sums of no rows."""
        size = cells.valued + 1
        return cls(
            cells=cells, counts=np.zeros(size, np.int64), totals=np.zeros(size), squares=np.zeros(size)
        )

    def __add__(self, other: "CellSums") -> "CellSums":
        if self.cells != other.cells:
            raise ValueError(
                "losses in different cells cannot be added: count both in the cells of one reference"
            )
        return CellSums(
            cells=self.cells,
            counts=self.counts + other.counts,
            totals=self.totals + other.totals,
            squares=self.squares + other.squares,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CellSums) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def _state(self) -> tuple[object, ...]:
        return (self.cells, self.counts.tobytes(), self.totals.tobytes(), self.squares.tobytes())

    @property
    def whole(self) -> LossSums:
        """The losses of all cells."""
        return LossSums(int(self.counts.sum()), float(self.totals.sum()), float(self.squares.sum()))

    def labels(self, name: str) -> list[str]:
        """Each cell in words, for a feature of this name."""
        return [cell_label(name, self.cells, index) for index in range(self.cells.valued + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellLosses:
    """The losses of labelled rows, by feature and coarse cell.

    `+` is commutative and associative (sums of floats up to rounding), with `empty(cells)` as its identity; so is
    `CellLosses()`, which holds no features at all.

    Attributes:
        features: feature → its cells' losses; each row is in one cell of every feature.
    """

    features: Mapping[str, CellSums] = field(default_factory=dict)

    @classmethod
    def empty(cls, cells: Mapping[str, Cells]) -> "CellLosses":
        """The losses of no rows."""
        return cls(features={name: CellSums.empty(coarse_cells(one)) for name, one in cells.items()})

    @classmethod
    def of(cls, cells: Mapping[str, Cells], columns: Mapping[str, pl.Series], losses: Floats) -> "CellLosses":
        """The losses of rows.

        Args:
            cells: feature → the cells of the reference.
            columns: feature → its values, shape (n,); a feature that is not there is null throughout.
            losses: of each row, shape (n,); NaN for a row that has none, which is not counted.

        Raises:
            ValueError: a column and the losses differ in length.

        >>> from keepfit.stats.profile import CategoricalCells
        >>> cells = {"zone": CategoricalCells(values=("JFK", "Soho"))}
        >>> found = CellLosses.of(cells, {"zone": pl.Series(["JFK", "Soho", "JFK"])}, np.array([4.0, 1.0, 6.0]))
        >>> found.features["zone"].counts.tolist(), found.features["zone"].totals.tolist()
        ([2, 1, 0, 0, 0], [10.0, 1.0, 0.0, 0.0, 0.0])
        """
        known = ~np.isnan(losses)
        return cls(
            features={
                name: _sums(one, _column(name, columns, losses.size).filter(pl.Series(known)), losses[known])
                for name, one in cells.items()
            }
        )

    def __add__(self, other: "CellLosses") -> "CellLosses":
        if not (self.features and other.features):
            return self if self.features else other
        if self.features.keys() != other.features.keys():
            raise ValueError("losses of different features cannot be added: count the same features in both")
        return CellLosses(features={name: one + other.features[name] for name, one in self.features.items()})

    @property
    def whole(self) -> LossSums:
        """The losses of all rows."""
        return next((one.whole for one in self.features.values()), LossSums())


#: Of no features: the identity of the sum.
NO_CELL_LOSSES: Final = CellLosses()


def _column(name: str, columns: Mapping[str, pl.Series], rows: int) -> pl.Series:
    column = columns.get(name)
    if column is None:
        return pl.Series(name, [None] * rows, pl.Int64)
    if len(column) != rows:
        raise ValueError(
            f"'{name}' has {len(column):,} values and there are {rows:,} losses: give one of each a row"
        )
    return column


def _sums(cells: Cells, column: pl.Series, losses: Floats) -> CellSums:
    coarse = coarse_cells(cells)
    index, size = coarse_index(cells, column), coarse.valued + 1
    return CellSums(
        cells=coarse,
        counts=np.bincount(index, minlength=size),
        totals=_by_cell(index, losses, size),
        squares=_by_cell(index, losses * losses, size),
    )


def _by_cell(index: Indices, values: Floats, size: int) -> Floats:
    return np.bincount(index, weights=values, minlength=size).astype(np.float64)
