"""Counts and sums of numbers in cells, by sorting them in blocks: the inner loop of a profile.

A sorted block is cut at the edges: as many look-ups as there are edges, not as there are values, and every sum runs over
neighbours in memory. With numpy's vectorised sort that is less work than to find the cell of each value.
"""

import threading
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keepfit.stats.numeric_cells import LARGEST, Floats, NumericCells

Counts = NDArray[np.int64]

#: Values sorted at a time: half a megabyte, which stays in a core's cache.
BLOCK: Final = 65_536
#: A value that takes this share of a block is certain to be looked at.
_NOTICED: Final = 256
#: Values whose squares are summed at a time.
_DOT: Final = 8192
#: Names that a block may give.
_NAMED_IN_A_BLOCK: Final = 64


class _Same:
    """Cells by their identity: to hash a thousand edges takes as long as to make an array of them."""

    __slots__ = ("cells",)

    def __init__(self, cells: NumericCells) -> None:
        self.cells = cells

    def __hash__(self) -> int:
        return id(self.cells)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.cells is other.cells


@lru_cache(maxsize=512)
def _arrays(of: _Same) -> tuple[Floats, Floats]:
    """The edges and the atoms of cells: every part of a file is counted in the same ones."""
    found = np.array(of.cells.edges), np.array(of.cells.atoms)
    for one in found:
        one.setflags(write=False)
    return found


def edges_of(cells: NumericCells) -> Floats:
    """The edges of cells, shape (size - 1,), ascending; not to be written to.

    >>> edges_of(NumericCells.of(np.array([1.0, 2.0]))).shape == (NumericCells.of(np.array([1.0, 2.0])).size - 1,)
    True
    """
    return _arrays(_Same(cells))[0]


def ascending(values: NDArray[Any]) -> Floats:
    """Values in ascending order, NaNs last, in the thread's `scratch`."""
    found = scratch(values.size)
    found[:] = values
    found.sort()
    return found


