"""From scores to chances: against scikit-learn's isotonic regression, and the judgement whether it helps, in slow steps."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedShuffleSplit

from keepfit.evaluation.estimation.calibration import (
    Calibrator,
    calibration_error,
    calibration_helps,
    fit_calibrator,
)


def drawn(n=3000, power=2.0, seed=1):
    """Scores whose class comes with the chance score ** power: calibrated when that is 1."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(size=n).round(3)
    return scores, (rng.uniform(size=n) < scores**power).astype(float)


def test_what_is_stored_is_scikit_learns_curve():
    """Between its points, at them and beyond both ends, to the last bits."""
    scores, labels = drawn()
    curve = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    asked = np.linspace(-0.5, 1.5, 4001)
    found = fit_calibrator(scores, labels)
    assert np.abs(found.chance(asked) - curve.predict(asked)).max() < 1e-12
    assert all(isinstance(one, float) for one in (*found.scores, *found.chances))


def test_calibrated_chances_are_nearer_to_the_truth():
    """Scores that promise too much come down to the square that they are worth."""
    scores, labels = drawn(20_000)
    chances = fit_calibrator(scores, labels).chance(scores)
    assert np.abs(chances - scores**2).mean() < 0.02 < np.abs(scores - scores**2).mean()


def test_over_the_rows_it_learned_from_the_chances_add_up_to_the_positives():
    """Isotonic regression pools means: nothing is lost."""
    scores, labels = drawn()
    assert fit_calibrator(scores, labels).chance(scores).sum() == pytest.approx(labels.sum())


def slowly(scores, labels):
    """Whether calibration helps, in plain loops over the published steps."""
    raw, calibrated, truth = [], [], []
    for learn, judge in StratifiedShuffleSplit(10, test_size=0.1, random_state=42).split(scores, labels):
        curve = IsotonicRegression(out_of_bounds="clip").fit(scores[learn], labels[learn])
        raw += scores[judge].tolist()
        calibrated += curve.predict(scores[judge]).tolist()
        truth += labels[judge].tolist()
    errors = []
    for values in (raw, calibrated):
        order = np.argsort(np.array(values))
        n, width = len(values), len(values) // 10
        edges = list(range(0, n + 1, width))
        edges[-1] = n
        error = 0.0
        for left, right in pairwise(edges):
            part = order[left:right]
            error += len(part) / n * abs(np.mean(np.array(values)[part]) - np.mean(np.array(truth)[part]))
        errors.append(error)
    return errors[0] > errors[1]


@pytest.mark.parametrize(
    ("power", "seed", "n"), [(1.0, 1, 300), (1.0, 2, 300), (1.0, 3, 1010), (1.2, 4, 473), (3.0, 5, 300)]
)
def test_it_is_judged_as_published(power, seed, n):
    """On rows that the curve was not fitted on; both answers come up."""
    scores, labels = drawn(n, power, seed)
    assert calibration_helps(scores, labels) == slowly(scores, labels)


def test_both_answers_come_up():
    """Scores worth far less than they say are calibrated, honest ones are left alone at least sometimes."""
    assert calibration_helps(*drawn(power=3.0))
    assert not all(calibration_helps(*drawn(400, 1.0, seed)) for seed in range(6))


@pytest.mark.parametrize(
    ("scores", "labels"),
    [
        (np.linspace(0, 1, 200), np.zeros(200)),
        (np.linspace(0, 1, 200), (np.arange(200) >= 100).astype(float)),
        (np.linspace(0, 1, 20), (np.arange(20) % 2).astype(float)),
        (np.linspace(0, 1, 200), (np.arange(200) == 7).astype(float)),
        (np.zeros(0), np.zeros(0)),
    ],
    ids=["one class", "perfect ranking", "too few rows", "one positive", "no rows"],
)
def test_where_it_cannot_be_judged_scores_stay_as_they_are(scores, labels):
    """No curve is better than one made of nothing."""
    assert fit_calibrator(scores, labels) == Calibrator()


def test_a_perfect_ranking_is_left_alone_though_it_is_not_calibrated():
    """An area above 0.999: the chances are near 0 and 1 already."""
    scores, labels = np.linspace(0.4, 0.6, 500), (np.arange(500) >= 250).astype(float)
    assert roc_auc_score(labels, scores) == 1.0
    assert not calibration_helps(scores, labels)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=4, max_size=80), st.integers(2, 10))
def test_the_error_lies_between_0_and_1_whatever_the_order_of_the_parts(rows, parts):
    """And is 0 when every score is its label."""
    scores, labels = np.array([s for s, _ in rows]), np.array([float(y) for _, y in rows])
    assert 0 <= calibration_error(scores, labels, parts) <= 1
    assert calibration_error(labels, labels, parts) == 0


@settings(max_examples=40)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=20, unique=True))
def test_a_curve_never_falls(points):
    """A higher score is never a lower chance."""
    ordered = tuple(sorted(points))
    found = Calibrator(scores=ordered, chances=ordered).chance(np.linspace(-1, 2, 50))
    assert (np.diff(found) >= 0).all()
