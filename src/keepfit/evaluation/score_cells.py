"""The cells that a classifier's scores are counted in: fixed by the reference, so that counts add up."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from keepfit.stats.numeric_cells import NumericCells

Floats = NDArray[np.float64]

#: Reference quantiles that begin a cell.
QUANTILES: Final = 256
#: A score that carries more than this share of the reference has a cell to itself.
ATOM_SHARE: Final = 1 / 256
#: Quantiles beyond the first and the last of those, in quarter octaves of their distance from the end.
_TAIL: Final = 2.0 ** (-np.arange(1, 33) / 4) / QUANTILES
#: Every threshold of whole hundredths is an edge, and so is every edge of ten equal bins.
HUNDREDTHS: Final = np.arange(1, 100) / 100
#: Beyond 0.05 and 0.95, steps of an eighth in log-odds: scores that move towards an end still fall in narrow cells.
_FAR: Final = 1 / (1 + np.exp(np.arange(24, 97) / 8))
_FIXED: Final = np.concatenate([HUNDREDTHS, _FAR, 1 - _FAR])


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCells:
    """Half-open cells of the scores, in ascending order: cell i is `edges[i - 1] <= score < edges[i]`.

    The edges are 256 quantiles of the reference's scores and finer ones towards both ends, where a rare class hides;
    `v` and the next float for every score v of more than 1/256 of the rows; eighths of log-odds beyond 0.05 and 0.95, for
    scores that the reference did not show; and 0.01, 0.02 … 0.99, so that decisions at these thresholds are counted exactly.

    Attributes:
        edges: ascending, above 0 and at most 1.

    >>> cells = ScoreCells.of(np.array([0.1, 0.12, 0.9]))
    >>> cells.is_edge(0.5), cells.is_edge(0.505)
    (True, False)
    """

    edges: tuple[float, ...]

    @classmethod
    def of(cls, scores: Floats) -> "ScoreCells":
        """The cells of a reference's scores, shape (n,), probabilities; NaN makes no edge."""
        ordered = np.sort(scores[~np.isnan(scores)])
        if not ordered.size:
            return cls._at(_FIXED)
        levels = np.concatenate([np.arange(QUANTILES) / QUANTILES, _TAIL, 1 - _TAIL])
        places = np.minimum((levels * ordered.size).astype(np.int64), ordered.size - 1)
        distinct, counts = np.unique(ordered, return_counts=True)
        atoms = distinct[counts > ordered.size * ATOM_SHARE] if ordered.size > QUANTILES else distinct
        return cls._at(ordered[places], atoms, np.nextafter(atoms, np.inf), _FIXED)

    @classmethod
    def from_numeric(cls, cells: NumericCells) -> "ScoreCells":
        """Of a reference that kept the cells of its predictions only."""
        return cls._at(np.array(cells.edges), _FIXED)

    @classmethod
    def _at(cls, *edges: Floats) -> "ScoreCells":
        found = np.unique(np.concatenate(edges))
        return cls(edges=tuple(found[(found > 0) & (found <= 1)].tolist()))

    @property
    def size(self) -> int:
        """How many cells."""
        return len(self.edges) + 1

    @property
    def single(self) -> NDArray[np.bool_]:
        """Whether a cell holds one score alone, shape (size,)."""
        edges = np.array([0.0, *self.edges, np.nextafter(1.0, 2.0)])
        found: NDArray[np.bool_] = np.nextafter(edges[:-1], np.inf) == edges[1:]
        return found

    def cells_of(self, scores: Floats) -> NDArray[np.int64]:
        """The cell of each score, shape (n,)."""
        return np.searchsorted(np.array(self.edges), scores, side="right").astype(np.int64)

    def is_edge(self, threshold: float) -> bool:
        """Whether decisions at this threshold are counted exactly."""
        return threshold in self.edges

    def from_threshold(self, threshold: float) -> int:
        """The first cell whose scores are at or above a threshold.

        Raises:
            ValueError: the threshold lies inside a cell.
        """
        if not self.is_edge(threshold):
            raise ValueError(
                f"decisions at a threshold of {threshold} were not counted: take a whole number of hundredths, as 0.25"
            )
        return self.edges.index(threshold) + 1
