"""The table of metrics."""

import numpy as np
import pytest

from keepfit.evaluation.binary_sums import BinarySums
from keepfit.evaluation.losses import LOSSES
from keepfit.evaluation.metrics import METRICS, find_metric, measure, measure_cost, measures
from keepfit.evaluation.regression_sums import RegressionSums
from keepfit.evaluation.score_cells import ScoreCells
from keepfit.evaluation.task import Classification, Regression

Y = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
P = np.array([0.2, 0.7, 0.6, 0.3, 0.1])
REGRESSION = RegressionSums.of(0.5, Y, P)
BINARY = BinarySums.of(ScoreCells.of(P), Y, P)
EVERY = [metric for table in METRICS.values() for metric in table.values()]


@pytest.mark.parametrize("metric", EVERY, ids=lambda one: f"{one.task}-{one.name}")
def test_every_metric_says_what_it_is(metric):
    """Its task, which values are better, a formula, and where its interval comes from."""
    assert METRICS[metric.task][metric.name] is metric
    assert metric.better in ("lower", "higher", "closer to 0", "neither")
    assert metric.formula
    assert "interval" in metric.source


def test_whatever_a_model_is_judged_by_is_read_off_the_sums_too():
    """Every loss is a metric of its task, lower is better, and both have the same value."""
    for name, loss in LOSSES.items():
        assert METRICS[loss.task][name].better == "lower"
    assert measure(BINARY, "error_rate").value == pytest.approx(0.2)
    assert measure(REGRESSION, "mae").value == pytest.approx(np.abs(Y - P).mean())


def test_an_argument_follows_the_name():
    """A threshold, a quantile; the default when none is written."""
    assert measure(BINARY, "recall@0.65").value == pytest.approx(1 / 3)
    assert measure(BINARY, "recall").value == measure(BINARY, "recall@0.5").value == pytest.approx(2 / 3)
    assert find_metric("regression", "pinball@0.9")[1] == 0.9


@pytest.mark.parametrize(
    ("metric", "says"),
    [
        ("roc_au", "there is no binary metric 'roc_au': did you mean 'roc_auc'?"),
        ("roc_auc@0.5", "roc_auc takes no number"),
        ("recall@2", "a number between 0 and 1"),
        ("recall@0.123", "were not counted"),
    ],
)
def test_what_cannot_be_read_is_told(metric, says):
    """With what there is instead."""
    with pytest.raises(ValueError, match=r"metric|number|counted") as caught:
        measure(BINARY, metric)
    assert says in str(caught.value)


def test_all_metrics_of_the_task_are_measured_at_once():
    """In the order of the table; a wider interval for more confidence."""
    found = measures(BINARY)
    assert list(found) == list(METRICS["binary"])
    surer = measures(BINARY, 0.99)
    assert all(surer[name].high - surer[name].low >= one.high - one.low for name, one in found.items())


def test_a_cost_is_measured_where_one_is_declared():
    """By the task's own matrix or pair; sums of another task have no such cost."""
    costs = Classification(target="late", cost=((0, 1), (10, 0)))
    assert measure_cost(BINARY, costs).value == 2.0
    assert measure_cost(REGRESSION, Regression(target="late", cost=(1, 1))).value == pytest.approx(
        np.abs(Y - P).mean()
    )
    for sums, task in [
        (BINARY, Classification(target="late")),
        (REGRESSION, Regression(target="late")),
        (REGRESSION, costs),
    ]:
        assert measure_cost(sums, task) is None
