"""A candidate on rows that it has not seen, beside another."""

import time

import numpy as np
import polars as pl
import pytest

from keepfit.evaluation.comparison import Comparison
from keepfit.evaluation.evidence import LossSums
from keepfit.evaluation.losses import row_losses
from keepfit.evaluation.metrics import measure
from keepfit.training.trial import (
    best_constant,
    held_out_performance,
    latency_p99_ms,
    slice_rows,
    try_candidate,
)

TEST = pl.DataFrame({"zone": ["a", "b", None, "a"], "code": [1, 1, 2, 2]})
ROWS = np.zeros((4, 2))
LABELS = np.array([1.0, 2.0, 3.0, 4.0])
MINE = np.array([1.0, 2.5, 3.0, 3.0])
OTHER = np.array([2.0, 2.0, 2.0, 2.0])


def test_losses_of_both_are_compared_row_by_row():
    """Whole and by slice."""
    trial = try_candidate(
        TEST, LABELS, MINE, OTHER, metric="mae", slices=("zone",), against="version 1", number=1
    )
    mine, other = np.abs(MINE - LABELS), np.abs(OTHER - LABELS)
    whole = Comparison.of(mine, other)
    assert trial.comparison.difference == whole.difference
    assert (trial.comparison.challenger, trial.comparison.incumbent) == (whole.challenger, whole.incumbent)
    assert trial.comparison.slices["zone=a"] == tuple(
        LossSums.of(one[[0, 3]]) for one in (mine, other, mine - other)
    )
    assert set(trial.comparison.slices) == {"zone=a", "zone=b", "zone=null"}
    assert (trial.against, trial.incumbent, trial.latency_p99_ms, trial.problem) == ("version 1", 1, None, "")


def test_the_held_out_losses_are_what_production_should_come_close_to():
    """Every held-out row is labelled."""
    found = held_out_performance(TEST, LABELS, MINE, metric="mse", slices=("code",))
    assert (found.predicted, found.maturity) == (4, 1.0)
    assert found.labelled == LossSums.of((MINE - LABELS) ** 2)
    assert found.slices["code=1"] == LossSums(2, 0.25, 0.0625)
    assert measure(found.metrics, "mae").value == np.abs(MINE - LABELS).mean()
    assert (found.delays, found.late) == (None, 0)


def test_the_held_out_scores_of_a_classification_are_counted_in_cells_of_their_own():
    """The task is known by its metric."""
    scores, labels = np.array([0.1, 0.4, 0.35, 0.8]), np.array([0.0, 0.0, 1.0, 1.0])
    found = held_out_performance(TEST, labels, scores, metric="log_loss", slices=())
    assert measure(found.metrics, "roc_auc").value == 0.75


def test_slices_are_every_value_of_every_column():
    """Each row is in one slice of each column; a row without a value is in `null`."""
    found = slice_rows(TEST, ("zone", "code"))
    assert {key: rows.tolist() for key, rows in found.items()} == {
        "code=1": [0, 1],
        "code=2": [2, 3],
        "zone=a": [0, 3],
        "zone=b": [1],
        "zone=null": [2],
    }
    assert slice_rows(TEST, ()) == {}


@pytest.mark.parametrize("metric", ["mae", "mse", "rmse", "mape", "pinball@0.9", "log_loss", "brier"])
def test_no_other_constant_is_better(metric):
    """On a fine grid of constants over skewed labels (0/1 for classifications)."""
    rng = np.random.default_rng(2)
    binary = metric in ("log_loss", "brier")
    labels = (rng.random(501) < 0.2) * 1.0 if binary else rng.exponential(1.0, 501)
    best = row_losses(metric, labels, np.full(501, best_constant(metric, labels))).mean()
    grid = np.linspace(0.01, 0.99, 99)
    assert all(best <= row_losses(metric, labels, np.full(501, one)).mean() + 1e-12 for one in grid)


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_the_constant_of_an_error_rate_is_the_larger_class(share):
    """By the threshold of one half."""
    labels = (np.arange(100) < 100 * share) * 1.0
    losses = row_losses("error_rate", labels, np.full(100, best_constant("error_rate", labels)))
    assert losses.mean() == pytest.approx(0.3)


def test_latency_is_the_processor_time_of_one_row():
    """A model that computes for four milliseconds takes four; one row at a time, over and over the rows there are."""
    heights = []

    def compute(rows):
        heights.append(len(rows))
        until = time.thread_time_ns() + 4_000_000
        while time.thread_time_ns() < until:
            pass
        return np.zeros(len(rows))

    assert 4.0 <= latency_p99_ms(compute, ROWS) < 40.0
    assert set(heights) == {1}
    assert len(heights) > 4


def test_waiting_for_something_else_is_not_the_models_time():
    """A busy machine says nothing of the model: wall time is not counted."""
    import threading

    def wait(rows):
        threading.Event().wait(0.002)
        return np.zeros(len(rows))

    assert latency_p99_ms(wait, ROWS) < 2.0
