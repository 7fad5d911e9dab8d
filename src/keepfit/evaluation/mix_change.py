"""What a changed mix of rows does to the mean loss by itself: covariate shift, feature by feature."""

import math
from typing import Final

import numpy as np

from keepfit.evaluation.cell_losses import CellLosses, CellSums
from keepfit.evaluation.cell_slices import Floats
from keepfit.evaluation.explanation import WIDEST, MixChange
from keepfit.evaluation.loss_sums import LossSums
from keepfit.evaluation.slice_change import error_of, fieller
from keepfit.evaluation.wording import percent
from keepfit.stats.coarse import cell_label
from keepfit.stats.intervals import Interval, normal_quantile

#: A changed mix is told from this share of the change on.
LEAST_MIX: Final = 0.25


def mix_changes(
    now: CellLosses, expected: CellLosses, *, clear: bool, confidence: float = 0.95
) -> tuple[MixChange, ...]:
    """What each feature's changed mix did to the mean loss, the largest share of the change first.

    Σ (w - r)(l - m) over the feature's coarse cells, w and r their shares of the rows now and before, l their mean loss
    before, and m that of all rows before: what the mean loss would have become, had every cell kept its loss. Cells
    that held no row before have the loss they have now: a new kind of rows is a changed mix.

    Args:
        now, expected: losses in the same cells; neither without rows.
        clear: whether the mean loss surely changed at all; if not, no mix is sure.
        confidence: that all intervals hold at once (Bonferroni).
    """
    after, before = now.whole, expected.whole
    z = -normal_quantile((1 - confidence) / (2 * max(1, len(now.features))))
    found = [
        _mix(name, one, expected.features[name], after, before, z, clear=clear)
        for name, one in now.features.items()
    ]
    total = after.mean - before.mean
    return tuple(sorted(found, key=lambda mix: -math.copysign(1.0, total) * mix.change))


def _mix(
    name: str, new: CellSums, old: CellSums, after: LossSums, before: LossSums, z: float, *, clear: bool
) -> MixChange:
    w, r = new.counts / after.n, old.counts / before.n
    level = _levels(new, old) - before.mean
    each = (w - r) * level
    change, total = float(each.sum()), after.mean - before.mean
    apart, together = _moments(w, r, level, new, old)
    low, high = _interval(change, total, apart, error_of(after, before) ** 2, together, z)
    share = change / total if total else math.nan
    most = int(np.argmax(each * math.copysign(1.0, total)))
    return MixChange(
        feature=name,
        change=change,
        share=share,
        interval=Interval(low, high),
        gained=f"{cell_label(name, new.cells, most)} is {percent(float(w[most]))} of the rows, "
        f"was {percent(float(r[most]))}",
        sure=clear and low > 0 and share >= LEAST_MIX and high - low <= 2 * WIDEST,
    )


def _levels(new: CellSums, old: CellSums) -> Floats:
    """Each cell's mean loss before, or now where there was no row before."""
    known = np.where(old.counts > 0, old.totals, new.totals)
    counts = np.where(old.counts > 0, old.counts, new.counts)
    found: Floats = known / np.maximum(counts, 1)
    return found


def _moments(w: Floats, r: Floats, level: Floats, new: CellSums, old: CellSums) -> tuple[float, float]:
    """The variance of Σ (w - r) level, and its covariance with the whole change (the delta method).

    Both scatter by the mixes of the two sides, and by the mean losses that stand for the cells.
    """
    n, m = new.counts.sum(), old.counts.sum()
    middle = float(np.dot(w, level))
    of_now, of_old = (
        float(np.dot(w, level**2)) - middle**2,
        float(np.dot(r, level**2)) - float(np.dot(r, level)) ** 2,
    )
    held = old.counts > 0
    spread, other = np.where(held, _scatter(old), 0.0), np.where(held, 0.0, _scatter(new))
    moved = w - r
    cells = np.dot(moved**2, spread / np.maximum(old.counts, 1) + other / np.maximum(new.counts, 1))
    joint = float(np.dot(new.totals, level)) / n - middle * new.whole.mean
    together = (joint + np.dot(w, other)) / n + (of_old - np.dot(moved, spread)) / m
    return float(of_now / n + of_old / m + cells), float(together)


def _scatter(sums: CellSums) -> Floats:
    """The variance of the losses in each cell; 0 without rows."""
    counts = np.maximum(sums.counts, 1)
    found: Floats = np.maximum(0.0, sums.squares / counts - (sums.totals / counts) ** 2)
    return found


def _interval(change: float, total: float, apart: float, whole: float, together: float, z: float) -> Interval:
    """Of change / total."""
    one = np.ones(1)
    low, high = fieller(one * change, total, one * apart, one * whole, one * together, z)
    return Interval(float(low[0]), float(high[0]))
