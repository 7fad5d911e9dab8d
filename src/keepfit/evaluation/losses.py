"""The loss of one prediction: every metric that judges a model is a mean of these, so that it adds up."""

from typing import Final

import numpy as np

from keepfit.evaluation.loss import Floats, Loss, TaskName
from keepfit.evaluation.own_losses import own_loss
from keepfit.ids import did_you_mean

_EPSILON: Final = 1e-15
#: A label so near 0 that the error is this many times larger counts as 0: the sum of the squares would overflow.
_LARGEST_RATIO: Final = 1e140


def clipped_log_loss(y: Floats, p: Floats) -> Floats:
    """-log of the probability that was given to what happened, probabilities kept 1e-15 from 0 and 1 (Good 1952)."""
    clipped = np.clip(p, _EPSILON, 1 - _EPSILON)
    return -(y * np.log(clipped) + (1 - y) * np.log(1 - clipped))


def _squared(y: Floats, p: Floats, _: float) -> Floats:
    return (p - y) ** 2


def relative_errors(y: Floats, p: Floats) -> Floats:
    """|(p - y) / y| of each row; NaN where the label is 0, or so near to it that the square would overflow."""
    with np.errstate(over="ignore"):
        ratios = np.abs((p - y) / np.where(y == 0, np.nan, y))
    found: Floats = np.where(ratios <= _LARGEST_RATIO, ratios, np.nan)
    return found


def _relative(y: Floats, p: Floats, _: float) -> Floats:
    errors = relative_errors(y, p)
    found: Floats = np.where(np.isnan(errors) & ~np.isnan(p - y), (p != y).astype(np.float64), errors)
    return found


def _pinball(y: Floats, p: Floats, quantile: float) -> Floats:
    under = y - p
    found: Floats = np.maximum(quantile * under, (quantile - 1) * under)
    return found


def _wrong(y: Floats, p: Floats, _: float) -> Floats:
    found: Floats = ((p >= 0.5) != (y >= 0.5)).astype(np.float64)
    return found


def _least_relative(y: Floats, _: float) -> float:
    """The least mean of |c - y| / |y|: the median of y weighted by 1 / |y|, or 0 where more of the labels are 0."""
    ordered = np.sort(y[y != 0])
    if not ordered.size:
        return 0.0
    weight = np.cumsum(1 / np.abs(ordered))
    median = float(ordered[np.searchsorted(weight, weight[-1] / 2)])
    return min((median, 0.0), key=lambda one: float(_relative(y, np.full(y.size, one), 0.0).mean()))


#: metric → its losses. RMSE is the root of the mean of its losses.
LOSSES: Final[dict[str, Loss]] = {
    "mae": Loss(
        task="regression",
        rows=lambda y, p, _: np.abs(p - y),
        constant=lambda y, _: float(np.median(y)),
    ),
    "mse": Loss(task="regression", rows=_squared),
    "rmse": Loss(task="regression", rows=_squared),
    "mape": Loss(task="regression", rows=_relative, constant=_least_relative),
    "pinball": Loss(
        task="regression",
        rows=_pinball,
        constant=lambda y, quantile: float(np.quantile(y, quantile)),
        example=0.9,
    ),
    "log_loss": Loss(task="binary", rows=lambda y, p, _: clipped_log_loss(y, p)),
    "brier": Loss(task="binary", rows=_squared),
    "error_rate": Loss(task="binary", rows=_wrong),
}


def split_metric(metric: str) -> tuple[str, float | None]:
    """A metric's name and the number after its `@`, if there is one.

    Raises:
        ValueError: what follows is no number between 0 and 1.

    >>> split_metric("pinball@0.9"), split_metric("mae")
    (('pinball', 0.9), ('mae', None))
    """
    name, at, text = metric.partition("@")
    if not at:
        return name, None
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not 0 < number < 1:
        raise ValueError(f"'{metric}': what follows the @ is a number between 0 and 1, as in {name}@0.9")
    return name, number


def find_loss(metric: str) -> tuple[Loss, float]:
    """The losses of a metric, and its argument: NaN when it takes none.

    Raises:
        ValueError: there is no such metric, or its argument is missing or wrong.
    """
    name, argument = split_metric(metric)
    loss = LOSSES.get(name) or own_loss(name)
    if loss is None:
        hint = did_you_mean(name, LOSSES)
        own = "one of your own is declared with @keepfit.metric before the model"
        raise ValueError(f"there is no metric '{name}': {hint}; {own}")
    if loss.example is None and argument is not None:
        raise ValueError(f"'{metric}': {name} takes no number: write {name}")
    if loss.example is not None and argument is None:
        raise ValueError(f"'{metric}' needs a number: write {name}@{loss.example:g}")
    return loss, float("nan") if argument is None else argument


def row_losses(metric: str, labels: Floats, predictions: Floats) -> Floats:
    """The loss of each row, shape (n,), in the metric's unit (squared for `mse` and `rmse`).

    By `mape` a prediction for a label of 0, of which no error is a share, is wholly wrong: 1, or 0 where it is 0 itself.

    >>> row_losses("mae", np.array([1.0, 2.0]), np.array([1.5, 2.0])).tolist()
    [0.5, 0.0]
    >>> row_losses("pinball@0.9", np.array([1.0, 2.0]), np.array([0.0, 3.0])).round(2).tolist()
    [0.9, 0.1]
    """
    loss, argument = find_loss(metric)
    return loss.rows(labels, predictions, argument)


def metrics_for(task: TaskName) -> list[str]:
    """The metrics that a model of this task can be judged by, as they are written.

    >>> metrics_for("binary")
    ['log_loss', 'brier', 'error_rate']
    """
    return [
        name if loss.example is None else f"{name}@{loss.example:g}"
        for name, loss in LOSSES.items()
        if loss.task == task
    ]
