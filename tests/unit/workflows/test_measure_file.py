"""Predictions in a file: what kind they are, and sums that do not depend on how the file is read."""

import numpy as np
import polars as pl
import pytest

from keepfit.evaluation.metrics import measure
from keepfit.stats.profile import cells_of
from keepfit.workflows.measure_file import Judge, judge_for, measure_file

RNG = np.random.default_rng(1)
X = RNG.normal(0, 1, 600)
FRAME = pl.DataFrame(
    {
        "x": X,
        "minutes": X * 2,
        "guess": X * 2 + 1,
        "paid": X + RNG.normal(0, 1, 600) > 0,
        "chance": 1 / (1 + np.exp(-X)),
        "class": np.where(X > 0, "high", "low"),
        "said": np.where(X > 0.5, "high", "low"),
    }
).with_columns(as_number=pl.col("paid").cast(pl.Int8), decided=pl.col("chance").round())


@pytest.mark.parametrize(
    ("target", "prediction", "score", "task", "metric"),
    [
        ("minutes", "guess", "", "regression", "mae"),
        ("paid", "chance", "", "binary", "log_loss"),
        ("as_number", "decided", "chance", "binary", "log_loss"),
        ("paid", "decided", "", "binary", "error_rate"),
        ("class", "said", "", "multiclass", "error_rate"),
    ],
)
def test_the_task_is_read_off_the_target(target, prediction, score, task, metric):
    """0 and 1 are classes, other numbers values, text classes; a score goes before a decision."""
    judge = judge_for(FRAME, target, prediction, score)
    assert isinstance(judge, Judge)
    assert (judge.task, judge.metric) == (task, metric)


@pytest.mark.parametrize(
    ("target", "prediction", "why"),
    [
        ("paid", "guess", "'guess' is no probability"),
        ("class", "guess", "one is text and the other is not"),
        ("x", "none", "no row of the reference has both"),
    ],
)
def test_what_cannot_be_judged_is_said(target, prediction, why):
    """In words that name the columns."""
    assert why in judge_for(FRAME.with_columns(none=pl.lit(None, pl.Float64)), target, prediction)


@pytest.mark.parametrize(
    ("target", "prediction"), [("minutes", "guess"), ("paid", "chance"), ("class", "said")]
)
def test_sums_do_not_depend_on_the_parts(target, prediction):
    """A file read row by row measures as one read at once."""
    judge, cells = judge_for(FRAME, target, prediction), cells_of(FRAME, ["x"], [])
    whole = measure_file([FRAME], judge, cells)
    parts = measure_file(FRAME.iter_slices(7), judge, cells)
    name = {"regression": "rmse", "binary": "roc_auc", "multiclass": "accuracy"}[judge.task]
    assert measure(parts.sums, name).value == pytest.approx(measure(whole.sums, name).value)
    assert parts.loss.mean == pytest.approx(whole.loss.mean)
    assert (parts.rows, parts.slices.whole.n) == (600, 600)


def test_losses_are_those_of_the_rows():
    """Mean absolute errors, and shares of wrong classes."""
    assert measure_file([FRAME], judge_for(FRAME, "minutes", "guess"), {}).loss.mean == pytest.approx(1.0)
    wrong = measure_file([FRAME], judge_for(FRAME, "class", "said"), {}).loss.mean
    assert wrong == pytest.approx((FRAME["class"] != FRAME["said"]).mean())


def test_rows_without_a_target_or_a_prediction_are_left_out():
    """And rows with an infinite one count, but spoil no sum."""
    some = FRAME.with_columns(minutes=pl.when(pl.int_range(pl.len()) >= 10).then("minutes"))
    assert measure_file([some], judge_for(some, "minutes", "guess"), {}).rows == 590
    wild = FRAME.with_columns(
        guess=pl.when(pl.int_range(pl.len()) >= 1).then("guess").otherwise(float("inf"))
    )
    assert measure_file([wild], judge_for(FRAME, "minutes", "guess"), {}).loss.mean == pytest.approx(1.0)
