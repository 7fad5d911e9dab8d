"""The loss of each row, against scikit-learn's metrics."""

import numpy as np
import pytest
from sklearn import metrics

from keepfit.evaluation.evidence import display
from keepfit.evaluation.losses import find_loss, metrics_for, relative_errors, row_losses

RNG = np.random.default_rng(3)
Y, P = RNG.normal(10, 3, 400), RNG.normal(10, 3, 400)
LABEL, CHANCE = RNG.integers(0, 2, 400).astype(float), RNG.random(400)


def test_every_task_has_its_metrics():
    """As they are written in a model file: a quantile belongs to pinball."""
    assert metrics_for("regression") == ["mae", "mse", "rmse", "mape", "pinball@0.9"]
    assert metrics_for("binary") == ["log_loss", "brier", "error_rate"]


@pytest.mark.parametrize(
    ("metric", "judge", "y", "p"),
    [
        ("mae", metrics.mean_absolute_error, Y, P),
        ("mse", metrics.mean_squared_error, Y, P),
        ("rmse", metrics.root_mean_squared_error, Y, P),
        ("mape", metrics.mean_absolute_percentage_error, Y, P),
        ("pinball@0.9", lambda y, p: metrics.mean_pinball_loss(y, p, alpha=0.9), Y, P),
        ("pinball@0.25", lambda y, p: metrics.mean_pinball_loss(y, p, alpha=0.25), Y, P),
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


@pytest.mark.parametrize("metric", [*metrics_for("regression"), *metrics_for("binary")])
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


def test_a_prediction_for_a_label_of_zero_is_wholly_wrong_or_right():
    """Also for one so near to 0 that the square of the error would be infinite; what is not known stays so."""
    labels, given = np.array([0.0, 0.0, 1e-300, 2.0, 0.0]), np.array([7.0, 0.0, 1.0, 1.0, np.nan])
    losses = row_losses("mape", labels, given)
    assert losses[:4].tolist() == [1.0, 0.0, 1.0, 0.5]
    assert np.isnan(losses[4])
    assert np.isnan(relative_errors(labels, given)).tolist() == [True, True, True, False, True]


@pytest.mark.parametrize(
    ("metric", "says"),
    [
        ("maee", "there is no metric 'maee': did you mean 'mae'?"),
        ("pinball", "'pinball' needs a number: write pinball@0.9"),
        ("pinball@", "what follows the @ is a number between 0 and 1, as in pinball@0.9"),
        ("pinball@1.5", "what follows the @ is a number between 0 and 1, as in pinball@0.9"),
        ("pinball@nan", "what follows the @ is a number between 0 and 1, as in pinball@0.9"),
        ("mae@0.5", "'mae@0.5': mae takes no number: write mae"),
    ],
)
def test_what_is_no_metric_is_told_with_what_to_write(metric, says):
    """The message ends with a metric that there is."""
    with pytest.raises(ValueError, match=r"metric|number") as caught:
        row_losses(metric, Y, P)
    assert says in str(caught.value)


@pytest.mark.parametrize("metric", ["mape", "pinball@0.9", "pinball@0.2", "mae"])
@pytest.mark.parametrize("zeros", [0, 30, 300])
def test_no_other_constant_loses_less(metric, zeros):
    """Among all labels, one of which is always among the best for these; for many labels of 0 it is 0."""
    labels = np.append(RNG.exponential(2.0, 200), np.zeros(zeros))
    loss, argument = find_loss(metric)

    def mean(constant):
        return row_losses(metric, labels, np.full(labels.size, constant)).mean()

    assert mean(loss.constant(labels, argument)) <= min(mean(one) for one in labels) + 1e-9
    assert loss.constant(np.zeros(3), argument) == 0.0
