"""What is expected of a window, and what became of it."""

import numpy as np
import polars as pl
import pytest

from keepfit.evaluation.estimation.estimator import fit_estimator
from keepfit.evaluation.task import Classification, Regression
from keepfit.monitoring.expectation import added, expectation_of
from keepfit.registry.signature import Feature, Kind

FEATURES = (Feature("miles", Kind.NUMBER), Feature("hour", Kind.NUMBER))


def _rides(n, seed):
    rng = np.random.default_rng(seed)
    miles, hour = rng.random(n) * 10, rng.integers(0, 24, n).astype(float)
    frame = pl.DataFrame({"miles": miles, "hour": hour})
    return frame, 3 * miles, 3 * miles + rng.normal(0, 0.1 + miles / 5, n)


def _answered(n, seed, labelled):
    frame, predictions, labels = _rides(n, seed)
    shown = np.where(np.arange(n) < labelled, labels, np.nan)
    return frame.select(
        pl.col("miles").alias("x_miles"),
        pl.col("hour").alias("x_hour"),
        prediction=pl.Series(predictions),
        label=pl.Series(shown).fill_nan(None),
    )


@pytest.fixture(scope="module")
def estimator():
    """Of a model whose error grows with the miles."""
    frame, predictions, labels = _rides(2000, 1)
    return fit_estimator(
        Regression(target="minutes"), labels=labels, predictions=predictions, features=frame, inputs=FEATURES
    )


def test_all_rows_are_estimated_and_the_labelled_ones_compared(estimator):
    """The estimate is of every answer; what became of it, of those whose label has come."""
    found = expectation_of(_answered(600, 2, labelled=200), estimator, FEATURES)
    assert (found.estimate.n, found.matured.n) == (600, 200)
    assert found.estimate.losses["mae"].mean == pytest.approx(found.matured.realised.mean, rel=0.25)


def test_expectations_of_windows_add_up(estimator):
    """In any order; nothing is known of a window without one."""
    one, other = (expectation_of(_answered(300, seed, labelled=100), estimator, FEATURES) for seed in (3, 4))
    both = added(one, other)
    assert (both.estimate.n, both.matured.n) == (600, 200)
    assert added(None, one) is added(one, None) is one
    assert added(None, None) is None


def test_a_feature_that_is_not_recorded_counts_as_null(estimator):
    """As for the model itself."""
    rows = _answered(100, 5, labelled=0).drop("x_hour")
    assert expectation_of(rows, estimator, FEATURES).estimate.n == 100


def test_without_an_estimator_or_rows_nothing_is_expected(estimator):
    """None, and not a number made up."""
    assert expectation_of(_answered(10, 6, labelled=0), None, FEATURES) is None
    assert expectation_of(pl.DataFrame(), estimator, FEATURES) is None


def test_probabilities_need_no_features():
    """Calibrated scores say how often they are right."""
    rng = np.random.default_rng(7)
    scores = rng.random(2000)
    labels = (rng.random(2000) < scores).astype(float)
    estimator = fit_estimator(
        Classification(target="late"), labels=labels, predictions=scores, features=pl.DataFrame(), inputs=()
    )
    rows = pl.DataFrame({"prediction": scores[:300], "label": labels[:300]})
    found = expectation_of(rows, estimator, ())
    assert found.estimate.losses["log_loss"].mean == pytest.approx(found.matured.realised.mean, rel=0.2)
