"""The cells that a number is counted in, made once from the values of the reference."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Reference quantiles that begin a cell.
QUANTILES: Final = 256
#: A value that carries more than this share of the reference has a cell to itself.
ATOM_SHARE: Final = 1 / 64
#: The same for coarse cells, of which the other edges are the deciles.
COARSE_ATOM_SHARE: Final = 1 / 10
#: Larger magnitudes are counted but not summed: the sum of their squares would overflow.
LARGEST: Final = 1e150

#: An extreme is isolated when it lies this many times as far from the median as the next value does,
_ISOLATED: Final = 10.0
#: and when no more values than these, or this share of them, lie beyond.
_MOST_ISOLATED: Final = 3
_ISOLATED_SHARE: Final = 1e-4
#: Where the parts of a normal law lie, in standard deviations.
_SPANS: Final = ((0.25, 1.349), (0.1, 2.563), (0.01, 4.653), (0.001, 6.180))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: Ten octaves in quarter steps: a change of unit by up to 1,024 leaves values in cells a fifth wide.
_STEPS: Final = 2.0 ** (np.arange(1, 41) / 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericCells:
    """Half-open cells of the number line, fixed by the reference.

    Cell 0 is everything below the first edge, cell i is `edges[i - 1] <= x < edges[i]`, the last is everything
    from the last edge on. The edges are 256 quantiles of the reference and its deciles; `v` and the next float
    after it for every value v that carries more than 1/64 of the rows (an atom); the reference's range, with and
    without isolated extremes; and a ladder of geometric steps outward from the 99th and inward from the 1st percentile
    of the magnitudes, so that values in another unit still fall in narrow cells. No cell is of equal width, and a
    handful of values ten times as far out as all others do not stretch the range: one outlier blinds nothing.

    Attributes:
        edges: ascending and finite; empty when the reference held no value.
        low: the smallest value of the reference; None when it held none.
        high: the largest; None likewise.
        atoms: the values with a cell to themselves, ascending.
        coarse: the first cell of each coarse cell: deciles, values above a tenth of the rows, below and above the
            range without isolated extremes.
        centre: the reference's median, about which moments are taken.
        scale: the reference's spread in the unit of a standard deviation, see `robust_spread`; None in cells that an
            earlier version made.
        temporal: the values are times, in seconds since 1970 in UTC.

    >>> cells = NumericCells.of(np.array([1.0, 2.0, 2.0, 4.0]))
    >>> cells.low, cells.high, cells.atoms
    (1.0, 4.0, (1.0, 2.0, 4.0))
    >>> cells.cell_of(0.5) < cells.cell_of(1.0) < cells.cell_of(1.5) < cells.cell_of(2.0)
    True
    """

    edges: tuple[float, ...]
    low: float | None
    high: float | None
    atoms: tuple[float, ...]
    coarse: tuple[int, ...]
    centre: float
    scale: float | None = None
    temporal: bool = False

    @classmethod
    def of(cls, values: NDArray[Any], *, temporal: bool = False) -> "NumericCells":
        """The cells of a reference's values, shape (n,); NaN, infinities and magnitudes over 1e150 make no edge."""
        everything = np.array(values, np.float64)
        everything.sort()
        return cls.of_sorted(everything, temporal=temporal)

    @classmethod
    def of_sorted(cls, values: Floats, *, temporal: bool = False) -> "NumericCells":
        """The same for values that ascend, NaNs last."""
        first, last = np.searchsorted(values, [-LARGEST, np.nextafter(LARGEST, np.inf)])
        ordered = values[first:last]
        if not ordered.size:
            return cls(edges=(), low=None, high=None, atoms=(), coarse=(0,), centre=0.0, temporal=temporal)
        body = _without_isolated(ordered)
        frequent, counts = _frequent(ordered)
        atoms = frequent[counts > ordered.size * ATOM_SHARE]
        bold = frequent[counts > ordered.size * COARSE_ATOM_SHARE]
        ends = np.array([body[0], _after(body[-1])])
        deciles = np.clip(_quantiles(ordered, 10), body[0], body[-1])
        coarse = np.unique(np.concatenate([ends, deciles, bold, _after(bold)]))
        fine = [
            coarse,
            np.array([ordered[0], _after(ordered[-1])]),
            _quantiles(ordered, QUANTILES),
            atoms,
            _after(atoms),
            _ladder(body[np.searchsorted(body, 0.0, side="right") :], body.size),
            _ladder(body[: np.searchsorted(body, 0.0)][::-1], body.size),
        ]
        edges = np.unique(np.concatenate(fine))
        return cls(
            edges=tuple(edges.tolist()),
            low=float(ordered[0]),
            high=float(ordered[-1]),
            atoms=tuple(atoms.tolist()),
            coarse=(0, *(np.searchsorted(edges, coarse) + 1).tolist()),
            centre=float(ordered[ordered.size // 2]),
            scale=robust_spread(ordered),
            temporal=temporal,
        )

    @property
    def size(self) -> int:
        """How many cells."""
        return len(self.edges) + 1

    def cell_of(self, value: float) -> int:
        """The cell that holds `value`."""
        return bisect_right(self.edges, value)

    def holds(self, value: float) -> bool:
        """Whether `value` lies in the reference's range."""
        return self.low is not None and self.high is not None and self.low <= value <= self.high

    def written(self, value: float) -> str:
        """`value` as people read it: four digits, or a time in UTC.

        >>> NumericCells.of(np.array([0.0]), temporal=True).written(1711848600.0)
        '2024-03-31 01:30:00'
        """
        if not self.temporal:
            return f"{value:.4g}"
        try:
            at = _EPOCH + timedelta(seconds=value)
        except (OverflowError, ValueError):  # before the year 1, after 9999, or not finite
            return f"{value:.4g} s since 1970"
        return at.replace(tzinfo=None).isoformat(" ", "seconds")


def _frequent(ordered: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Every value that can be an atom, and how often it occurs: a regular sample of sorted values hits all of them."""
    step = max(1, int(ordered.size * ATOM_SHARE))
    values = np.unique(ordered[::step])
    counts = np.searchsorted(ordered, values, side="right") - np.searchsorted(ordered, values)
    return values, counts


def robust_spread(ordered: Floats) -> float:
    """The spread of sorted values as a standard deviation that outliers cannot move, in their unit.

    The interquartile range over 1.349, which for a normal law is its standard deviation (Rousseeuw and Croux 1993, JASA
    88, 1273-1283). When half of the values are equal, likewise the central 80 %, 98 % or 99.8 %, the first that differ;
    then the median distance from the median of the values that lie off it; 1 when there is none.

    >>> robust_spread(np.array([0.0, 1.0, 2.0, 3.0, 1e6])).__round__(2)
    1.48
    """
    centre = ordered[ordered.size // 2]
    for tail, wide in _SPANS:
        low, high = ordered[int(tail * ordered.size)], ordered[int((1 - tail) * (ordered.size - 1))]
        if (spread := float((high - low) / wide)) > 0:
            return spread
    off = np.abs(ordered - centre)
    return float(np.median(off[off > 0])) if off.any() else 1.0


def _without_isolated(ordered: Floats) -> Floats:
    """The values without those few at either end that lie ten times as far from the median as all others do."""
    centre = ordered[ordered.size // 2]
    most = max(_MOST_ISOLATED, int(_ISOLATED_SHARE * ordered.size))
    head = min(most + 1, ordered.size // 2)
    above = _isolated(ordered[::-1][:head] - centre)
    below = _isolated(centre - ordered[:head])
    return ordered[below : ordered.size - above]


def _isolated(head: Floats) -> int:
    """How many of the largest distances from the median, largest first, are isolated."""
    if head.size < 2:
        return 0
    far = head[:-1] > _ISOLATED * np.maximum(head[1:], 0.0)
    return 1 + int(np.flatnonzero(far)[-1]) if far.any() else 0


def _after(values: Any) -> Any:
    return np.nextafter(values, np.inf)


def _quantiles(ordered: Floats, parts: int) -> Floats:
    return ordered[np.arange(parts) * ordered.size // parts]


def _ladder(side: Floats, size: int) -> Floats:
    """Geometric edges beyond the body of the values on one side of 0, up and down, on that side too.

    Args:
        side: all positive or all negative, by magnitude.
        size: how many values there are on both sides; with fewer than 1 % of them on this one there are no edges.
    """
    if side.size * 100 < size or not side.size:
        return np.array([])
    bottom, top = side[side.size // 100], side[side.size * 99 // 100]
    steps: Floats = np.concatenate([bottom / _STEPS, top * _STEPS])
    magnitudes = np.abs(steps)
    return steps[(magnitudes > 0) & (magnitudes <= LARGEST)]
