"""What a model is asked to predict, the metric that its quality is judged by, and what its mistakes cost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

#: What a unit of error costs: where the prediction is too low, and where it is too high.
UnitCosts = tuple[float, float]
#: What a decision costs, by actual class (no, yes), then by decision (no, yes).
DecisionCosts = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """Predict a number.

    Args:
        target: the column to predict.
        metric: `mae`, `mse`, `rmse`, `mape` (where the label is 0, a prediction is wholly wrong or right), or
            `pinball@0.9` for a model of that quantile; lower is better.
        cost: what a unit costs that the prediction is too low, and too high: `(2, 1)`. It is reported, not judged by.

    Raises:
        ValueError: a cost is no finite number, or there are not two.
    """

    target: str
    metric: str = "mae"
    cost: UnitCosts | None = None

    def __post_init__(self) -> None:
        if self.cost is not None:
            object.__setattr__(self, "cost", _pair(self.cost, "cost is two numbers, as in cost=(2, 1)"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """Predict the probability that a 0/1 target is 1.

    Args:
        target: the column to predict, 0 or 1 (or boolean).
        metric: `log_loss`, `brier` or `error_rate` (at a threshold of one half); lower is better.
        cost: what a decision at a threshold of one half costs, by actual class, then by decision:
            `((0, 1), (10, 0))` when a false alarm costs 1 and a miss 10. It is reported, not judged by.

    Raises:
        ValueError: a cost is no finite number, or they are not two rows of two.
    """

    target: str
    metric: str = "log_loss"
    cost: DecisionCosts | None = None

    def __post_init__(self) -> None:
        if self.cost is not None:
            says = "cost is two rows of two numbers, as in cost=((0, 1), (10, 0))"
            no, yes = _two(self.cost, says)
            object.__setattr__(self, "cost", (_pair(no, says), _pair(yes, says)))


Task = Regression | Classification


def _two(values: Sequence[T], says: str) -> tuple[T, T]:
    try:
        first, second = values
    except (TypeError, ValueError):
        raise ValueError(says) from None
    return first, second


def _pair(costs: Sequence[float], says: str) -> tuple[float, float]:
    first, second = _two(costs, says)
    try:
        pair = float(first), float(second)
    except (TypeError, ValueError):
        raise ValueError(says) from None
    if not all(math.isfinite(one) for one in pair):
        raise ValueError(says)
    return pair
