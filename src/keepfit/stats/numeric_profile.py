"""The profile of a number: counts and sums in fixed cells, so that profiles add up."""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keepfit.stats.numeric_cells import Floats, NumericCells
from keepfit.stats.numeric_kernel import BLOCK, Counts, NumericTally

__all__ = ["BLOCK", "NAMED", "Counts", "NumericProfile"]

#: Single values, other than the reference's atoms, that are remembered by name.
NAMED: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NumericProfile:
    """What is kept of a number's values: sums that add up, so that a week's profile is the sum of its days'.

    `+` is commutative and associative (sums of floats up to rounding), with `empty(cells)` as its identity.

    Attributes:
        cells: where the values were counted.
        counts: values in each cell, shape (cells.size,).
        sums: the sum of the values in each cell, same shape; infinities and magnitudes over 1e150 add nothing.
        nulls: rows without a value; NaN is one, and so is what cannot be read as a number.
        unreadable: those of the nulls that hold something which is no number, or no time where times are due: the
            column has another type. 0 also in profiles of a version that did not count them.
        n: values: rows that are not null.
        summed: how many values `sums`, `m1` and `m2` rest on.
        minimum: the smallest value that was summed; None when there was none.
        maximum: the largest.
        m1: the sum of (value - cells.centre).
        m2: the sum of (value - cells.centre)².
        named: the most frequent single values that are no atoms of the reference, and their counts: how a new
            sentinel such as -999 gets its name. At most 8. A value is certain to be found when it takes 1/256
            of a block of 65,536 rows; after merging, a count is exact unless one of the parts held eight more
            frequent ones; then it is too low, never too high.
    """

    cells: NumericCells
    counts: Counts
    sums: Floats
    nulls: int = 0
    summed: int = 0
    minimum: float | None = None
    maximum: float | None = None
    m1: float = 0.0
    m2: float = 0.0
    named: tuple[tuple[float, int], ...] = ()
    unreadable: int = 0
    n: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Add up the values: every check asks for their number, some several times."""
        object.__setattr__(self, "n", int(self.counts.sum()))

    @classmethod
    def empty(cls, cells: NumericCells) -> "NumericProfile":
        """The profile of no rows."""
        return cls(cells=cells, counts=np.zeros(cells.size, np.int64), sums=np.zeros(cells.size))

    @classmethod
    def of(
        cls, cells: NumericCells, values: NDArray[Any], nulls: int = 0, *, unreadable: int = 0
    ) -> "NumericProfile":
        """The profile of values, shape (n,), in any order; NaNs are nulls, added to the `nulls` given.

        Args:
            cells: to count in.
            values: floats or integers.
            nulls: rows without a value that are not among `values`.
            unreadable: how many of the nulls hold something that is no number.

        >>> cells = NumericCells.of(np.arange(10.0))
        >>> profile = NumericProfile.of(cells, np.array([3.0, np.nan, 99.0]))
        >>> profile.n, profile.nulls, profile.mean
        (2, 1, 51.0)
        """
        tally = NumericTally(cells)
        tally.add(values)
        return cls._of(tally, cells, nulls, unreadable)

    @classmethod
    def of_sorted(
        cls, cells: NumericCells, values: Floats, nulls: int = 0, *, unreadable: int = 0
    ) -> "NumericProfile":
        """The same of values that ascend, NaNs last; they are written to."""
        tally = NumericTally(cells)
        tally.add_sorted(values)
        return cls._of(tally, cells, nulls, unreadable)

    @classmethod
    def _of(cls, tally: NumericTally, cells: NumericCells, nulls: int, unreadable: int) -> "NumericProfile":
        return cls(
            cells=cells,
            counts=tally.counts,
            sums=tally.sums,
            nulls=nulls + tally.nulls,
            summed=tally.summed,
            minimum=tally.minimum,
            maximum=tally.maximum,
            m1=tally.m1,
            m2=tally.m2,
            named=tally.names(NAMED),
            unreadable=unreadable,
        )

    @classmethod
    def merge(cls, parts: Sequence["NumericProfile"]) -> "NumericProfile":
        """The sum of one or more profiles.

        Raises:
            ValueError: they were counted in different cells, so that their counts do not add up.
        """
        if len(parts) == 1:
            return parts[0]
        cells = parts[0].cells
        if any(part.cells is not cells and part.cells != cells for part in parts):
            raise ValueError(
                "numeric profiles with different cells cannot be added: profile both in the same cells"
            )
        lows = [part.minimum for part in parts if part.minimum is not None]
        highs = [part.maximum for part in parts if part.maximum is not None]
        return cls(
            cells=cells,
            counts=reduce(np.add, [part.counts for part in parts]),
            sums=reduce(np.add, [part.sums for part in parts]),
            nulls=sum(part.nulls for part in parts),
            summed=sum(part.summed for part in parts),
            minimum=min(lows, default=None),
            maximum=max(highs, default=None),
            m1=sum(part.m1 for part in parts),
            m2=sum(part.m2 for part in parts),
            named=_merged_names([part.named for part in parts]),
            unreadable=sum(part.unreadable for part in parts),
        )

    def __add__(self, other: "NumericProfile") -> "NumericProfile":
        return NumericProfile.merge([self, other])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NumericProfile) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def _state(self) -> tuple[object, ...]:
        arrays = (self.counts.tobytes(), self.sums.tobytes())
        rest = (self.nulls, self.unreadable, self.summed, self.minimum, self.maximum, self.m1, self.m2)
        return (self.cells, *arrays, *rest, self.named)

    @property
    def rows(self) -> int:
        """All rows."""
        return self.n + self.nulls

    @property
    def mean(self) -> float:
        """The mean of the values; NaN when there is none."""
        return self.cells.centre + self.m1 / self.summed if self.summed else float("nan")

    def quantile(self, probability: float) -> float:
        """The value below which this share of the values lies, read off the cells; NaN when there is none.

        Linear within a cell, so exact at an atom and off by at most the width of a cell elsewhere.
        """
        return self.quantiles([probability])[0]

    def quantiles(self, probabilities: Sequence[float]) -> list[float]:
        """The same for several probabilities, with the cells added up once for all."""
        return self.quantiles_of(self.counts, probabilities)

    def quantiles_of(self, counts: Counts, probabilities: Sequence[float]) -> list[float]:
        """The same of other counts in these cells, of values in the range of these ones: of a part of them, say."""
        if self.minimum is None or self.maximum is None:
            return [math.nan] * len(probabilities)
        # A few numbers one by one are less work in Python than in calls of numpy.
        until: list[int] = counts.cumsum().tolist()
        edges, low, high = self.cells.edges, self.minimum, self.maximum
        return [_quantile(probability * until[-1], until, edges, low, high) for probability in probabilities]

    def coarse(self) -> Counts:
        """Rows in coarse cells: below range, the reference's deciles and bold values, above range, null."""
        return np.append(np.add.reduceat(self.counts, self.cells.coarse), self.nulls)


def _quantile(
    rank: float, until: Sequence[int], edges: Sequence[float], minimum: float, maximum: float
) -> float:
    """The value that so many values lie below.

    Args:
        rank: how many.
        until: values in each cell and in those before it.
        edges: of the cells.
        minimum, maximum: where the outermost cells end.
    """
    cell = min(bisect_right(until, rank), len(until) - 1)
    begin = edges[cell - 1] if cell > 0 else minimum
    end = edges[cell] if cell < len(edges) else maximum
    low, high = min(max(begin, minimum), maximum), max(min(end, maximum), minimum)
    if high <= math.nextafter(low, math.inf):
        return low
    before = until[cell - 1] if cell > 0 else 0
    inside = until[cell] - before
    return low + ((rank - before) / inside if inside else 1.0) * (high - low)


def _merged_names(names: Sequence[tuple[tuple[float, int], ...]]) -> tuple[tuple[float, int], ...]:
    together: Counter[float] = Counter()
    for part in names:
        together.update(dict(part))
    ordered = sorted(together.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(ordered[:NAMED])
