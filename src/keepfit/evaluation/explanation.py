"""What is said of a change in the mean loss: its parts, and two sentences."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keepfit.evaluation.evidence import display
from keepfit.evaluation.loss_sums import LossSums
from keepfit.evaluation.wording import percent
from keepfit.stats.intervals import Interval, normal_quantile

#: A share of the change is told when it is known to within this much.
WIDEST: Final = 0.3
#: Shares that have a name of their own.
_NAMED: Final = (
    (0.25, "a quarter"),
    (1 / 3, "a third"),
    (0.5, "half"),
    (2 / 3, "two thirds"),
    (0.75, "three quarters"),
    (0.9, "nine tenths"),
    (1.0, "all"),
)
#: How far a share may lie from the one that it is called by.
_NEAR: Final = 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one slice contributes to the change. The parts of a feature add up to the whole change.

    Attributes:
        feature: the feature that tells its rows.
        first, last: its coarse cells.
        label: the slice in words.
        rows: its share of the labelled rows now.
        rows_before: the same on the rows where the version was validated.
        mean, mean_before: its mean loss; NaN without rows.
        change: in the mean loss of all rows, in the loss's unit: `mix + loss`.
        mix: what would have come of the changed number of its rows alone, at the losses of before: (w - r)(l - m), with w
            and r its shares of the rows, l its mean loss before and m that of all rows before. Rows of a kind that there
            was none of before count here.
        loss: what comes of its rows' changed losses: w times their change.
        share: `change` as a share of the whole change; negative for a part that went the other way.
        interval: of `share`, at 95 %.
        sure: whether the slice surely has more of the change than its rows, and than its losses before, would have given
            it; with honest odds for all slices that were looked at.
    """

    feature: str
    first: int
    last: int
    label: str
    rows: float
    rows_before: float
    mean: float
    mean_before: float
    change: float
    mix: float
    loss: float
    share: float
    interval: Interval
    sure: bool

    @property
    def known(self) -> bool:
        """Whether its share is known well enough to be told."""
        return self.interval.high - self.interval.low <= 2 * WIDEST


@dataclass(frozen=True, slots=True, kw_only=True)
class MixChange:
    """What a changed mix of one feature's values did to the mean loss, by itself.

    Features that hang together tell of the same rows: their mixes do not add up, and the largest comes first.

    Attributes:
        feature: its name.
        change: in the mean loss, had each coarse cell kept its loss: Σ (w - r) l.
        share: of the whole change.
        interval: of `share`; holds for all features at once, at 95 %.
        gained: the cell that added most by having more rows, or fewer, in words, with both shares.
        sure: whether the mix surely makes a share worth telling.
    """

    feature: str
    change: float
    share: float
    interval: Interval
    gained: str
    sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Where a change in the mean loss comes from.

    Attributes:
        metric: its name; losses are in its unit, squared for `rmse`.
        n: labelled rows now.
        before, after: the mean losses.
        total: the change, `after - before`.
        interval: of `total`, at 95 %.
        parts: of every feature, whose changes add up to `total`; first those that surely stand out, of which the ones with a
            known share come first; then by how far their share of the change is above that of the rows.
        mixes: of every feature, the largest first.
        says: one sentence or two.
    """

    metric: str
    n: int
    before: float
    after: float
    total: float
    interval: Interval
    parts: tuple[Part, ...]
    mixes: tuple[MixChange, ...]
    says: str

    @property
    def causes(self) -> tuple[Part, ...]:
        """The parts that surely stand out, in the order of `parts`."""
        return tuple(part for part in self.parts if part.sure)


def share_in_words(share: float) -> str:
    """A share as people say it.

    >>> share_in_words(0.76), share_in_words(0.42), share_in_words(1.4)
    ('three quarters', '42 %', 'more than all')
    """
    if share > 1 + _NEAR:
        return "more than all"
    value, name = min(_NAMED, key=lambda pair: abs(pair[0] - share))
    return name if abs(value - share) <= _NEAR else f"{share:.0%}".replace("%", " %")


def told(metric: str, mean_loss: float) -> str:
    """A mean loss as people read it: the root for `rmse`; two decimals, or three significant digits below one.

    >>> told("rmse", 9.0), told("mae", 0.12345)
    ('3.00', '0.123')
    """
    return _figure(display(metric, max(0.0, mean_loss) if metric == "rmse" else mean_loss))


def _figure(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"


def headline(metric: str, before: LossSums, after: LossSums, *, clear: bool) -> str:
    """How the metric changed, with the 95 % interval of the change in the metric's own unit."""
    old, new = told(metric, before.mean), told(metric, after.mean)
    low, high = _shown_change(metric, before, after)
    if not clear:
        return f"{metric} is {new} and was {old}: no change that {after.n:,} rows could tell from chance"
    verb = "rose" if after.mean > before.mean else "fell"
    return f"{metric} {verb} from {old} to {new} (by {low:.2g} to {high:.2g}) on {after.n:,} labelled rows"


