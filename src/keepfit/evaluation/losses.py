"""The loss of one prediction: every metric here is a mean of these, so that it adds up."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_EPSILON: Final = 1e-15


def _log_loss(y: Floats, p: Floats) -> Floats:
    clipped = np.clip(p, _EPSILON, 1 - _EPSILON)
    return -(y * np.log(clipped) + (1 - y) * np.log(1 - clipped))


def _squared(y: Floats, p: Floats) -> Floats:
    return (p - y) ** 2


#: metric → loss of each row. RMSE is the root of the mean of its losses.
LOSSES: Final[dict[str, Callable[[Floats, Floats], Floats]]] = {
    "mae": lambda y, p: np.abs(p - y),
    "mse": _squared,
    "rmse": _squared,
    "log_loss": _log_loss,
    "brier": _squared,
    "error_rate": lambda y, p: ((p >= 0.5) != (y >= 0.5)).astype(np.float64),
}


def row_losses(metric: str, labels: Floats, predictions: Floats) -> Floats:
    """The loss of each row, shape (n,), in the metric's unit (squared for `mse` and `rmse`).

    >>> row_losses("mae", np.array([1.0, 2.0]), np.array([1.5, 2.0])).tolist()
    [0.5, 0.0]
    """
    return LOSSES[metric](labels, predictions)
