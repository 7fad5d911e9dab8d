"""Precision, recall and F1 of k classes, averaged; with intervals by the delta method, from the confusion matrix alone.

For a metric f of the counts that does not change when all of them are multiplied, the counts being multinomial,
`Var f = Σ n[i, j] (∂f / ∂n[i, j])²` (delta method; for F1 see Takahashi, Yamamoto, Kuchiba and Koyama 2022, Applied
Intelligence 52, 4961-4972). A class that no row is of, or that none is taken for, has no share of its own to average:
its precision, recall or F1 counts as 0, as is usual, when either happens, and it is left out when both do.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from keepfit.evaluation.measure import Measure, mean_of, normal_of, share_of, unknown
from keepfit.evaluation.multiclass_sums import MulticlassSums
from keepfit.evaluation.ranking import roc_auc
from keepfit.stats.intervals import Interval

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Average = Literal["macro", "weighted"]

_BOUNDS = Interval(0.0, 1.0)


def log_loss(sums: MulticlassSums, _: float, confidence: float) -> Measure:
    """`-Σ log(probability of the actual class) / n`."""
    return mean_of(sums.log_loss, confidence)


def brier(sums: MulticlassSums, _: float, confidence: float) -> Measure:
    """`Σ Σ over classes (probability - label)² / n`: between 0 and 2."""
    return mean_of(sums.brier, confidence)


def accuracy(sums: MulticlassSums, _: float, confidence: float) -> Measure:
    """The share of rows whose most probable class is the actual one: micro-averaged precision, recall and F1 too."""
    return share_of(int(np.trace(sums.confusion)), int(sums.confusion.sum()), confidence)


def averaged(
    confusion: Counts, part: Literal["precision", "recall", "f1"], average: Average, confidence: float
) -> Measure:
    """The mean over classes of one of the three; `weighted` by how many rows are of each class.

    >>> found = averaged(np.array([[8, 2], [1, 9]]), "recall", "macro", 0.95)
    >>> round(found.value, 2)
    0.85
    """
    n = int(confusion.sum())
    if not n:
        return unknown(0, *_BOUNDS)
    counts = confusion.astype(np.float64)
    actual, taken = counts.sum(axis=1), counts.sum(axis=0)
    values, slopes = _of_classes(counts, actual, taken, part)
    held = (actual + taken) > 0
    weights = actual / n if average == "weighted" else held / held.sum()
    value = float(weights @ values)
    slope = np.tensordot(weights, slopes, axes=1)
    if average == "weighted":
        # The weights are counted too: a further row of class i moves the mean towards that class.
        slope = slope + ((values - value) / n)[:, None]
    error = math.sqrt(max(0.0, float((counts * slope**2).sum())))
    return normal_of(value, error, n, confidence, _BOUNDS)


def _of_classes(counts: Floats, actual: Floats, taken: Floats, part: str) -> tuple[Floats, Floats]:
    """The metric of each class, shape (k,), and how it moves with each count, shape (k, k, k)."""
    k = len(actual)
    # As ones and zeros: is a count of the class's row, of its column, of both?
    row = np.broadcast_to(np.eye(k)[:, :, None], (k, k, k))
    column = np.broadcast_to(np.eye(k)[:, None, :], (k, k, k))
    right = np.diagonal(counts)
    if part == "precision":
        top, bottom, top_slope, bottom_slope = right, taken, row * column, column
    elif part == "recall":
        top, bottom, top_slope, bottom_slope = right, actual, row * column, row
    else:
        top, bottom, top_slope, bottom_slope = 2 * right, actual + taken, 2 * row * column, row + column
    safe = np.where(bottom > 0, bottom, 1.0)
    values = top / safe
    slopes = (top_slope - values[:, None, None] * bottom_slope) / safe[:, None, None]
    return values, slopes * (bottom > 0)[:, None, None]


def macro_precision(sums: MulticlassSums, _: float, confidence: float) -> Measure:
    """The plain mean of each class's precision."""
    return averaged(sums.confusion, "precision", "macro", confidence)


def macro_recall(sums: MulticlassSums, _: float, confidence: float) -> Measure:
    """The plain mean of each class's recall: balanced accuracy."""
    return averaged(sums.confusion, "recall", "macro", confidence)


def macro_f1(sums: MulticlassSums, _: float, confidence: float) -> Measure:
    """The plain mean of each class's F1."""
    return averaged(sums.confusion, "f1", "macro", confidence)


def weighted_precision(sums: MulticlassSums, _: float, confidence: float) -> Measure:
    """The mean of each class's precision, by how many rows are of it."""
    return averaged(sums.confusion, "precision", "weighted", confidence)


def weighted_recall(sums: MulticlassSums, _: float, confidence: float) -> Measure:
    """The mean of each class's recall, by how many rows are of it: equal to the accuracy."""
    return averaged(sums.confusion, "recall", "weighted", confidence)


def weighted_f1(sums: MulticlassSums, _: float, confidence: float) -> Measure:
    """The mean of each class's F1, by how many rows are of it."""
    return averaged(sums.confusion, "f1", "weighted", confidence)


def macro_roc_auc(sums: MulticlassSums, _: float, confidence: float) -> Measure:
    """The plain mean of each class's AUC against the rest; NaN while a class has no row.

    The AUCs hang together, so that only a bound of their mean's error is known: at most the mean of their errors. The
    interval is the mean of theirs, and holds the true value at least as often as was asked.
    """
    each = [roc_auc(one.positives, one.negatives, confidence) for one in sums.against_rest]
    if not each or any(math.isnan(one.value) for one in each):
        return unknown(sums.n, *_BOUNDS)
    value, low, high = (
        float(np.mean([getattr(one, name) for one in each])) for name in ("value", "low", "high")
    )
    return Measure(value=value, low=low, high=high, n=sums.n)
