"""Try a candidate on the rows that it has not seen, beside the champion or the best constant."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from keepfit.evaluation.comparison import Comparison
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.evaluation.loss import Floats
from keepfit.evaluation.losses import find_loss, row_losses
from keepfit.evaluation.task_sums import reference_sums
from keepfit.evaluation.trial import Trial
from keepfit.registry.output import MatrixPredict

#: From rows with the model's columns to one prediction a row, shape (n,).
Predict = Callable[[pl.DataFrame], Floats]

LATENCY_SAMPLES = 60


def try_candidate(
    test: pl.DataFrame,
    labels: Floats,
    candidate: Floats,
    incumbent: Floats,
    *,
    metric: str,
    slices: tuple[str, ...],
    against: str,
    number: int | None,
) -> Trial:
    """Losses of both on the same held-out rows, whole and by slice; arrays have shape (n,)."""
    mine, other = row_losses(metric, labels, candidate), row_losses(metric, labels, incumbent)
    parts = {key: (mine[rows], other[rows]) for key, rows in slice_rows(test, slices).items()}
    comparison = replace(
        Comparison.of(mine, other),
        slices={key: (LossSums.of(a), LossSums.of(b), LossSums.of(a - b)) for key, (a, b) in parts.items()},
    )
    return Trial(metric=metric, against=against, incumbent=number, comparison=comparison)


def held_out_performance(
    test: pl.DataFrame, labels: Floats, predictions: Floats, *, metric: str, slices: tuple[str, ...]
) -> Performance:
    """The candidate's losses on the held-out rows: what production should come close to."""
    losses = row_losses(metric, labels, predictions)
    return Performance(
        predicted=test.height,
        labelled=LossSums.of(losses),
        slices={key: LossSums.of(losses[rows]) for key, rows in slice_rows(test, slices).items()},
        metrics=reference_sums(metric, labels, predictions),
    )


def slice_rows(frame: pl.DataFrame, slices: tuple[str, ...]) -> Mapping[str, Floats]:
    """For each slice `column=value`, the positions of its rows."""
    found = {}
    for name in slices:
        indexed = frame.select(pl.col(name).cast(pl.String).fill_null("null").alias("value")).with_row_index(
            "row"
        )
        for (value,), rows in indexed.group_by("value", maintain_order=True):
            found[f"{name}={value}"] = rows["row"].to_numpy()
    return dict(sorted(found.items()))


def best_constant(metric: str, labels: Floats) -> float:
    """The constant that a model has to beat: the one of the least mean loss; the median for `mae`, as an example."""
    loss, argument = find_loss(metric)
    return loss.constant(labels, argument)


def latency_p99_ms(predict: MatrixPredict, rows: Floats) -> float:
    """How much processor time one prediction of one row takes, the 99th percentile of a few dozen, in milliseconds.

    Args:
        predict: from encoded features to predictions, as a server calls it.
        rows: encoded features to choose from, shape (n, features).

    On one thread, as servers run, and in processor time: how busy this machine is right now says nothing of the model.
    """
    from threadpoolctl import threadpool_limits

    samples = []
    with threadpool_limits(1):
        for i in range(LATENCY_SAMPLES):
            row = rows[i % len(rows)][None, :]
            start = time.thread_time_ns()
            predict(row)
            samples.append((time.thread_time_ns() - start) / 1e6)
    return float(np.quantile(samples[5:], 0.99))
