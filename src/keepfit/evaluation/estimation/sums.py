"""What an estimator expects of a window, and what came of it, as sums that add up."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keepfit.evaluation.estimation.score_sums import ScoreSums
from keepfit.evaluation.loss import Floats
from keepfit.evaluation.loss_sums import NO_LOSSES, LossSums
from keepfit.stats.numeric_profile import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedLoss:
    """The losses that are expected of rows whose label is not known. A commutative monoid.

    Attributes:
        n: rows.
        total: the sum of the expected losses e.
        squares: the sum of e².
        variance: the sum of each row's own variance: how far its loss may lie from e.
    """

    n: int = 0
    total: float = 0.0
    squares: float = 0.0
    variance: float = 0.0

    @classmethod
    def of(cls, expected: Floats, variance: Floats) -> "ExpectedLoss":
        """From the expected loss of each row and its variance, both of shape (n,)."""
        return cls(
            n=int(expected.size),
            total=float(expected.sum()),
            squares=float(np.dot(expected, expected)),
            variance=float(variance.sum()),
        )

    def __add__(self, other: "ExpectedLoss") -> "ExpectedLoss":
        return ExpectedLoss(
            n=self.n + other.n,
            total=self.total + other.total,
            squares=self.squares + other.squares,
            variance=self.variance + other.variance,
        )

    @property
    def mean(self) -> float:
        """The estimated mean loss; NaN of no rows."""
        return self.total / self.n if self.n else math.nan

    @property
    def scatter(self) -> float:
        """By how much the realised mean of these very rows may miss the estimate: √(Σ variance) / n."""
        return math.sqrt(max(0.0, self.variance)) / self.n if self.n else math.inf

    @property
    def as_losses(self) -> LossSums:
        """The sums that the labels would give, as far as is known: everything that takes losses takes these.

        By the law of total variance E[l²] = e² + Var l, so that the standard error is that of as many labelled rows:
        the sampling error of the estimate.

        >>> ExpectedLoss(n=4, total=4.0, squares=4.0, variance=3.0).as_losses.standard_error
        0.5
        """
        return LossSums(self.n, self.total, self.squares + self.variance)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EstimateSums:
    """The performance that one version's estimator expects in one window. `EstimateSums()` is the identity of `+`.

    Attributes:
        losses: metric → the losses that are expected; every loss that adds up, and `mse` for `rmse`.
        scores: for a classification, class → its scores and chances by cell; of two classes, the positive one.
        confusion: with more than two classes, the rows expected of each class (first axis) by the most probable
            class (second axis), shape (classes, classes).
    """

    losses: Mapping[str, ExpectedLoss] = field(default_factory=dict)
    scores: Mapping[str, ScoreSums] = field(default_factory=dict)
    confusion: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def n(self) -> int:
        """Rows."""
        return max((one.n for one in self.losses.values()), default=0)

    def __add__(self, other: "EstimateSums") -> "EstimateSums":
        return EstimateSums(
            losses=_added(self.losses, other.losses),
            scores=_added(self.scores, other.scores),
            confusion=_stacked(self.confusion, other.confusion),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EstimateSums) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def _state(self) -> tuple[object, ...]:
        return (*_pairs(self.losses), *_pairs(self.scores), self.confusion.shape, self.confusion.tobytes())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MaturedSums:
    """Rows whose label has come: what was expected of them, and what they were. `MaturedSums()` is the identity of `+`.

    Attributes:
        expected: of these rows alone.
        realised: their losses, in the metric of the model.
        difference: the same less what was expected, row by row.
        positives: for a classification, class → rows of it in each cell of its scores, shape (cells,).
    """

    expected: EstimateSums = field(default_factory=EstimateSums)
    realised: LossSums = NO_LOSSES
    difference: LossSums = NO_LOSSES
    positives: Mapping[str, Counts] = field(default_factory=dict)

    def __add__(self, other: "MaturedSums") -> "MaturedSums":
        return MaturedSums(
            expected=self.expected + other.expected,
            realised=self.realised + other.realised,
            difference=self.difference + other.difference,
            positives=_added(self.positives, other.positives),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MaturedSums) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def _state(self) -> tuple[object, ...]:
        counts = tuple((name, one.tobytes()) for name, one in sorted(self.positives.items()))
        return (self.expected, self.realised, self.difference, counts)

    @property
    def n(self) -> int:
        """Labelled rows."""
        return self.realised.n


def total_matured(parts: Iterable[MaturedSums]) -> MaturedSums:
    """The sum of any number of windows."""
    return sum(parts, MaturedSums())


def _added(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    """Two families of sums, added key by key; a key that one of them lacks counts as nothing there."""
    together = dict(left)
    for name, one in right.items():
        together[name] = together[name] + one if name in together else one
    return dict(sorted(together.items()))


def _stacked(left: Floats, right: Floats) -> Floats:
    if not left.size or not right.size:
        return right if right.size else left
    return np.add(left, right)


def _pairs(family: Mapping[str, object]) -> tuple[tuple[str, object], ...]:
    return tuple(sorted(family.items(), key=lambda pair: pair[0]))
