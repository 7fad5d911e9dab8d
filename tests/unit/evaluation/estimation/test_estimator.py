"""One estimator for both tasks, made at training time, or none at all."""

import numpy as np
import polars as pl
import pytest

from keepfit.adapters.codec import pack, unpack
from keepfit.errors import DataError
from keepfit.evaluation.estimation.cbpe import ClassificationSpec
from keepfit.evaluation.estimation.dle import RegressionSpec
from keepfit.evaluation.estimation.estimator import (
    LEAST_OF_A_CLASS,
    LEAST_ROWS,
    EstimatorSpec,
    PerformanceEstimator,
    fit_estimator,
)
from keepfit.evaluation.task import Classification, Regression

NO_FEATURES = pl.DataFrame()


def scored(n, positives, seed=1):
    """Scores and labels with so many positives."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(n)
    labels[rng.permutation(n)[:positives]] = 1.0
    return np.clip(rng.normal(0.3 + 0.4 * labels, 0.2), 0, 1), labels


def classified(n, positives):
    scores, labels = scored(n, positives)
    task = Classification(target="late", metric="brier")
    return fit_estimator(task, labels=labels, predictions=scores, features=NO_FEATURES, inputs=())


def test_a_classification_is_estimated_from_its_scores():
    """Features are not asked for."""
    estimator = classified(400, 150)
    scores, labels = scored(1000, 375, seed=2)
    assert isinstance(estimator.spec, ClassificationSpec)
    assert (estimator.spec.metric, estimator.loss_models) == ("brier", {})
    found = estimator.estimate(scores)
    assert found.n == 1000
    assert found.losses["brier"].mean == pytest.approx(((scores - labels) ** 2).mean(), rel=0.15)
    matured = estimator.matured(scores, labels)
    assert matured.expected == found
    assert matured.realised.mean == pytest.approx(((scores - labels) ** 2).mean())


def test_a_regression_is_estimated_from_its_features(parcels, inputs):
    """Which must be those of the same rows."""
    rows, predictions, labels = parcels(150)
    estimator = fit_estimator(
        Regression(target="minutes"), labels=labels, predictions=predictions, features=rows, inputs=inputs
    )
    assert isinstance(estimator.spec, RegressionSpec)
    assert set(estimator.loss_models) == {"mae", "mse"}
    assert estimator.estimate(predictions, rows).n == 150
    assert estimator.matured(predictions, labels, rows).realised.n == 150
    with pytest.raises(DataError, match="150 predictions came with none of the features"):
        estimator.estimate(predictions)
    with pytest.raises(DataError, match="149 predictions came with 150 rows of them of the features"):
        estimator.matured(predictions[1:], labels[1:], rows)


@pytest.mark.parametrize(
    ("n", "positives", "made"),
    [
        (LEAST_ROWS, 40, True),
        (LEAST_ROWS - 1, 40, False),
        (400, LEAST_OF_A_CLASS, True),
        (400, LEAST_OF_A_CLASS - 1, False),
        (400, 0, False),
        (400, 400 - LEAST_OF_A_CLASS + 1, False),
    ],
)
def test_from_too_few_rows_there_is_none(n, positives, made):
    """Nor from too few of a class: an estimate would be a guess."""
    assert (classified(n, positives) is not None) == made


def test_from_too_few_rows_of_a_regression_there_is_none(parcels, inputs):
    """Likewise."""
    rows, predictions, labels = parcels(LEAST_ROWS - 1)
    task = Regression(target="minutes")
    assert fit_estimator(task, labels=labels, predictions=predictions, features=rows, inputs=inputs) is None


def test_errors_that_no_tree_can_learn_make_no_estimator(parcels, inputs):
    """A prediction of 1e150 is no reason for a training to fail."""
    rows, predictions, labels = parcels(LEAST_ROWS)
    predictions[3] = 1e150
    task = Regression(target="minutes")
    assert fit_estimator(task, labels=labels, predictions=predictions, features=rows, inputs=inputs) is None


def test_the_spec_is_stored_whichever_it_is(parcels, inputs):
    """A tag tells the two apart."""
    rows, predictions, labels = parcels(LEAST_ROWS)
    regression = fit_estimator(
        Regression(target="minutes"), labels=labels, predictions=predictions, features=rows, inputs=inputs
    )
    for estimator in (classified(200, 80), regression):
        again = unpack(pack(estimator.spec, EstimatorSpec), EstimatorSpec)
        assert again == estimator.spec
        assert PerformanceEstimator(spec=again, loss_models=estimator.loss_models) == estimator