class NumericTally:
    """What is gathered of values, block by block.

    Attributes:
        counts: values in each cell, shape (cells.size,).
        nulls: NaNs.
        summed: values that are summed: those with a magnitude of at most 1e150.
        minimum, maximum: of these; None when there was none.
        m1, m2: the sums of (value - centre) and of its square.
    """

    __slots__ = (
        "_atoms",
        "_centre",
        "_deviations",
        "_edges",
        "_marks",
        "_names",
        "_unsummed",
        "counts",
        "m1",
        "m2",
        "maximum",
        "minimum",
        "nulls",
        "summed",
    )

    def __init__(self, cells: NumericCells) -> None:
        self._edges, self._atoms = _arrays(_Same(cells))
        self._centre = cells.centre
        self._marks = np.zeros(cells.size + 1, np.int64)
        self._deviations = np.zeros(cells.size)
        self._unsummed = np.zeros(cells.size, np.int64)
        self._names: list[tuple[Floats, Counts]] = []
        self.counts: Counts = np.zeros(cells.size, np.int64)
        self.nulls = 0
        self.summed = 0
        self.minimum: float | None = None
        self.maximum: float | None = None
        self.m1 = 0.0
        self.m2 = 0.0

    def add(self, values: NDArray[Any]) -> None:
        """Gather values, shape (n,), floats or integers, in any order."""
        for start in range(0, values.size, BLOCK):
            self._add_sorted(ascending(values[start : start + BLOCK]))

    def add_sorted(self, values: Floats) -> None:
        """Gather values that ascend, shape (n,), NaNs last; they are written to."""
        for start in range(0, values.size, BLOCK):
            self._add_sorted(values[start : start + BLOCK])

    @property
    def sums(self) -> Floats:
        """The sum of the values in each cell, shape (cells.size,)."""
        found: Floats = self._deviations + (self.counts - self._unsummed) * self._centre
        return found

    def names(self, most: int) -> tuple[tuple[float, int], ...]:
        """Repeated values that are no atoms and their counts, the most frequent first; at most so many."""
        if not self._names:
            return ()
        values, places = np.unique(np.concatenate([one for one, _ in self._names]), return_inverse=True)
        counts = np.zeros(values.size, np.int64)
        np.add.at(counts, places, np.concatenate([one for _, one in self._names]))
        order = np.lexsort((values, -counts))[:most]
        return tuple(zip(values[order].tolist(), counts[order].tolist(), strict=True))

    def _add_sorted(self, block: Floats) -> None:
        """Cut a sorted block at the edges; the block is written to."""
        present = block[: block.searchsorted(np.nan)] if np.isnan(block[-1]) else block
        self.nulls += block.size - present.size
        if not present.size:
            return
        self._marks[1:-1] = present.searchsorted(self._edges)
        self._marks[-1] = present.size
        counts = self._marks[1:] - self._marks[:-1]
        self.counts += counts
        self._name(present)
        self._sum(present, np.flatnonzero(counts))

    def _sum(self, present: Floats, held: NDArray[np.intp]) -> None:
        """Sums about the centre: a clock's seconds would lose their last digits in sums about 0."""
        first, last = 0, present.size
        if present[0] < -LARGEST:
            first = int(present.searchsorted(-LARGEST))
        if present[-1] > LARGEST:
            last = int(present.searchsorted(LARGEST, side="right"))
        summed = present[first:last]
        self._unsummed[0] += first
        self._unsummed[-1] += present.size - last
        if not summed.size:
            return
        low, high = float(summed[0]), float(summed[-1])
        self.minimum = low if self.minimum is None else min(self.minimum, low)
        self.maximum = high if self.maximum is None else max(self.maximum, high)
        self.summed += summed.size
        summed -= self._centre
        present[:first] = present[last:] = 0.0
        sums = np.add.reduceat(present, self._marks[held])
        self._deviations[held] += sums
        self.m1 += float(sums.sum())
        self.m2 += _sum_of_squares(summed)

    def _name(self, present: Floats) -> None:
        """Keep repeated values of a sorted block: those that a regular sample of it hits, counted exactly."""
        step = max(1, present.size // _NOTICED)
        sampled, following = present[::step], present[1::step]
        repeated = np.zeros(sampled.size, np.bool_)
        repeated[: following.size] = sampled[: following.size] == following
        repeated[1:] |= sampled[1:] == present[step - 1 :: step][: sampled.size - 1]
        values = sampled[repeated]
        if values.size:
            values = values[np.append(True, values[1:] != values[:-1])]
            values = values[~_among(values, self._atoms)]
        if values.size:
            counts = present.searchsorted(values, side="right") - present.searchsorted(values)
            order = np.lexsort((values, -counts))[:_NAMED_IN_A_BLOCK]
            self._names.append((values[order], counts[order]))


def _sum_of_squares(values: Floats) -> float:
    """In pieces that are too short for BLAS to wake its threads, which cost more than they bring; all in one call.

    Between two calls another thread may take the interpreter, and to get it back costs more than a piece.
    """
    pieces = values[: values.size - values.size % _DOT].reshape(-1, _DOT)
    rest = values[pieces.size :]
    return float(np.vecdot(pieces, pieces).sum() + np.vecdot(rest, rest))


_THREAD: Final = threading.local()


def scratch(size: int) -> Floats:
    """Memory for so many values that the thread keeps: fresh memory for each block costs more than its sums.

    Shape (size,); what it holds is lost when the thread asks again.
    """
    held: Floats | None = getattr(_THREAD, "held", None)
    if held is None or held.size < size:
        held = _THREAD.held = np.empty(max(size, BLOCK))
    return held[:size]


def _among(values: Floats, ordered: Floats) -> NDArray[np.bool_]:
    """Which values are in an array that ascends."""
    if not ordered.size:
        return np.zeros(values.size, np.bool_)
    places = np.minimum(ordered.searchsorted(values), ordered.size - 1)
    found: NDArray[np.bool_] = ordered[places] == values
    return found
