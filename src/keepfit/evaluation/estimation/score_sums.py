"""Scores of one class in fixed cells, with the chances that they stand for: sums that add up."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from keepfit.evaluation.estimation.ranking import Groups
from keepfit.evaluation.loss import Floats
from keepfit.evaluation.score_cells import ScoreCells
from keepfit.stats.numeric_profile import Counts


class Decided(NamedTuple):
    """Expected rows by what is decided and what is true."""

    true_positives: float
    false_positives: float
    false_negatives: float
    true_negatives: float

    @property
    def n(self) -> float:
        """All rows."""
        return sum(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreSums:
    """Rows by the score that they were given for one class, whose labels are not known.

    `+` is commutative and associative (floats up to rounding), with `empty(cells)` as its identity.

    Attributes:
        cells: where the scores were counted.
        counts: rows in each cell, shape (cells.size,).
        scores: the sum of the raw scores in each, likewise.
        chances: the sum of the calibrated chances: how many rows of the class are expected.
        variance: the sum of chance times (1 - chance): how far their number may lie from that, squared.
    """

    cells: ScoreCells
    counts: Counts
    scores: Floats
    chances: Floats
    variance: Floats

    @classmethod
    def empty(cls, cells: ScoreCells) -> "ScoreSums":
        """The sums of no rows."""
        return cls.of(cells, np.zeros(0), np.zeros(0))

    @classmethod
    def of(cls, cells: ScoreCells, scores: Floats, chances: Floats) -> "ScoreSums":
        """From raw scores and calibrated chances, both of shape (n,).

        >>> cells = ScoreCells.of(np.array([0.5]))
        >>> sums = ScoreSums.of(cells, np.array([0.2, 0.6, 0.6]), np.array([0.1, 0.5, 0.5]))
        >>> sums.n, round(float(sums.chances.sum()), 6), round(float(sums.variance.sum()), 6)
        (3, 1.1, 0.59)
        """
        cell = cells.cells_of(scores)

        def summed(values: Floats) -> Floats:
            return np.bincount(cell, weights=values, minlength=cells.size).astype(np.float64)

        return cls(
            cells=cells,
            counts=np.bincount(cell, minlength=cells.size).astype(np.int64),
            scores=summed(scores),
            chances=summed(chances),
            variance=summed(chances * (1 - chances)),
        )

    def __add__(self, other: "ScoreSums") -> "ScoreSums":
        if self.cells != other.cells:
            raise ValueError(
                "sums in different score cells cannot be added: take the same estimator for both"
            )
        return ScoreSums(
            cells=self.cells,
            counts=self.counts + other.counts,
            scores=self.scores + other.scores,
            chances=self.chances + other.chances,
            variance=self.variance + other.variance,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ScoreSums) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def _state(self) -> tuple[object, ...]:
        arrays = (self.counts, self.scores, self.chances, self.variance)
        return (self.cells, *(one.tobytes() for one in arrays))

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.counts.sum())

    @property
    def groups(self) -> Groups:
        """Expected positives and negatives by cell."""
        return Groups(self.chances, self.counts - self.chances, self.variance, self.cells.single)

    def decided(self, threshold: float) -> Decided:
        """What is expected of decisions of yes where the score is at least `threshold`.

        Raises:
            ValueError: decisions at this threshold were not counted.
        """
        cell = self.cells.from_threshold(threshold)
        yes, rows = float(self.chances[cell:].sum()), int(self.counts[cell:].sum())
        missed, rest = float(self.chances[:cell].sum()), int(self.counts[:cell].sum())
        return Decided(yes, rows - yes, missed, rest - missed)
