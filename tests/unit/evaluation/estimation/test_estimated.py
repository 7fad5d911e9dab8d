"""Metrics read off what is expected: against scikit-learn on labels drawn by the chances, and their intervals."""

import math

import numpy as np
import pytest
from sklearn import metrics

from keepfit.errors import DataError
from keepfit.evaluation.estimation.calibration import Calibrator
from keepfit.evaluation.estimation.cbpe import ClassificationSpec, estimate_scores
from keepfit.evaluation.estimation.estimated import estimable, estimated
from keepfit.evaluation.estimation.ranking import Groups, roc_auc
from keepfit.evaluation.estimation.sums import EstimateSums, ExpectedLoss
from keepfit.evaluation.metrics import METRICS
from keepfit.evaluation.score_cells import ScoreCells

RNG = np.random.default_rng(1)
SCORES = RNG.beta(0.8, 1.2, 5000)
CARDS = RNG.dirichlet([0.7, 1.0, 1.5], 5000)
BINARY = ClassificationSpec(
    metric="log_loss", classes=("0", "1"), calibrators=(Calibrator(),), cells=(ScoreCells.of(SCORES),)
)
THREE = ClassificationSpec(
    metric="log_loss",
    classes=("a", "b", "c"),
    calibrators=(Calibrator(),) * 3,
    cells=tuple(ScoreCells.of(one) for one in CARDS.T),
)


def labels_of(chances, seed):
    """Drawn by the chances of the classes, shape (n, classes)."""
    rng = np.random.default_rng(seed)
    return (chances.cumsum(axis=1) > rng.uniform(size=(len(chances), 1))).argmax(axis=1)


def two(seed):
    return labels_of(np.column_stack([1 - SCORES, SCORES]), seed)


JUDGES = {
    "roc_auc": lambda y: metrics.roc_auc_score(y, SCORES),
    "average_precision": lambda y: metrics.average_precision_score(y, SCORES),
    "log_loss": lambda y: metrics.log_loss(y, SCORES),
    "brier": lambda y: metrics.brier_score_loss(y, SCORES),
    "accuracy": lambda y: metrics.accuracy_score(y, SCORES >= 0.5),
    "error_rate": lambda y: 1 - metrics.accuracy_score(y, SCORES >= 0.5),
    "precision": lambda y: metrics.precision_score(y, SCORES >= 0.5),
    "precision@0.3": lambda y: metrics.precision_score(y, SCORES >= 0.3),
    "recall": lambda y: metrics.recall_score(y, SCORES >= 0.5),
    "recall@0.3": lambda y: metrics.recall_score(y, SCORES >= 0.3),
    "specificity": lambda y: metrics.recall_score(1 - y, SCORES < 0.5),
    "f1": lambda y: metrics.f1_score(y, SCORES >= 0.5),
    "error_rate@0.3": lambda y: 1 - metrics.accuracy_score(y, SCORES >= 0.3),
    "prevalence": lambda y: y.mean(),
}
CLASS_JUDGES = {
    "accuracy": metrics.accuracy_score,
    "micro_f1": lambda y, p: metrics.f1_score(y, p, average="micro"),
    "macro_precision": lambda y, p: metrics.precision_score(y, p, average="macro"),
    "macro_recall": lambda y, p: metrics.recall_score(y, p, average="macro"),
    "weighted_f1": lambda y, p: metrics.f1_score(y, p, average="weighted"),
    "macro_roc_auc": lambda y, _p: metrics.roc_auc_score(y, CARDS, multi_class="ovr"),
    "log_loss": lambda y, _p: metrics.log_loss(y, CARDS),
}


@pytest.mark.parametrize("metric", JUDGES)
def test_it_is_what_labels_give_on_average_and_the_interval_holds_them(metric):
    """Thirty sets of labels for the same scores: their mean is the estimate, and nearly all lie in the interval."""
    found = estimated(estimate_scores(BINARY, SCORES), metric)
    realised = np.array([JUDGES[metric](two(seed)) for seed in range(30)])
    assert found.value == pytest.approx(realised.mean(), abs=0.005)
    assert ((realised >= found.low) & (realised <= found.high)).mean() >= 0.9
    assert found.high - found.low < 0.12


