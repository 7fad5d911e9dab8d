"""Rankings read off counts in cells, against scikit-learn's on the raw scores."""

import math

import numpy as np
import pytest
from sklearn import metrics as judge

from keepfit.evaluation.ranking import average_precision, roc_auc
from keepfit.evaluation.score_cells import ScoreCells


def draw(rng, n, prevalence, shift=0.0):
    """Labels and calibrated scores, then moved by so much in log-odds."""
    odds = rng.normal(0, 1.5, n) + math.log(prevalence / (1 - prevalence))
    y = rng.random(n) < 1 / (1 + np.exp(-odds))
    return y, 1 / (1 + np.exp(-odds - shift))


def counted(cells, y, scores):
    cell = cells.cells_of(scores)
    return tuple(np.bincount(cell[one], minlength=cells.size) for one in (y, ~y))


@pytest.mark.parametrize("prevalence", [0.5, 0.1, 0.01])
@pytest.mark.parametrize("shift", [0.0, 2.0, -2.0])
@pytest.mark.parametrize("n", [2000, 50_000])
def test_auc_is_the_exact_one_within_a_thousandth(prevalence, shift, n):
    """At all prevalences, also for scores that moved far from those of the reference; average precision within four."""
    rng = np.random.default_rng(int(prevalence * 100) + n)
    cells = ScoreCells.of(draw(rng, 5000, prevalence)[1])
    y, scores = draw(rng, n, prevalence, shift)
    positives, negatives = counted(cells, y, scores)
    assert roc_auc(positives, negatives).value == pytest.approx(judge.roc_auc_score(y, scores), abs=1e-3)
    found = average_precision(positives, negatives, cells.single).value
    assert found == pytest.approx(judge.average_precision_score(y, scores), abs=4e-3)


def test_scores_of_a_few_leaves_are_ranked_exactly():
    """Each score has a cell to itself, in which all rows are ties: both metrics to the last digits."""
    rng = np.random.default_rng(4)
    leaves = np.array([0.0, 0.05, 0.2, 0.4, 0.8, 1.0])
    scores = rng.choice(leaves, 3000)
    y = rng.random(3000) < 0.1 + 0.8 * scores
    cells = ScoreCells.of(scores)
    positives, negatives = counted(cells, y, scores)
    assert roc_auc(positives, negatives).value == pytest.approx(judge.roc_auc_score(y, scores), abs=1e-12)
    found = average_precision(positives, negatives, cells.single).value
    assert found == pytest.approx(judge.average_precision_score(y, scores), abs=1e-12)


def test_one_class_alone_cannot_be_ranked():
    """Not defined, and anything between 0 and 1."""
    some, none = np.array([3, 4]), np.array([0, 0])
    for found in (roc_auc(some, none), roc_auc(none, some), average_precision(none, some, some > 9)):
        assert math.isnan(found.value)
        assert (found.low, found.high, found.n) == (0.0, 1.0, 7)


def test_where_nothing_overlaps_the_interval_is_still_open():
    """Five positives above a thousand negatives prove no AUC of 1; five thousand nearly do."""
    tied = np.array([False, False])
    few, many = (roc_auc(np.array([0, n]), np.array([1000 * n, 0])) for n in (5, 5000))
    assert (few.value, few.high, many.value) == (1.0, 1.0, 1.0)
    assert few.low < 0.7
    assert many.low > 0.999
    worst = roc_auc(np.array([5, 0]), np.array([0, 9]))
    assert (worst.value, worst.low) == (0.0, 0.0)
    assert worst.high > 0.3
    perfect = average_precision(np.array([0, 5]), np.array([9, 0]), tied)
    assert (perfect.value, perfect.high) == (1.0, 1.0)
    assert perfect.low < 0.7
    assert roc_auc(np.array([0, 1]), np.array([3, 1])).high > 0.9


@pytest.mark.parametrize("prevalence", [0.5, 0.1])
def test_the_interval_of_auc_holds_the_truth_as_often_as_it_says(prevalence):
    """In 600 windows of 500 rows: 95 % within three points."""
    rng = np.random.default_rng(5)
    y, scores = draw(rng, 300_000, prevalence)
    cells = ScoreCells.of(scores[:5000])
    truth = judge.roc_auc_score(y, scores)
    held = [
        found.low <= truth <= found.high
        for found in (
            roc_auc(*counted(cells, y[i : i + 500], scores[i : i + 500])) for i in range(0, 300_000, 500)
        )
    ]
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)


def test_the_interval_of_average_precision_holds_the_truth_often_enough():
    """In 200 windows of 1,000 rows, a fifth of them positive: between 93 and 99.9 %."""
    rng = np.random.default_rng(6)
    y, scores = draw(rng, 200_000, 0.2)
    cells = ScoreCells.of(scores[:5000])
    truth = judge.average_precision_score(y, scores)
    held = [
        found.low <= truth <= found.high
        for found in (
            average_precision(*counted(cells, y[i : i + 1000], scores[i : i + 1000]), cells.single)
            for i in range(0, 200_000, 1000)
        )
    ]
    assert 0.93 <= np.mean(held) <= 0.999
