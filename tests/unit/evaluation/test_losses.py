"""The loss of each row, against scikit-learn's metrics."""

from typing import get_args

import numpy as np
import pytest
from sklearn import metrics

from keepfit.evaluation.evidence import display
from keepfit.evaluation.losses import LOSSES, row_losses
from keepfit.evaluation.task import ClassificationMetric, RegressionMetric

RNG = np.random.default_rng(3)
Y, P = RNG.normal(10, 3, 400), RNG.normal(10, 3, 400)
LABEL, CHANCE = RNG.integers(0, 2, 400).astype(float), RNG.random(400)


def test_every_metric_that_a_task_may_name_has_a_loss():
    """And no loss is without a metric."""
    assert set(LOSSES) == {*get_args(RegressionMetric), *get_args(ClassificationMetric)}


@pytest.mark.parametrize(
    ("metric", "judge", "y", "p"),
    [
        ("mae", metrics.mean_absolute_error, Y, P),
        ("mse", metrics.mean_squared_error, Y, P),
        ("rmse", metrics.root_mean_squared_error, Y, P),
        ("log_loss", metrics.log_loss, LABEL, CHANCE),
        ("brier", metrics.brier_score_loss, LABEL, CHANCE),
        ("error_rate", lambda y, p: 1 - metrics.accuracy_score(y, p >= 0.5), LABEL, CHANCE),
    ],
)
def test_the_mean_of_the_losses_is_the_metric(metric, judge, y, p):
    """Shown in the unit that the metric is read in."""
    losses = row_losses(metric, y, p)
    assert losses.shape == (400,)
    assert losses.dtype == np.float64
    assert display(metric, losses.mean()) == pytest.approx(judge(y, p))


@pytest.mark.parametrize("metric", sorted(LOSSES))
def test_a_perfect_prediction_loses_nothing(metric):
    """Zero, and never below."""
    assert np.allclose(row_losses(metric, LABEL, LABEL), 0.0)
    assert (row_losses(metric, LABEL, CHANCE) >= 0).all()


def test_a_sure_and_wrong_probability_is_costly_and_finite():
    """One row cannot make a window's sum infinite."""
    losses = row_losses("log_loss", np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    assert np.isfinite(losses).all()
    assert (losses > 30).all()


def test_one_half_counts_as_yes():
    """The threshold of the error rate belongs to the positive class."""
    assert row_losses("error_rate", np.array([1.0, 0.0]), np.array([0.5, 0.5])).tolist() == [0.0, 1.0]
