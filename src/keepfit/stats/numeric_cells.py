"""The cells that a number is counted in, made once from the values of the reference."""

from dataclasses import dataclass
from typing import Final

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

#: Ten octaves in quarter steps: a change of unit by up to 1,024 leaves values in cells a fifth wide.
_STEPS: Final = 2.0 ** (np.arange(1, 41) / 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericCells:
    """Half-open cells of the number line, fixed by the reference.

    Cell 0 is everything below the first edge, cell i is `edges[i - 1] <= x < edges[i]`, the last is everything
    from the last edge on. The edges are 256 quantiles of the reference and its deciles; `v` and the next float
    after it for every value v that carries more than 1/64 of the rows (an atom); the reference's range; and a
    ladder of geometric steps outward from the 99th and inward from the 1st percentile of the magnitudes, so that
    values in another unit still fall in narrow cells. No cell is of equal width: one outlier blinds nothing.

    Attributes:
        edges: ascending and finite; empty when the reference held no value.
        low: the smallest value of the reference; None when it held none.
        high: the largest; None likewise.
        atoms: the values with a cell to themselves, ascending.
        coarse: the first cell of each coarse cell: deciles, values above a tenth of the rows, below and above range.
        centre: the reference's median, about which moments are taken.

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

    @classmethod
    def of(cls, values: Floats) -> "NumericCells":
        """The cells of a reference's values, shape (n,); NaN, infinities and magnitudes over 1e150 make no edge."""
        ordered = np.sort(values[np.abs(values) <= LARGEST])
        if not ordered.size:
            return cls(edges=(), low=None, high=None, atoms=(), coarse=(0,), centre=0.0)
        distinct, counts = np.unique(ordered, return_counts=True)
        atoms = distinct[counts > ordered.size * ATOM_SHARE]
        bold = distinct[counts > ordered.size * COARSE_ATOM_SHARE]
        end = _after(ordered[-1:])
        coarse = np.unique(np.concatenate([_quantiles(ordered, 10), bold, _after(bold), end]))
        fine = [
            coarse,
            _quantiles(ordered, QUANTILES),
            atoms,
            _after(atoms),
            _ladder(ordered),
            -_ladder(-ordered[::-1]),
        ]
        edges = np.unique(np.concatenate(fine))
        return cls(
            edges=tuple(edges.tolist()),
            low=float(ordered[0]),
            high=float(ordered[-1]),
            atoms=tuple(atoms.tolist()),
            coarse=(0, *(np.searchsorted(edges, coarse) + 1).tolist()),
            centre=float(ordered[ordered.size // 2]),
        )

    @property
    def size(self) -> int:
        """How many cells."""
        return len(self.edges) + 1

    def cell_of(self, value: float) -> int:
        """The cell that holds `value`."""
        return int(np.searchsorted(np.array(self.edges), value, side="right"))

    def holds(self, value: float) -> bool:
        """Whether `value` lies in the reference's range."""
        return self.low is not None and self.high is not None and self.low <= value <= self.high


def _after(values: Floats) -> Floats:
    return np.nextafter(values, np.inf)


def _quantiles(ordered: Floats, parts: int) -> Floats:
    return ordered[np.arange(parts) * ordered.size // parts]


def _ladder(ordered: Floats) -> Floats:
    """Geometric edges beyond the body of the positive values, up and down; none when fewer than 1 % are positive."""
    positive = ordered[np.searchsorted(ordered, 0.0, side="right") :]
    if positive.size * 100 < ordered.size or not positive.size:
        return np.array([])
    bottom, top = positive[positive.size // 100], positive[positive.size * 99 // 100]
    steps = np.concatenate([bottom / _STEPS, top * _STEPS])
    return steps[(steps > 0) & (steps <= LARGEST)]
