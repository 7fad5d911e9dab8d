"""Averages over classes, and the delta method behind their intervals."""

import itertools
import math

import numpy as np
import pytest
from sklearn import metrics as judge

from keepfit.evaluation.class_averages import averaged, macro_roc_auc
from keepfit.evaluation.multiclass_sums import MulticlassSums
from keepfit.evaluation.score_cells import ScoreCells

KINDS = list(itertools.product(["precision", "recall", "f1"], ["macro", "weighted"]))
SHARES = np.array([[0.40, 0.06, 0.04], [0.05, 0.20, 0.05], [0.02, 0.03, 0.15]])


@pytest.mark.parametrize(("part", "average"), KINDS)
def test_the_error_is_that_of_the_delta_method(part, average):
    """The slopes by which it is made are those that a small change of each count shows."""
    counts = (SHARES * 1000).round().astype(np.int64)
    found = averaged(counts, part, average, 0.95)
    slopes = np.zeros((3, 3))
    for i, j in itertools.product(range(3), range(3)):
        more, less = (counts * 1000 for _ in range(2))
        more[i, j] += 1
        less[i, j] -= 1
        higher, lower = (averaged(one, part, average, 0.95).value for one in (more, less))
        slopes[i, j] = (higher - lower) / 2 * 1000
    error = math.sqrt((counts * slopes**2).sum())
    assert (found.high - found.value) / 1.959964 == pytest.approx(error, rel=1e-4)


@pytest.mark.parametrize(("part", "average"), KINDS)
def test_intervals_hold_the_true_value_as_often_as_they_say(part, average):
    """In 1,000 windows of 400 rows: 95 % within three points."""
    rng = np.random.default_rng(1)
    truth = averaged((SHARES * 10**9).astype(np.int64), part, average, 0.95).value
    windows = rng.multinomial(400, SHARES.ravel(), 1000).reshape(-1, 3, 3)
    held = [
        found.low <= truth <= found.high for found in (averaged(one, part, average, 0.95) for one in windows)
    ]
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize(("part", "average"), KINDS)
def test_a_class_that_is_never_taken_counts_as_0_and_one_that_never_appears_not_at_all(part, average):
    """As scikit-learn has it, warnings aside."""
    labels, taken = [0, 0, 1, 1, 1, 3], [0, 1, 1, 1, 0, 0]
    counts = judge.confusion_matrix(labels, taken, labels=[0, 1, 2, 3]).astype(np.int64)
    score = {"precision": judge.precision_score, "recall": judge.recall_score, "f1": judge.f1_score}[part]
    expected = score(labels, taken, average=average, zero_division=0.0)
    found = averaged(counts, part, average, 0.95)
    assert found.value == pytest.approx(expected)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_without_rows_nothing_is_known():
    """An AUC needs a row of every class, too."""
    assert math.isnan(averaged(np.zeros((3, 3), np.int64), "f1", "macro", 0.95).value)
    cells = [ScoreCells.of(np.array([]))] * 2
    sums = MulticlassSums.of(("a", "b"), cells, np.array([0, 0]), np.array([[0.5, 0.5], [1.0, 0.0]]))
    assert math.isnan(macro_roc_auc(sums, 0.0, 0.95).value)
