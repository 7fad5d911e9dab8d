"""Sums of losses: how many, their sum, the sum of their squares. A commutative monoid."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from keepfit.stats.intervals import Interval, normal_quantile


@dataclass(frozen=True, slots=True)
class LossSums:
    """How many losses, their sum and the sum of their squares.

    >>> week = LossSums.of(np.array([1.0, 3.0])) + LossSums.of(np.array([2.0]))
    >>> week.n, week.mean
    (3, 2.0)
    """

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, losses: NDArray[np.float64]) -> "LossSums":
        """The sums of an array of losses, shape (n,)."""
        return cls(int(losses.size), float(losses.sum()), float(np.dot(losses, losses)))

    def __add__(self, other: "LossSums") -> "LossSums":
        return LossSums(self.n + other.n, self.total + other.total, self.squares + other.squares)

    def __sub__(self, other: "LossSums") -> "LossSums":
        return LossSums(self.n - other.n, self.total - other.total, max(0.0, self.squares - other.squares))

    @property
    def mean(self) -> float:
        """The mean loss; NaN when there are none."""
        return self.total / self.n if self.n else math.nan

    @property
    def standard_error(self) -> float:
        """Of the mean; infinite with fewer than two losses, when nothing is known of the spread."""
        if self.n < 2:
            return math.inf
        variance = max(0.0, (self.squares - self.total**2 / self.n) / (self.n - 1))
        return math.sqrt(variance / self.n)

    def interval(self, confidence: float = 0.95) -> Interval:
        """A normal interval of the mean, by the central limit theorem."""
        reach = normal_quantile(0.5 + confidence / 2) * self.standard_error
        return Interval(self.mean - reach, self.mean + reach)


#: The sums of no losses.
NO_LOSSES: Final = LossSums()


def total(sums: Iterable[LossSums]) -> LossSums:
    """The sum of any number of sums."""
    return sum(sums, NO_LOSSES)


def merge_sums(left: Mapping[str, LossSums], right: Mapping[str, LossSums]) -> dict[str, LossSums]:
    """Two families of sums, added key by key."""
    return {key: left.get(key, NO_LOSSES) + right.get(key, NO_LOSSES) for key in sorted({*left, *right})}
