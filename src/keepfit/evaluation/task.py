"""What a model is asked to predict, and the metric that its quality is judged by."""

from dataclasses import dataclass
from typing import Literal

RegressionMetric = Literal["mae", "mse", "rmse"]
ClassificationMetric = Literal["log_loss", "brier", "error_rate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """Predict a number.

    Args:
        target: the column to predict.
        metric: `mae`, `mse` or `rmse`; lower is better.
    """

    target: str
    metric: RegressionMetric = "mae"


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """Predict the probability that a 0/1 target is 1.

    Args:
        target: the column to predict, 0 or 1 (or boolean).
        metric: `log_loss`, `brier` or `error_rate` (at a threshold of one half); lower is better.
    """

    target: str
    metric: ClassificationMetric = "log_loss"


Task = Regression | Classification
