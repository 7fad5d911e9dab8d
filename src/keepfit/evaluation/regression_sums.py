"""What every metric of a regression is read off: sums of errors, of labels, and of their products."""

import math
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from keepfit.evaluation.loss_sums import NO_LOSSES, LossSums
from keepfit.evaluation.losses import relative_errors
from keepfit.evaluation.measure import Measure, mean_of, normal_of, unknown
from keepfit.stats.intervals import Interval

Floats = NDArray[np.float64]

#: Rows with a larger magnitude are counted but not summed: the sum of their fourth powers would overflow.
LARGEST: Final = 1e70


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionSums:
    """Sums over labelled rows, with u = label - prediction and d = label - centre.

    `+` is commutative and associative (floats up to rounding), with `empty(centre)` as its identity. Errors are kept by
    their sign, since the pinball loss of every quantile, and any cost a unit, is a sum of the two sides.

    Attributes:
        centre: about which labels are summed, fixed by the reference: far from 0 their squares would cancel.
        n: rows that were summed.
        unsummed: rows whose label or prediction is infinite or larger than 1e70.
        under, under_squares: Σ u and Σ u² where the prediction was too low.
        over, over_squares: Σ -u and Σ u² where it was too high.
        fourths: Σ u⁴.
        d1, d2, d3, d4: Σ d, Σ d², Σ d³, Σ d⁴.
        cross1, cross2: Σ u² d and Σ u² d².
        relative: |u / label| where the label is not 0.

    >>> sums = RegressionSums.of(0.0, np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 2.0]))
    >>> sums.n, sums.under, sums.over
    (3, 2.0, 1.0)
    """

    centre: float
    n: int = 0
    unsummed: int = 0
    under: float = 0.0
    under_squares: float = 0.0
    over: float = 0.0
    over_squares: float = 0.0
    fourths: float = 0.0
    d1: float = 0.0
    d2: float = 0.0
    d3: float = 0.0
    d4: float = 0.0
    cross1: float = 0.0
    cross2: float = 0.0
    relative: LossSums = NO_LOSSES

    @classmethod
    def empty(cls, centre: float) -> "RegressionSums":
        """The sums of no rows."""
        return cls(centre=centre)

    @classmethod
    def of(cls, centre: float, labels: Floats, predictions: Floats) -> "RegressionSums":
        """The sums of rows, both arrays of shape (n,) and without NaN."""
        kept = (np.abs(labels) <= LARGEST) & (np.abs(predictions) <= LARGEST)
        y, p = labels[kept], predictions[kept]
        u, d = y - p, y - centre
        low, high = np.maximum(u, 0.0), np.maximum(-u, 0.0)
        squares = u * u
        return cls(
            centre=centre,
            n=int(y.size),
            unsummed=int(labels.size - y.size),
            under=float(low.sum()),
            under_squares=float(np.dot(low, low)),
            over=float(high.sum()),
            over_squares=float(np.dot(high, high)),
            fourths=float(np.dot(squares, squares)),
            d1=float(d.sum()),
            d2=float(np.dot(d, d)),
            d3=float(np.dot(d * d, d)),
            d4=float(np.dot(d * d, d * d)),
            cross1=float(np.dot(squares, d)),
            cross2=float(np.dot(squares, d * d)),
            relative=_known(relative_errors(y, p)),
        )

    def __add__(self, other: "RegressionSums") -> "RegressionSums":
        if self.centre != other.centre:
            raise ValueError("sums about different centres cannot be added: take the same reference for both")
        names = [one.name for one in fields(RegressionSums) if one.name != "centre"]
        return RegressionSums(
            centre=self.centre, **{name: getattr(self, name) + getattr(other, name) for name in names}
        )

    @property
    def absolute(self) -> LossSums:
        """The sums of |u|."""
        return LossSums(self.n, self.under + self.over, self.squares)

    @property
    def squared(self) -> LossSums:
        """The sums of u²."""
        return LossSums(self.n, self.squares, self.fourths)

    @property
    def signed(self) -> LossSums:
        """The sums of prediction - label."""
        return LossSums(self.n, self.over - self.under, self.squares)

    @property
    def squares(self) -> float:
        """Σ u²."""
        return self.under_squares + self.over_squares

    def sided(self, under: float, over: float) -> LossSums:
        """The sums of a loss of `under` a unit that the prediction is too low, and `over` a unit too high."""
        return LossSums(
            self.n,
            under * self.under + over * self.over,
            under**2 * self.under_squares + over**2 * self.over_squares,
        )


def _known(errors: Floats) -> LossSums:
    return LossSums.of(errors[~np.isnan(errors)])


def mae(sums: RegressionSums, _: float, confidence: float) -> Measure:
    """`Σ |u| / n`."""
    return mean_of(sums.absolute, confidence)


def mse(sums: RegressionSums, _: float, confidence: float) -> Measure:
    """`Σ u² / n`."""
    return mean_of(sums.squared, confidence)


def rmse(sums: RegressionSums, _: float, confidence: float) -> Measure:
    """The root of the MSE, and of the ends of its interval: a root keeps the order."""
    found = mean_of(sums.squared, confidence)
    value, low, high = (math.sqrt(max(0.0, one)) for one in (found.value, found.low, found.high))
    return Measure(value=value if sums.n else math.nan, low=low, high=high, n=sums.n)


def bias(sums: RegressionSums, _: float, confidence: float) -> Measure:
    """`Σ (prediction - label) / n`: above 0 when predictions are too high."""
    return mean_of(sums.signed, confidence)


def mape(sums: RegressionSums, _: float, confidence: float) -> Measure:
    """`Σ |u / label| / m` over the m rows whose label is not 0; a share, not per cent."""
    return mean_of(sums.relative, confidence)


def pinball(sums: RegressionSums, quantile: float, confidence: float) -> Measure:
    """`Σ max(q u, (q - 1) u) / n` for the quantile q: least where a share q of the labels lies below the predictions."""
    return mean_of(sums.sided(quantile, 1 - quantile), confidence)


def r2(sums: RegressionSums, _: float, confidence: float) -> Measure:
    """`1 - Σ u² / Σ (label - mean)²`; NaN when the labels do not vary.

    Its error is that of the ratio A / B of two means, by the delta method:
    `Var(A / B) = Var(u² - (A / B) (label - mean)²) / (n B²)`.
    """
    n = sums.n
    if n < 2:
        return unknown(n, high=1.0)
    mean = sums.d1 / n
    spread = sums.d2 / n - mean**2
    if spread <= 1e-15 * sums.d2 / n:
        return unknown(n, high=1.0)
    loss = sums.squares / n
    ratio = loss / spread
    # Moments about the mean from those about the centre.
    fourth = (sums.d4 - 4 * mean * sums.d3 + 6 * mean**2 * sums.d2) / n - 3 * mean**4
    mixed = (sums.cross2 - 2 * mean * sums.cross1 + mean**2 * sums.squares) / n
    variance = (
        (sums.fourths / n - loss**2) - 2 * ratio * (mixed - loss * spread) + ratio**2 * (fourth - spread**2)
    )
    error = math.sqrt(max(0.0, variance) / n) / spread
    return normal_of(1 - ratio, error, n, confidence, Interval(-math.inf, 1.0))


def cost(sums: RegressionSums, under: float, over: float, confidence: float = 0.95) -> Measure:
    """What a row costs on average, at so much a unit that the prediction is too low, and too high."""
    return mean_of(sums.sided(under, over), confidence)
