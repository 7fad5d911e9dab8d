"""Decisions at a threshold, counted: how often yes and no were right and wrong."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keepfit.evaluation.measure import Measure, share_of


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows by what was decided and what was true. A commutative monoid.

    >>> found = Confusion(true_positives=6, false_positives=2, false_negatives=2, true_negatives=90)
    >>> round(f1(found, 0.95).value, 2), round(accuracy(found, 0.95).value, 2)
    (0.75, 0.96)
    """

    true_positives: int = 0
    false_positives: int = 0
    false_negatives: int = 0
    true_negatives: int = 0

    def __add__(self, other: "Confusion") -> "Confusion":
        return Confusion(
            self.true_positives + other.true_positives,
            self.false_positives + other.false_positives,
            self.false_negatives + other.false_negatives,
            self.true_negatives + other.true_negatives,
        )

    @property
    def n(self) -> int:
        """All rows."""
        return self.true_positives + self.false_positives + self.false_negatives + self.true_negatives

    @property
    def matrix(self) -> NDArray[np.int64]:
        """By actual class (no, yes), then by decision (no, yes); shape (2, 2)."""
        return np.array(
            [[self.true_negatives, self.false_positives], [self.false_negatives, self.true_positives]],
            np.int64,
        )


def precision(found: Confusion, confidence: float) -> Measure:
    """The share of those decided yes that were: TP / (TP + FP)."""
    return share_of(found.true_positives, found.true_positives + found.false_positives, confidence)


def recall(found: Confusion, confidence: float) -> Measure:
    """The share of the positives that were decided yes: TP / (TP + FN)."""
    return share_of(found.true_positives, found.true_positives + found.false_negatives, confidence)


def specificity(found: Confusion, confidence: float) -> Measure:
    """The share of the negatives that were decided no: TN / (TN + FP)."""
    return share_of(found.true_negatives, found.true_negatives + found.false_positives, confidence)


def accuracy(found: Confusion, confidence: float) -> Measure:
    """The share of right decisions."""
    return share_of(found.true_positives + found.true_negatives, found.n, confidence)


def error_rate(found: Confusion, confidence: float) -> Measure:
    """The share of wrong decisions."""
    return share_of(found.false_positives + found.false_negatives, found.n, confidence)


def f1(found: Confusion, confidence: float) -> Measure:
    """2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall.

    With J = TP / (TP + FP + FN), a proportion, F1 = 2 J / (1 + J), which grows with J: so do the ends of J's interval.
    """
    rows = found.true_positives + found.false_positives + found.false_negatives
    share = share_of(found.true_positives, rows, confidence)
    value, low, high = (2 * one / (1 + one) for one in (share.value, share.low, share.high))
    return Measure(value=value, low=low, high=high, n=rows)
