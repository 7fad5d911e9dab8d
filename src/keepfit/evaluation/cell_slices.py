"""The slices that coarse cells make: runs of adjacent cells of a number, single categories, nulls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from keepfit.evaluation.cell_losses import CellLosses
from keepfit.evaluation.loss_sums import LossSums
from keepfit.stats.coarse import CoarseCells, CoarseNumbers, Indices, run_label

Floats = NDArray[np.float64]

#: An outermost cell with a smaller share of the rows ends no run of cells.
THIN: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Adjacent coarse cells of one feature.

    Attributes:
        feature: its name.
        first, last: the cells, both ends included.
        label: the slice in words.
    """

    feature: str
    first: int
    last: int
    label: str

    def overlaps(self, other: "Slice") -> bool:
        """Whether they share cells; slices of different features always share rows, and never cells."""
        return self.feature == other.feature and self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """Many slices at once; arrays of shape (slices,).

    Attributes:
        cells: feature → its coarse cells.
        feature: the place of each slice's feature in `cells`.
        first, last: its cells, both ends included.
    """

    cells: Mapping[str, CoarseCells]
    feature: Indices
    first: Indices
    last: Indices

    def __len__(self) -> int:
        return self.feature.size

    def __getitem__(self, index: int) -> Slice:
        name = list(self.cells)[self.feature[index]]
        first, last = int(self.first[index]), int(self.last[index])
        label = run_label(name, self.cells[name], first, last)
        return Slice(feature=name, first=first, last=last, label=label)

    def kept(self, which: NDArray[np.bool_]) -> "Slices":
        """Those that are marked, shape (slices,)."""
        return Slices(
            cells=self.cells, feature=self.feature[which], first=self.first[which], last=self.last[which]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The losses of many slices, or of the rows outside each: arrays of shape (slices,)."""

    n: Floats
    total: Floats
    squares: Floats

    @property
    def mean(self) -> Floats:
        """The mean loss; NaN without rows."""
        found: Floats = np.divide(self.total, self.n, out=np.full(self.n.shape, np.nan), where=self.n > 0)
        return found

    @property
    def variance(self) -> Floats:
        """Of the single losses (divided by n - 1); 0 with fewer than two rows."""
        centred = self.squares - np.divide(
            self.total**2, self.n, out=np.zeros(self.n.shape), where=self.n > 0
        )
        found: Floats = np.maximum(0.0, centred) / np.maximum(self.n - 1, 1)
        return found


def searched(*evidence: CellLosses) -> Slices:
    """Every run of adjacent cells of a number, every single category, and nulls, that holds rows in the evidence.

    Runs begin and end with cells that hold rows, except that those at either end of the line reach to it. Of several
    runs with the same rows there is one, and none holds every row that has a value.

    Args:
        evidence: one or more with the same features and cells.
    """
    features = evidence[0].features
    runs = []
    for place, (name, one) in enumerate(features.items()):
        counts = np.sum([part.features[name].counts for part in evidence], axis=0)
        first, last = _runs(one.cells, counts)
        runs.append(np.stack([np.full(first.size, place), first, last]))
    feature, first, last = np.concatenate(runs, axis=1) if runs else np.zeros((3, 0), np.int64)
    cells = {name: one.cells for name, one in features.items()}
    return Slices(cells=cells, feature=feature, first=first, last=last)


def _runs(cells: CoarseCells, counts: Indices) -> tuple[Indices, Indices]:
    held = np.flatnonzero(counts)
    if not isinstance(cells, CoarseNumbers):
        return held, held
    valued, null = held[held < cells.valued], held[held == cells.valued]
    # A few rows out of range are a slice of their own, and no reason to end another just before them.
    outermost = np.isin(valued, [0, cells.valued - 1])
    thin = outermost & (counts[valued] < THIN * counts[valued].sum())
    body = valued[~thin]
    a, b = np.triu_indices(body.size)
    part = b - a + 1 < body.size
    first = np.where(a == 0, 0, body[a])[part]
    last = np.where(b == body.size - 1, cells.valued - 1, body[b])[part]
    single = [*valued[thin], *null]
    return np.append(first, single).astype(np.int64), np.append(last, single).astype(np.int64)


def inside(slices: Slices, losses: CellLosses) -> Sums:
    """The losses of each slice's rows."""
    parts = [losses.features[name] for name in slices.cells]
    return Sums(
        n=over_cells(slices, [one.counts for one in parts]),
        total=over_cells(slices, [one.totals for one in parts]),
        squares=over_cells(slices, [one.squares for one in parts]),
    )


def over_cells(slices: Slices, arrays: Sequence[Indices] | Sequence[Floats]) -> Floats:
    """The sum over each slice's cells of what each cell holds, shape (slices,).

    Added up directly: the differences of running sums would lose the small ones.

    Args:
        slices: which.
        arrays: one for each feature of `slices.cells`, with a number for each cell.
    """
    if not len(slices):
        return np.zeros(0)
    starts = np.cumsum([0, *(one.size for one in arrays)])[slices.feature]
    ends = np.stack([starts + slices.first, starts + slices.last + 1], axis=1).ravel()
    line = np.concatenate([*arrays, [0.0]])
    found: Floats = np.add.reduceat(line, ends)[::2]
    return found


def outside(whole: LossSums, within: Sums) -> Sums:
    """The losses of all other rows."""
    return Sums(
        n=whole.n - within.n, total=whole.total - within.total, squares=whole.squares - within.squares
    )
