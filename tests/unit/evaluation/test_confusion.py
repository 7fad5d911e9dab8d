"""Decisions at a threshold, against scikit-learn's metrics of the raw decisions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as judge

from keepfit.evaluation import confusion
from keepfit.evaluation.confusion import Confusion

counts = st.integers(0, 50)
confusions = st.builds(Confusion, counts, counts, counts, counts)


@given(confusions, confusions, confusions)
def test_confusions_are_a_commutative_monoid(a, b, c):
    """Counts of parts are those of the whole."""
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + Confusion() == a
    assert ((a + b).matrix == a.matrix + b.matrix).all()


def test_each_metric_is_scikit_learns():
    """From the four counts alone."""
    rng = np.random.default_rng(1)
    y, decided = rng.random(500) < 0.3, rng.random(500) < 0.4
    (tn, fp), (fn, tp) = judge.confusion_matrix(y, decided)
    found = Confusion(int(tp), int(fp), int(fn), int(tn))
    assert found.matrix.tolist() == judge.confusion_matrix(y, decided).tolist()
    for name, expected in {
        "precision": judge.precision_score(y, decided),
        "recall": judge.recall_score(y, decided),
        "specificity": judge.recall_score(~y, ~decided),
        "f1": judge.f1_score(y, decided),
        "accuracy": judge.accuracy_score(y, decided),
        "error_rate": 1 - judge.accuracy_score(y, decided),
    }.items():
        measured = getattr(confusion, name)(found, 0.95)
        assert measured.value == pytest.approx(expected)
        assert 0 <= measured.low <= measured.value <= measured.high <= 1


def test_what_has_no_rows_is_not_defined():
    """Precision without a yes, recall without a positive: not 0, but unknown, and anything between 0 and 1."""
    none = Confusion(true_negatives=10)
    for name in ("precision", "recall", "f1"):
        found = getattr(confusion, name)(none, 0.95)
        assert math.isnan(found.value)
        assert (found.low, found.high, found.n) == (0.0, 1.0, 0)
    assert confusion.accuracy(none, 0.95).value == 1.0


def test_the_interval_of_f1_holds_the_truth_as_often_as_it_says():
    """In 2,000 windows of 300 rows, of which 40 are positive or decided so: 95 % within two points."""
    rng = np.random.default_rng(2)
    shares = np.array([0.08, 0.03, 0.03, 0.86])
    truth = 2 * 0.08 / (2 * 0.08 + 0.06)
    held = [
        found.low <= truth <= found.high
        for found in (
            confusion.f1(Confusion(*row), 0.95) for row in rng.multinomial(300, shares, 2000).tolist()
        )
    ]
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)
