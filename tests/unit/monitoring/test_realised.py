"""The realised performance of one window's answers."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from keepfit.clock import Window
from keepfit.evaluation.binary_sums import BinarySums
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.evaluation.metrics import measure
from keepfit.evaluation.regression_sums import RegressionSums
from keepfit.evaluation.task_sums import reference_sums
from keepfit.monitoring.realised import realised_performance
from keepfit.monitoring.reference import build_reference

START, HOUR = datetime(2020, 1, 1, tzinfo=UTC), timedelta(hours=1)
WINDOW = Window(START, START + 24 * HOUR)
ROWS = pl.DataFrame(
    {
        "prediction": [0.1, 0.9, 0.6, 0.3],
        "label": [0.0, 1.0, 0.0, None],
        "event_time": [START, START + 5 * HOUR, START + 20 * HOUR, START + 21 * HOUR],
        "label_time": [START + 2 * HOUR, START + 7 * HOUR, START + 30 * HOUR, None],
        "x_zone": ["a", "b", "a", "b"],
    }
)


def reference(metrics=None):
    return build_reference(
        pl.DataFrame({"at": [START] * 4}),
        features=(),
        time="at",
        every=24 * HOUR,
        expected=Performance(metrics=metrics),
        predictions=pl.Series([0.15, 0.25, 0.75, 0.85]),
    )


def realised(rows, metric="log_loss", metrics=None, slices=()):
    return realised_performance(
        rows, window=WINDOW, reference=reference(metrics), slices=slices, metric=metric
    )


def test_every_metric_of_the_task_can_be_read_off():
    """Of the labelled rows alone; the metric of the losses says which task it is."""
    binary, regression = realised(ROWS), realised(ROWS, "mae")
    assert isinstance(binary.metrics, BinarySums)
    assert isinstance(regression.metrics, RegressionSums)
    assert (binary.predicted, binary.labelled.n, binary.metrics.n) == (4, 3, 3)
    assert measure(binary.metrics, "roc_auc").value == 1.0
    assert measure(binary.metrics, "log_loss").value == pytest.approx(binary.labelled.mean)
    assert measure(regression.metrics, "mae").value == pytest.approx(regression.labelled.mean)


@pytest.mark.parametrize("metric", ["log_loss", "mae"])
def test_windows_of_a_version_add_up_with_its_reference(metric):
    """They are counted in the cells that were shipped with it; those of an older one in cells of its predictions."""
    rng = np.random.default_rng(1)
    scores = rng.random(50)
    shipped = reference_sums(metric, (rng.random(50) < scores).astype(float), scores)
    day = realised(ROWS, metric, shipped)
    assert (Performance(metrics=shipped) + day + day).metrics.n == 56
    older = realised(ROWS, metric)
    assert (older + older).metrics.n == 6


def test_the_delays_are_from_event_to_label():
    """Two labels took two hours, one ten; a label that has not come has none."""
    found = realised(ROWS).delays
    assert found.n == 3
    assert found.quantile(0.5) == 2 * HOUR
    assert found.quantile(1.0) == 10 * HOUR


def test_a_label_that_was_known_after_the_end_of_the_window_is_late():
    """It restates a window that was looked at already; one that came at the very end does so too."""
    assert realised(ROWS).late == 1
    at_the_end = ROWS.with_columns(label_time=pl.lit(WINDOW.end))
    assert realised(at_the_end).late == 3
    in_time = ROWS.with_columns(label_time=pl.lit(WINDOW.end - HOUR))
    assert realised(in_time).late == 0


def test_a_late_label_adds_its_loss_its_metrics_and_its_delay():
    """What was known before is unchanged: the numbers are those of the old rows and the new one."""
    before = realised(ROWS, slices=["zone"])
    after = realised(
        ROWS.with_columns(
            label=pl.col("label").fill_null(1.0), label_time=pl.col("label_time").fill_null(START + 50 * HOUR)
        ),
        slices=["zone"],
    )
    assert after.predicted == before.predicted
    assert (after.labelled - before.labelled).total == pytest.approx(-np.log(0.3))
    assert after.metrics.negatives.tolist() == before.metrics.negatives.tolist()
    assert (after.metrics.n, after.delays.n, after.late) == (4, 4, 2)
    assert after.slices["zone=a"] == before.slices["zone=a"]
    assert after.slices["zone=b"].n == before.slices["zone=b"].n + 1


def test_rows_without_labels_or_without_their_times():
    """No labels: predictions only. No times, as in a table that somebody brings: losses without delays."""
    assert realised(ROWS.with_columns(label=pl.lit(None))) == Performance(predicted=4)
    assert realised(ROWS.clear()) == Performance()
    bare = realised(ROWS.drop("label_time", "event_time"))
    assert (bare.labelled.n, bare.delays, bare.late) == (3, None, 0)


def test_labels_of_zero_count_by_their_relative_error_too():
    """The window is as mature as it is by any other metric; the metric itself is read off the other rows."""
    found = realised(ROWS, "mape")
    assert found.labelled == LossSums.of(np.array([1.0, 1 - 0.9, 1.0]))
    assert (found.maturity, measure(found.metrics, "mape").n) == (0.75, 1)
