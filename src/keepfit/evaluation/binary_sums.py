"""What every metric of a binary classification is read off: counts in the cells of its scores, and sums of losses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keepfit.evaluation import calibration_error, confusion, costs, ranking
from keepfit.evaluation.confusion import Confusion
from keepfit.evaluation.loss_sums import NO_LOSSES, LossSums
from keepfit.evaluation.losses import clipped_log_loss
from keepfit.evaluation.measure import Measure, mean_of, share_of
from keepfit.evaluation.score_cells import ScoreCells

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

#: Bins of equal width in which calibration is judged; each of their edges is an edge of the cells.
CALIBRATION_BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BinarySums:
    """Labelled rows of a binary classifier, counted in the cells of the reference's scores.

    `+` is commutative and associative (floats up to rounding), with `empty(cells)` as its identity.

    Attributes:
        cells: where scores were counted.
        positives: rows with label 1 in each cell, shape (cells.size,).
        negatives: with label 0, likewise.
        scores: the sum of the scores in each cell, likewise.
        log_loss: the sums of the log loss of each row.
        brier: of its squared error.
        unsummed: rows whose score or label is no number between 0 and 1.

    >>> sums = BinarySums.of(ScoreCells.of(np.array([0.2, 0.8])), np.array([0.0, 1.0]), np.array([0.3, 0.6]))
    >>> sums.n, sums.confusion(0.5).true_positives
    (2, 1)
    """

    cells: ScoreCells
    positives: Counts
    negatives: Counts
    scores: Floats
    log_loss: LossSums = NO_LOSSES
    brier: LossSums = NO_LOSSES
    unsummed: int = 0

    @classmethod
    def empty(cls, cells: ScoreCells) -> "BinarySums":
        """The sums of no rows."""
        none = np.zeros(cells.size, np.int64)
        return cls(cells=cells, positives=none, negatives=none, scores=np.zeros(cells.size))

    @classmethod
    def of(cls, cells: ScoreCells, labels: Floats, scores: Floats) -> "BinarySums":
        """The sums of rows: labels, of which 0.5 and more is a yes, and scores, both of shape (n,)."""
        kept = (labels >= 0) & (labels <= 1) & (scores >= 0) & (scores <= 1)
        y, p = (labels[kept] >= 0.5).astype(np.float64), scores[kept]
        cell = cells.cells_of(p)
        rows = np.bincount(cell, minlength=cells.size)
        positives = np.bincount(cell, weights=y, minlength=cells.size).astype(np.int64)
        return cls(
            cells=cells,
            positives=positives,
            negatives=rows - positives,
            scores=np.bincount(cell, weights=p, minlength=cells.size).astype(np.float64),
            log_loss=LossSums.of(clipped_log_loss(y, p)),
            brier=LossSums.of((p - y) ** 2),
            unsummed=int(labels.size - y.size),
        )

    def __add__(self, other: "BinarySums") -> "BinarySums":
        if self.cells != other.cells:
            raise ValueError(
                "sums in different score cells cannot be added: take the same reference for both"
            )
        return BinarySums(
            cells=self.cells,
            positives=self.positives + other.positives,
            negatives=self.negatives + other.negatives,
            scores=self.scores + other.scores,
            log_loss=self.log_loss + other.log_loss,
            brier=self.brier + other.brier,
            unsummed=self.unsummed + other.unsummed,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BinarySums) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def _state(self) -> tuple[object, ...]:
        arrays = (self.positives.tobytes(), self.negatives.tobytes(), self.scores.tobytes())
        return (self.cells, *arrays, self.log_loss, self.brier, self.unsummed)

    @property
    def n(self) -> int:
        """Rows that were summed."""
        return self.log_loss.n

    @property
    def signed(self) -> LossSums:
        """The sums of score - label."""
        return LossSums(self.n, float(self.scores.sum()) - int(self.positives.sum()), self.brier.total)

    def confusion(self, threshold: float = 0.5) -> Confusion:
        """Decisions of yes where the score is at least `threshold`.

        Raises:
            ValueError: decisions at this threshold were not counted.
        """
        cell = self.cells.from_threshold(threshold)
        return Confusion(
            true_positives=int(self.positives[cell:].sum()),
            false_positives=int(self.negatives[cell:].sum()),
            false_negatives=int(self.positives[:cell].sum()),
            true_negatives=int(self.negatives[:cell].sum()),
        )


def log_loss(sums: BinarySums, _: float, confidence: float) -> Measure:
    """`-Σ log(probability given to what happened) / n`."""
    return mean_of(sums.log_loss, confidence)


def brier(sums: BinarySums, _: float, confidence: float) -> Measure:
    """`Σ (score - label)² / n`."""
    return mean_of(sums.brier, confidence)


def bias(sums: BinarySums, _: float, confidence: float) -> Measure:
    """`Σ (score - label) / n`: above 0 when scores promise too much."""
    return mean_of(sums.signed, confidence)


def prevalence(sums: BinarySums, _: float, confidence: float) -> Measure:
    """The share of positives."""
    return share_of(int(sums.positives.sum()), sums.n, confidence)


def roc_auc(sums: BinarySums, _: float, confidence: float) -> Measure:
    """See `keepfit.evaluation.ranking.roc_auc`."""
    return ranking.roc_auc(sums.positives, sums.negatives, confidence)


def average_precision(sums: BinarySums, _: float, confidence: float) -> Measure:
    """See `keepfit.evaluation.ranking.average_precision`."""
    return ranking.average_precision(sums.positives, sums.negatives, sums.cells.single, confidence)


def precision(sums: BinarySums, threshold: float, confidence: float) -> Measure:
    """At a threshold; see `keepfit.evaluation.confusion.precision`."""
    return confusion.precision(sums.confusion(threshold), confidence)


def recall(sums: BinarySums, threshold: float, confidence: float) -> Measure:
    """At a threshold; see `keepfit.evaluation.confusion.recall`."""
    return confusion.recall(sums.confusion(threshold), confidence)


def specificity(sums: BinarySums, threshold: float, confidence: float) -> Measure:
    """At a threshold; see `keepfit.evaluation.confusion.specificity`."""
    return confusion.specificity(sums.confusion(threshold), confidence)


def f1(sums: BinarySums, threshold: float, confidence: float) -> Measure:
    """At a threshold; see `keepfit.evaluation.confusion.f1`."""
    return confusion.f1(sums.confusion(threshold), confidence)


def accuracy(sums: BinarySums, threshold: float, confidence: float) -> Measure:
    """At a threshold; see `keepfit.evaluation.confusion.accuracy`."""
    return confusion.accuracy(sums.confusion(threshold), confidence)


def error_rate(sums: BinarySums, threshold: float, confidence: float) -> Measure:
    """At a threshold; see `keepfit.evaluation.confusion.error_rate`."""
    return confusion.error_rate(sums.confusion(threshold), confidence)


def calibration(sums: BinarySums, _: float, confidence: float) -> Measure:
    """The expected calibration error in ten bins; see `keepfit.evaluation.calibration_error`."""
    starts = [0, *(sums.cells.from_threshold(i / CALIBRATION_BINS) for i in range(1, CALIBRATION_BINS))]
    rows = sums.positives + sums.negatives
    return calibration_error.expected_calibration_error(
        np.add.reduceat(sums.positives, starts),
        np.add.reduceat(rows, starts),
        np.add.reduceat(sums.scores, starts),
        confidence,
    )


def cost(
    sums: BinarySums,
    matrix: tuple[tuple[float, float], tuple[float, float]],
    threshold: float = 0.5,
    confidence: float = 0.95,
) -> Measure:
    """What a row costs on average at a threshold, by `matrix[actual][decided]`; see `keepfit.evaluation.costs`."""
    return mean_of(costs.confusion_cost(sums.confusion(threshold).matrix, matrix), confidence)
