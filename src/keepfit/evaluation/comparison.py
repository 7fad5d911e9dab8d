"""Two versions on the same rows: the paired difference of their losses."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from keepfit.evaluation.evidence import LossSums
from keepfit.evaluation.losses import Floats
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

        One-sided, by the normal law of the paired mean difference; 0.5 when nothing can be told.
        """
        error = self.difference.standard_error
        if not math.isfinite(error):
            return 0.5
        gain = -self.difference.mean - by * self.incumbent.mean
        return normal_cdf(gain / error) if error > 0 else float(gain > 0)

    def confidence_worse(self, by: float = 0.0) -> float:
        """How sure it is that the challenger's mean loss is above (1 + by) times the incumbent's."""
        error = self.difference.standard_error
        if not math.isfinite(error):
            return 0.5
        loss = self.difference.mean - by * self.incumbent.mean
        return normal_cdf(loss / error) if error > 0 else float(loss > 0)