@pytest.mark.parametrize("metric", CLASS_JUDGES)
def test_so_it_is_with_three_classes(metric):
    """Averages over classes too."""
    found = estimated(estimate_scores(THREE, CARDS), metric)
    taken = CARDS.argmax(axis=1)
    realised = np.array([CLASS_JUDGES[metric](labels_of(CARDS, seed), taken) for seed in range(15)])
    assert found.value == pytest.approx(realised.mean(), abs=0.006)
    assert ((realised >= found.low) & (realised <= found.high)).mean() >= 0.85


def test_the_area_of_the_cells_is_that_of_the_rows():
    """Of five thousand different scores, within a hundred thousandth."""
    found = estimated(estimate_scores(BINARY, SCORES), "roc_auc")
    assert found.value == pytest.approx(roc_auc(Groups.of(SCORES, SCORES)), abs=1e-5)


def test_an_area_is_found_where_the_reference_had_no_scores():
    """A window whose scores all lie near an end: within a thousandth."""
    near = np.random.default_rng(2).beta(0.3, 30, 5000)
    found = estimated(estimate_scores(BINARY, near), "roc_auc")
    assert found.value == pytest.approx(roc_auc(Groups.of(near, near)), abs=1e-3)


def test_the_loss_of_a_regression_is_shown_in_its_unit():
    """RMSE is the root of the mean square, and so are the ends of its interval."""
    sums = EstimateSums(losses={"mse": ExpectedLoss(n=100, total=400.0, squares=1600.0, variance=990.0)})
    square, root = estimated(sums, "mse"), estimated(sums, "rmse")
    assert (root.value, root.n) == (2.0, 100)
    assert (root.low, root.high) == (
        pytest.approx(math.sqrt(square.low)),
        pytest.approx(math.sqrt(square.high)),
    )
    assert estimable(sums) == ["mse", "rmse"]
    assert square.high - 4 == pytest.approx(1.96 * math.sqrt(990 / 99) / 10, rel=1e-3)


def test_a_wider_confidence_is_a_wider_interval():
    """Of every metric."""
    sums = estimate_scores(BINARY, SCORES)
    for metric in estimable(sums):
        wide, narrow = estimated(sums, metric, 0.99), estimated(sums, metric, 0.8)
        assert wide.low < narrow.low <= narrow.value <= narrow.high < wide.high


@pytest.mark.parametrize(
    ("spec", "scores", "task"), [(BINARY, SCORES, "binary"), (THREE, CARDS, "multiclass")]
)
def test_the_names_are_those_of_realised_metrics(spec, scores, task):
    """So that an estimate can stand beside what came true; `error_rate` is kept of every classification."""
    assert set(estimable(estimate_scores(spec, scores))) <= {*METRICS[task], "error_rate"}


def test_what_cannot_be_estimated_is_said():
    """With what was perhaps meant."""
    with pytest.raises(
        DataError, match="'roc_auk' cannot be estimated before the labels have come"
    ) as caught:
        estimated(estimate_scores(BINARY, SCORES[:5]), "roc_auk")
    assert "roc_auc" in caught.value.hint
    with pytest.raises(DataError, match="'mae' cannot be estimated"):
        estimated(EstimateSums(), "mae")


def test_no_rows_have_no_metric():
    """NaN, with the widest interval."""
    sums = estimate_scores(BINARY, np.zeros(0))
    for metric in estimable(sums):
        assert math.isnan(estimated(sums, metric).value)


def test_one_row_is_no_certainty():
    """An estimate from a single row: everything is possible."""
    sums = estimate_scores(BINARY, np.array([0.7]))
    area, share = estimated(sums, "roc_auc"), estimated(sums, "accuracy")
    assert (area.low, area.high) == (0.0, 1.0)
    assert share.value == pytest.approx(0.7)
    assert share.low <= 0.3
    assert share.high > 0.9
