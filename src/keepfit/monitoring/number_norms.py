"""The numbers of a reference side by side, so that the numbers of a window are tested together.

Of forty columns one by one, most of the time would go into calling numpy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit.monitoring.norm_column import NormColumn
from keepfit.stats.numeric_profile import Counts
from keepfit.stats.profile import NumericCells
from keepfit.stats.profile_quantiles import CellEnds, cell_ends


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NumberNorms:
    """k columns that are numbers.

    Attributes:
        ends: where their cells lie.
        counts: rows of the reference in each cell, shape (k, cells), padded with zeros.
        coarse: rows in each coarse cell, shape (k, coarse cells), likewise.
        starts: where each coarse cell begins among the cells of all columns.
        held: which coarse cells there are, shape (k, coarse cells).
    """

    ends: CellEnds
    counts: Counts
    coarse: Counts
    starts: NDArray[np.int64]
    held: NDArray[np.bool_]

    def padded(self, counts: Sequence[Counts]) -> Counts:
        """Rows in the cells of each column, shape (k, cells)."""
        return padded(counts, self.counts.shape[1])

    def coarsened(self, counts: Counts) -> Counts:
        """Rows in coarse cells, shape (k, coarse cells), of those that `padded` gave."""
        return _coarsened(counts, self.starts, self.held)


@lru_cache(maxsize=32)
def number_norms(columns: tuple[NormColumn, ...]) -> NumberNorms:
    """Of columns of a reference; those that were asked for last are kept.

    Raises:
        TypeError: one of them is no number.
    """
    cells = [_cells(one) for one in columns]
    width = max((one.size for one in cells), default=0)
    counts = padded([one.counts for one in columns], width)
    sizes = np.array([len(one.coarse) for one in cells], np.int64)
    held = np.arange(sizes.max(initial=0)) < sizes[:, None]
    starts = np.array([i * width + start for i, one in enumerate(cells) for start in one.coarse], np.int64)
    return NumberNorms(
        ends=cell_ends(cells),
        counts=counts,
        coarse=_coarsened(counts, starts, held),
        starts=starts,
        held=held,
    )


def padded(arrays: Sequence[NDArray[Any]], width: int) -> Counts:
    """Counts of different numbers of cells, each in a row with zeros behind."""
    found = np.zeros((len(arrays), width), np.int64)
    for row, one in zip(found, arrays, strict=True):
        row[: one.size] = one
    return found


def _coarsened(counts: Counts, starts: NDArray[np.int64], held: NDArray[np.bool_]) -> Counts:
    found = np.zeros(held.shape, np.int64)
    if starts.size:
        found[held] = np.add.reduceat(counts.ravel(), starts)
    return found


def _cells(column: NormColumn) -> NumericCells:
    cells = column.total.cells
    if not isinstance(cells, NumericCells):
        raise TypeError(f"'{column.name}' is no number")
    return cells