def _shown_change(metric: str, before: LossSums, after: LossSums) -> tuple[float, float]:
    """The ends of the interval of the size of the change, the smaller first; for a root by the delta method."""
    ends = [display(metric, one.mean) for one in (before, after)]
    slopes = [0.5 / end if metric == "rmse" and end else 1.0 for end in ends]
    errors = [slope * one.standard_error for slope, one in zip(slopes, (before, after), strict=True)]
    size, reach = abs(ends[1] - ends[0]), normal_quantile(0.975) * math.hypot(*errors)
    return max(0.0, size - reach), size + reach


def sentences(opening: str, metric: str, causes: Sequence[Part], mixes: Sequence[MixChange], n: int) -> str:
    """The headline, and what makes the change: the slice that stands out most, a changed mix, or nothing.

    Args:
        opening: the headline.
        metric: its name.
        causes: the parts that surely stand out, the most telling first.
        mixes: the changes of mix that surely count, the largest first.
        n: labelled rows now.
    """
    if not causes and not mixes:
        return f"{opening}. It is spread evenly, as far as {n:,} rows tell: no slice stands out"
    first = _of_part(metric, causes[0], n) if causes else _of_mix(mixes[0])
    second = _second(metric, causes, mixes, n) if causes else ""
    return f"{opening}. {first[0].upper()}{first[1:]}{second}"


def _second(metric: str, causes: Sequence[Part], mixes: Sequence[MixChange], n: int) -> str:
    """Another cause: one that may well be of other rows, or that is of another kind: a mix beside changed losses."""
    first = causes[0]
    room = 1 - first.interval.low
    if mixes and not _by_mix(first):
        return f"; {_of_mix(mixes[0])}{_overlap(mixes[0].interval, room)}"
    others = [one for one in causes if one.feature != first.feature and one.known]
    fitting = [one for one in others if one.interval.low <= room or _by_mix(one) != _by_mix(first)]
    return f"; {_of_part(metric, fitting[0], n)}{_overlap(fitting[0].interval, room)}" if fitting else ""


def _overlap(second: Interval, room: float) -> str:
    return "" if second.low <= room else " (some of these are the same rows)"


def _by_mix(part: Part) -> bool:
    """Whether a good part of it comes of more rows, or fewer."""
    return abs(part.mix) > abs(part.change) / 4


def _most(share: float, interval: Interval) -> str:
    """A share in words: above the whole only when it surely is."""
    return share_in_words(min(share, 1.0) if interval.low <= 1 else share)


def _of_mix(mix: MixChange) -> str:
    return (
        f"{_most(mix.share, mix.interval)} of that ({_percents(mix.interval)}) comes from a changed mix of "
        f"{mix.feature}: {mix.gained}"
    )


def _of_part(metric: str, part: Part, n: int) -> str:
    were = f", which were {percent(part.rows_before)}" if _by_mix(part) else ""
    norm = f", was {told(metric, part.mean_before)}" if math.isfinite(part.mean_before) else ""
    rows = f"{percent(part.rows)} of the rows{were}; {metric} there is {told(metric, part.mean)}{norm}"
    if part.known:
        return f"{_most(part.share, part.interval)} of that ({_percents(part.interval)}) comes from {part.label}: {rows}"
    return (
        f"what stands out is {part.label}: {rows}; how much of the whole that makes, {n:,} rows do not tell"
    )


def _percents(interval: Interval) -> str:
    return f"{interval.low * 100:.0f} to {interval.high * 100:.0f} %"
