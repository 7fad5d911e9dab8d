"""Ranking with expected positives: against pairs counted one by one, scikit-learn, and labels drawn many times."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from keepfit.evaluation.estimation.ranking import Groups, average_precision, roc_auc, roc_auc_error

tenths = st.integers(0, 10).map(lambda n: n / 10)
rows = st.lists(st.tuples(tenths, tenths), min_size=1, max_size=12).map(
    lambda pairs: (np.array([s for s, _ in pairs]), np.array([p for _, p in pairs]))
)


def pair_by_pair(scores, chances):
    """Every positive part of a row against every negative part."""
    won = pairs = 0.0
    for s, p in zip(scores, chances, strict=True):
        for t, q in zip(scores, chances, strict=True):
            weight = p * (1 - q)
            pairs += weight
            won += weight * (1.0 if s > t else 0.5 if s == t else 0.0)
    return won / pairs if pairs else math.nan


@settings(max_examples=60)
@given(rows)
def test_the_area_is_the_share_of_pairs(drawn):
    """Of expected positives and negatives, ties one half."""
    found, slow = roc_auc(Groups.of(*drawn)), pair_by_pair(*drawn)
    assert found == pytest.approx(slow, abs=1e-12, nan_ok=True)
    assert math.isnan(found) or 0 <= found <= 1


@settings(max_examples=40)
@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(drawn, random):
    """Groups are made by score."""
    scores, chances = drawn
    order = list(range(scores.size))
    random.shuffle(order)
    found, again = Groups.of(scores, chances), Groups.of(scores[order], chances[order])
    assert np.allclose(found.positives, again.positives)
    assert np.allclose(found.negatives, again.negatives)


def test_with_labels_for_chances_they_are_scikit_learns():
    """Ties included."""
    rng = np.random.default_rng(2)
    scores, labels = rng.uniform(size=800).round(2), (rng.uniform(size=800) < 0.3).astype(float)
    groups = Groups.of(scores, labels)
    assert roc_auc(groups) == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-12)
    assert average_precision(groups) == pytest.approx(
        metrics.average_precision_score(labels, scores), abs=1e-12
    )


def calibrated(n, seed=3):
    rng = np.random.default_rng(seed)
    chances = rng.beta(0.7, 1.5, n)
    return chances, rng


def test_they_are_what_labels_give_on_average():
    """Labels drawn a few hundred times by the chances: the mean is what was expected, the scatter at most the error."""
    chances, rng = calibrated(1500)
    areas, precisions = [], []
    for _ in range(200):
        labels = rng.uniform(size=chances.size) < chances
        groups = Groups.of(chances, labels.astype(float))
        areas.append(roc_auc(groups))
        precisions.append(average_precision(groups))
    expected = Groups.of(chances, chances)
    assert roc_auc(expected) == pytest.approx(np.mean(areas), abs=0.003)
    assert average_precision(expected) == pytest.approx(np.mean(precisions), abs=0.005)
    assert np.std(areas) < 1.1 * roc_auc_error(expected)


def test_the_error_is_that_of_new_rows_and_new_labels():
    """The scatter of the area over samples, within a tenth."""
    areas = []
    for seed in range(300):
        chances, rng = calibrated(400, seed)
        areas.append(roc_auc(Groups.of(chances, (rng.uniform(size=400) < chances).astype(float))))
    chances, _ = calibrated(400, 9)
    assert roc_auc_error(Groups.of(chances, chances)) == pytest.approx(np.std(areas), rel=0.1)


def test_rows_of_one_cell_that_are_no_ties_lie_evenly():
    """The precision in a cell of a thousand rows is that of the rows in random order."""
    rng = np.random.default_rng(4)
    above, inside = np.r_[np.ones(30), np.zeros(10)], rng.permutation(np.r_[np.ones(400), np.zeros(600)])
    groups = Groups(np.array([400.0, 30.0]), np.array([600.0, 10.0]), np.zeros(2), np.array([False, True]))
    order = np.r_[1 - rng.uniform(size=1000) / 2, np.full(40, 2.0)]
    exact = metrics.average_precision_score(np.r_[inside, above], order)
    assert average_precision(groups) == pytest.approx(exact, abs=0.02)
    alone = Groups(np.array([400.0]), np.array([600.0]), np.zeros(1), np.array([False]))
    orders = [rng.permutation(inside) for _ in range(200)]
    expected = np.mean([(np.cumsum(one) / np.arange(1, 1001))[one == 1].mean() for one in orders])
    assert average_precision(alone) == pytest.approx(expected, abs=0.003)


def test_in_a_cell_labels_and_places_are_both_unknown():
    """Drawn many times: three rows above, then forty in any order, each of its own chance."""
    rng = np.random.default_rng(5)
    chances = np.r_[rng.uniform(0.1, 0.5, 40), 0.9, 0.7, 0.8]
    found = []
    for _ in range(300):
        places = np.r_[rng.uniform(size=40), np.full(3, 2.0)]
        labels = rng.uniform(size=43) < chances
        if labels.any():
            found.append(average_precision(Groups.of(places, labels.astype(float))))
    parts = [chances[:40], chances[40:]]
    p, v = (np.array([one.sum() for one in each]) for each in (parts, [one * (1 - one) for one in parts]))
    groups = Groups(p, np.array([40.0, 3.0]) - p, v, np.array([False, True]))
    assert average_precision(groups) == pytest.approx(np.mean(found), abs=0.01)


@settings(max_examples=60)
@given(rows)
def test_average_precision_lies_between_0_and_1(drawn):
    """NaN only without a positive."""
    found = average_precision(Groups.of(*drawn))
    assert math.isnan(found) if drawn[1].sum() == 0 else 0 <= found <= 1


def test_without_one_of_the_classes_there_is_no_area():
    """And with one row of it nothing is known of its error."""
    assert math.isnan(roc_auc(Groups.of(np.array([0.1, 0.2]), np.ones(2))))
    assert math.isnan(roc_auc(Groups.of(np.zeros(0), np.zeros(0))))
    assert roc_auc_error(Groups.of(np.array([0.1, 0.2]), np.array([0.0, 1.0]))) == math.inf
