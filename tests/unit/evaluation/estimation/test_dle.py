"""Estimates from features: they know of other inputs, and not of another world."""

import numpy as np
import polars as pl
import pytest

from keepfit.adapters.codec import pack, unpack
from keepfit.evaluation.estimation.dle import (
    RegressionSpec,
    estimate_losses,
    fit_dle,
    loss_of,
    matured_losses,
)
from keepfit.evaluation.estimation.sums import EstimateSums
from keepfit.evaluation.losses import row_losses
from keepfit.registry.signature import Feature, Kind


def realised(name, predictions, labels):
    return row_losses(name, labels, predictions).mean()


@pytest.mark.parametrize("far", [0.1, 0.5, 0.9])
def test_later_labels_say_what_was_estimated(rmse_fitted, parcels, far):
    """Whatever the mix of the inputs becomes, within a tenth; the losses of far and near differ threefold."""
    spec, models = rmse_fitted
    rows, predictions, labels = parcels(4000, seed=5, far=far)
    found = estimate_losses(spec, models, rows, predictions)
    for name in ("mae", "mse"):
        assert found.losses[name].mean == pytest.approx(realised(name, predictions, labels), rel=0.1)


def test_it_knows_nothing_of_concept_drift(rmse_fitted, parcels):
    """Errors twice as large behind the same inputs: the estimate stays, as it says of itself."""
    spec, models = rmse_fitted
    rows, predictions, labels = parcels(3000, seed=6, worse=2.0)
    found = estimate_losses(spec, models, rows, predictions)
    assert realised("mae", predictions, labels) > 1.8 * found.losses["mae"].mean


def test_what_a_row_may_do_by_itself_is_learned_too(rmse_fitted, parcels):
    """The variance of the losses about their expectation; of squares, whose own are rough, within two fifths."""
    spec, models = rmse_fitted
    rows, predictions, labels = parcels(4000, seed=7)
    found = matured_losses(spec, models, rows, predictions, labels)
    squares = found.difference.squares / found.n
    assert found.expected.losses["mse"].variance / found.n == pytest.approx(squares, rel=0.4)


def test_what_came_true_is_held_against_it(rmse_fitted, parcels):
    """In squares, for the metric is RMSE."""
    spec, models = rmse_fitted
    rows, predictions, labels = parcels(500, seed=8)
    found = matured_losses(spec, models, rows, predictions, labels)
    assert found.realised.mean == pytest.approx(realised("mse", predictions, labels))
    assert found.realised.mean - found.difference.mean == pytest.approx(found.expected.losses["mse"].mean)
    assert found.positives == {}


def test_the_rows_that_it_learned_from_are_estimated_by_models_that_had_not_seen_them(rmse_fitted):
    """So that what is stored of them does not flatter: as large an error as of new rows, not a smaller one."""
    spec, _ = rmse_fitted
    held_out = spec.held_out
    assert held_out.n == 1000
    assert held_out.expected.losses["mse"].mean == pytest.approx(held_out.realised.mean, rel=0.1)
    assert set(spec.spread) == {"mae", "mse"}
    # Of |z|, z normal, the variance is (π / 2 - 1) times the squared mean: 0.57.
    assert spec.spread["mae"] == pytest.approx(np.pi / 2 - 1, abs=0.12)


def test_the_sums_of_parts_are_those_of_the_whole(rmse_fitted, parcels):
    """Chunks of a window; no rows add nothing."""
    spec, models = rmse_fitted
    rows, predictions, _ = parcels(600, seed=9)
    whole = estimate_losses(spec, models, rows, predictions)
    parts = [
        estimate_losses(spec, models, rows[start : start + 200], predictions[start : start + 200])
        for start in (0, 200, 400)
    ]
    assert sum(parts, EstimateSums()).losses["mae"].total == pytest.approx(whole.losses["mae"].total)
    assert whole + estimate_losses(spec, models, rows[:0], predictions[:0]) == whole


def test_whatever_a_feed_brings_is_estimated(rmse_fitted, parcels):
    """New categories, nulls, words for numbers, infinities and columns that are not there: as missing, or as far out."""
    spec, models = rmse_fitted
    rows, predictions, _ = parcels(100, seed=10)
    strange = rows.with_columns(carrier=pl.lit("drone"), hour=pl.lit(None, pl.Int64), colour=pl.lit("red"))
    found = estimate_losses(spec, models, strange, predictions)
    assert found.n == 100
    assert 0 < found.losses["mae"].mean < 10


def test_a_metric_of_its_own_is_estimated(parcels, inputs):
    """Beside the losses that are estimated of every regression."""
    rows, predictions, labels = parcels(150)
    spec, models = fit_dle(rows, predictions, labels, inputs=inputs, metric="pinball@0.9")
    assert set(models) == {"mae", "mse", "pinball@0.9"}
    found = matured_losses(spec, models, rows, predictions, labels)
    assert found.realised.mean == pytest.approx(realised("pinball@0.9", predictions, labels))
    assert found.expected.losses["pinball@0.9"].mean == pytest.approx(found.realised.mean, rel=0.05)


def test_a_feature_that_held_nothing_is_left_out(parcels, inputs):
    """A category without any value cannot be learned from."""
    rows, predictions, labels = parcels(100)
    empty = Feature("gift", Kind.CATEGORY, text=True)
    gifts = rows.with_columns(gift=pl.lit(None, pl.String))
    spec, models = fit_dle(gifts, predictions, labels, inputs=(*inputs, empty), metric="mae")
    assert [one.name for one in spec.features] == ["miles", "carrier", "hour"]
    assert estimate_losses(spec, models, rows, predictions).n == 100


def test_what_was_learned_is_stored_and_comes_back(rmse_fitted, parcels):
    """All but the models, which are stored beside it."""
    spec, models = rmse_fitted
    again = unpack(pack(spec), RegressionSpec)
    rows, predictions, _ = parcels(50, seed=3)
    assert again == spec
    assert estimate_losses(again, models, rows, predictions) == estimate_losses(
        spec, models, rows, predictions
    )


def test_rmse_is_read_from_squares():
    """Every other metric from losses of its own name."""
    assert [loss_of(one) for one in ("rmse", "mse", "pinball@0.9")] == ["mse", "mse", "pinball@0.9"]
