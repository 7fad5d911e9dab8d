"""A change in the mean loss, cut up by many slices at once."""

import math
from dataclasses import dataclass

import numpy as np

from keepfit.evaluation.cell_losses import CellLosses
from keepfit.evaluation.cell_slices import Floats, Slices, Sums, inside, outside
from keepfit.evaluation.loss_sums import LossSums


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The losses of one side, cut up by slices.

    Attributes:
        whole: all of them.
        within, others: those inside and outside of each slice.
    """

    whole: LossSums
    within: Sums
    others: Sums

    @classmethod
    def of(cls, slices: Slices, losses: CellLosses) -> "Side":
        """The losses of one side."""
        within = inside(slices, losses)
        return cls(whole=losses.whole, within=within, others=outside(losses.whole, within))

    @property
    def rows(self) -> Floats:
        """Each slice's share of the rows."""
        return self.within.n / self.whole.n

    @property
    def carried(self) -> Floats:
        """What each slice adds to the mean loss."""
        return self.within.total / self.whole.n

    def variance(self, a: Floats, b: Floats, c: Floats) -> Floats:
        """Of the mean over the rows of a · loss + b inside, and c · loss outside; all of shape (slices,)."""
        x, y, n = self.within, self.others, self.whole.n
        mean = (a * x.total + b * x.n + c * y.total) / n
        square = (a * a * x.squares + 2 * a * b * x.total + b * b * x.n + c * c * y.squares) / n
        found: Floats = np.maximum(0.0, square - mean * mean) / n
        return found

    def cautious_variance(self, a: Floats, b: Floats, c: Floats) -> Floats:
        """The same, losses inside and outside taken to scatter as much as the more scattered of the two.

        Few rows can look alike by chance, above all where losses are skewed: a test would take that for sureness.
        """
        x, y, n = self.within, self.others, self.whole.n
        widest = np.maximum(x.variance, y.variance)
        hidden = a * a * x.n * (widest - x.variance) + c * c * y.n * (widest - y.variance)
        found: Floats = self.variance(a, b, c) + hidden / n**2
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceChange:
    """A change cut up by slices; arrays of shape (slices,).

    Attributes:
        slices: which.
        now, old: both sides.
    """

    slices: Slices
    now: Side
    old: Side

    @classmethod
    def of(cls, slices: Slices, now: CellLosses, expected: CellLosses) -> "SliceChange":
        """The change from `expected` to `now`; neither is without rows."""
        return cls(slices=slices, now=Side.of(slices, now), old=Side.of(slices, expected))

    @property
    def total(self) -> float:
        """The change in the mean loss of all rows."""
        return self.now.whole.mean - self.old.whole.mean

    @property
    def change(self) -> Floats:
        """What each slice adds to the change, beyond what its rows cost at the old mean loss."""
        moved = self.now.rows - self.old.rows
        return self.now.carried - self.old.carried - moved * self.old.whole.mean

    @property
    def excess(self) -> tuple[Floats, Floats]:
        """How much more of the change each slice has than its rows: cov(in the slice, loss) now less before; its error."""
        m, k, w, r = self.now.whole.mean, self.old.whole.mean, self.now.rows, self.old.rows
        value = (self.now.carried - w * m) - (self.old.carried - r * k)
        scatter = self.now.cautious_variance(1 - w, np.full(w.shape, -m), -w)
        return value, np.sqrt(scatter + self.old.cautious_variance(1 - r, np.full(r.shape, -k), -r))

    @property
    def burden(self) -> tuple[Floats, Floats]:
        """How much more of all losses each slice bears now than before, at the old mean loss; its error."""
        m, k = self.now.whole.mean, self.old.whole.mean
        p, q = self.now.carried / m, self.old.carried / k
        none = np.zeros(p.shape)
        scatter = self.now.cautious_variance((1 - p) / m, none, -p / m)
        scatter = scatter + self.old.cautious_variance((1 - q) / k, none, -q / k)
        return (p - q) * k, np.sqrt(scatter) * abs(k)

    def share_intervals(self, z: float) -> tuple[Floats, Floats]:
        """Of each slice's share of the change (Fieller 1954, JRSS B 16, 175-185)."""
        apart = self._variance(0.0)
        whole = np.full(apart.shape, error_of(self.now.whole, self.old.whole) ** 2)
        together = (apart + whole - self._variance(1.0)) / 2
        return fieller(self.change, self.total, apart, whole, together, z)

    def _variance(self, share: float) -> Floats:
        """Of `change - share * total`."""
        k, moved = self.old.whole.mean, self.now.rows - self.old.rows
        level = np.full(moved.shape, -k)
        ones = np.ones(moved.shape)
        new = self.now.variance((1 - share) * ones, level, -share * ones)
        return new + self.old.variance(1 + moved - share, level, moved - share)


def error_of(after: LossSums, before: LossSums) -> float:
    """The standard error of the difference of two means."""
    return math.hypot(after.standard_error, before.standard_error)


def fieller(
    value: Floats, total: float, apart: Floats, whole: Floats, together: Floats, z: float
) -> tuple[Floats, Floats]:
    """The interval of value / total, from their variances and covariance; infinite when the total may be 0."""
    a = total * total - z * z * whole
    b = value * total - z * z * together
    c = value * value - z * z * apart
    root = np.sqrt(np.maximum(0.0, b * b - a * c))
    told = a > 0
    low = np.divide(b - root, a, out=np.full(value.shape, -np.inf), where=told)
    high = np.divide(b + root, a, out=np.full(value.shape, np.inf), where=told)
    return low, high
