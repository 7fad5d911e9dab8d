"""Two versions on the same rows: the paired difference of their losses."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from keepfit.evaluation.evidence import LossSums
from keepfit.evaluation.loss import Floats
from keepfit.stats.intervals import normal_cdf


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Losses of a challenger and of the version it is held against, on the same rows.

    Pairing removes what the rows have in common (hard days are hard for both), so that far fewer
    rows tell two versions apart. A commutative monoid.

    Attributes:
        challenger, incumbent: the losses of each.
        difference: challenger's loss minus the incumbent's, row by row; negative is better.
        slices: the same differences by slice.
    """

    challenger: LossSums = LossSums()
    incumbent: LossSums = LossSums()
    difference: LossSums = LossSums()
    slices: Mapping[str, tuple[LossSums, LossSums, LossSums]] = field(default_factory=dict)

    @classmethod
    def of(cls, challenger: Floats, incumbent: Floats) -> "Comparison":
        """From the losses of each on the same rows, both of shape (n,)."""
        return cls(
            challenger=LossSums.of(challenger),
            incumbent=LossSums.of(incumbent),
            difference=LossSums.of(challenger - incumbent),
        )

    def __add__(self, other: "Comparison") -> "Comparison":
        keys = sorted({*self.slices, *other.slices})
        none = (LossSums(), LossSums(), LossSums())
        slices = {}
        for key in keys:
            a, b = self.slices.get(key, none), other.slices.get(key, none)
            slices[key] = (a[0] + b[0], a[1] + b[1], a[2] + b[2])
        return Comparison(
            challenger=self.challenger + other.challenger,
            incumbent=self.incumbent + other.incumbent,
            difference=self.difference + other.difference,
            slices=slices,
        )

    @property
    def n(self) -> int:
        """Rows compared."""
        return self.difference.n

    @property
    def relative(self) -> float:
        """The difference as a share of the incumbent's mean loss; -0.1 is a tenth better."""
        return self.difference.mean / self.incumbent.mean if self.incumbent.total else math.nan

    def confidence_better(self, by: float = 0.0) -> float:
        """How sure it is that the challenger's mean loss is below (1 - by) times the incumbent's.

        One-sided, by the normal law of the mean of challenger - (1 - by) * incumbent, row by row (the paired
        test of Student 1908, Biometrika 6, 1-25, for many rows); 0.5 when nothing can be told.
        """
        gap, error = self._gap(1 - by)
        return _sure_below_zero(gap, error)

    def confidence_worse(self, by: float = 0.0) -> float:
        """How sure it is that the challenger's mean loss is above (1 + by) times the incumbent's; likewise."""
        gap, error = self._gap(1 + by)
        return _sure_below_zero(-gap, error)

    def _gap(self, ratio: float) -> tuple[float, float]:
        """The mean of c - ratio * i over the rows, and its standard error.

        The variance needs no further sums: with d = c - i,
        Var(c - r i) = r Var d + (1 - r) (Var c - r Var i).
        """
        gap = self.difference.mean + (1 - ratio) * self.incumbent.mean
        if self.n < 2:
            return gap, math.inf
        squared = ratio * self.difference.standard_error**2 + (1 - ratio) * (
            self.challenger.standard_error**2 - ratio * self.incumbent.standard_error**2
        )
        return gap, math.sqrt(max(0.0, squared))


def _sure_below_zero(gap: float, error: float) -> float:
    if not (math.isfinite(gap) and math.isfinite(error)):
        return 0.5
    return normal_cdf(-gap / error) if error > 0 else float(gap < 0)
