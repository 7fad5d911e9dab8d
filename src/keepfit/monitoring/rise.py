"""A share of rows that rose: the three floors that an alarm on nulls or on a new value must pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keepfit.evaluation.wording import chance, percent
from keepfit.monitoring.finding import Check, Fault, Finding, Verdict
from keepfit.monitoring.measured import Measured
from keepfit.stats.rise import rise_p_value

#: One-sided: a rise is a fault of the data when chance makes it less than once in ten thousand windows.
SURE: Final = 1e-4
#: A rise of nulls by this part of what makes a fault is a change that is told.
TOLD: Final = 0.4
#: The same for values that were never seen before: a new category may be rare and yet mean a new world.
TOLD_WHEN_NEW: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """Rows of one kind (null, or with one value), and what the reference says of them.

    Attributes:
        what: the kind, as the end of "passengers is …": `null`, `0`.
        hits: rows of the kind in the window.
        rows: all rows of the window.
        reference_hits: rows of the kind in the reference, or the most that there may be.
        reference_rows: all rows of the reference.
        block: the largest share of the kind in any of the reference's blocks.
        norm: what the reference holds, in words.
        fault: how the rows are told; None when the rise is no fault of the data, however large.
        times: how many times the share of the reference it must be, at least.
        least: the share of the window's rows that it must be to be a fault, at least.
        told: the part of what makes a fault that makes a change.
    """

    what: str
    hits: int
    rows: int
    reference_hits: int
    reference_rows: int
    block: float
    norm: str
    fault: Fault | None
    times: float = 1.0
    least: float = 0.0
    told: float = TOLD

    @property
    def share(self) -> float:
        """Of the window's rows."""
        return self.hits / self.rows if self.rows else 0.0

    @property
    def expected(self) -> float:
        """Of the reference's rows."""
        return self.reference_hits / self.reference_rows if self.reference_rows else 0.0

    @property
    def p(self) -> float:
        """The chance of so many rows of the kind when the window has the share of the reference."""
        return rise_p_value(self.hits, self.rows, self.reference_hits, self.reference_rows)

    def threshold(self, quality: float) -> float:
        """The share to reach: `quality` above the reference, half of it above its worst block, and `times` as much."""
        return max(self.expected + quality, self.block + quality / 2, self.expected * self.times)

    def changes(self, quality: float) -> bool:
        """Whether it is a change worth telling, chance aside."""
        return self.share >= self.threshold(self.told * quality)

    def large(self, quality: float) -> bool:
        """Whether it is large enough for a fault of the data, chance aside."""
        return self.share >= max(self.threshold(quality), self.least)

    def breaks(self, quality: float) -> bool:
        """Whether it is a fault of the data: large enough, and chance does not explain it."""
        return self.fault is not None and self.large(quality) and self.p < SURE

    def says(self, column: str) -> str:
        """One sentence."""
        return f"{column} is {self.what} in {percent(self.share)} of {self.rows:,} rows; {self.norm}"


def rise_test(
    check: Check, column: str, rises: Sequence[Rise], *, rows: int, quality: float, tried: int | None = None
) -> Measured:
    """The test of the worst of several rises: the largest that breaks the data, or changes it, or else the largest.

    One that tells its rows by a value goes before one that cannot tell them (a fault of kind `all`). With several,
    the p-value is that of the worst times their number (Bonferroni).

    Args:
        check: what the finding is called.
        column: whose rows they are.
        rises: some.
        rows: all rows of the window.
        quality: see `Monitor`.
        tried: how many rises there were, with those that are too small to be given; as many as `rises` when None.
    """
    if not rises:
        return Measured(finding=_none(check, column, rows, quality))
    worst = rises[0] if len(rises) == 1 else max(rises, key=lambda one: _weight(one, quality))
    worst_p, threshold = worst.p, worst.threshold(worst.told * quality)
    p = min(1.0, worst_p * (tried or len(rises)))
    beyond, says = worst.share >= threshold, worst.says(column)
    finding = Finding(
        check=check,
        subject=column,
        statistic=f"{check.value.removesuffix('s')} share",
        value=worst.share,
        expected=worst.expected,
        threshold=threshold,
        n=rows,
        verdict=Verdict.OK,
        says=says,
        p=p,
    )
    return Measured(
        finding=finding,
        beyond=beyond,
        says=f"{says} ({chance(p)})" if beyond else "",
        fault=worst.fault if beyond and worst.large(quality) and worst_p < SURE else None,
    )


def _weight(one: Rise, quality: float) -> tuple[bool, bool, bool, float]:
    telling = one.fault is not None and one.fault.kind != "all"
    return one.breaks(quality), one.changes(quality), telling, one.share


def _none(check: Check, column: str, rows: int, quality: float) -> Finding:
    return Finding(
        check=check,
        subject=column,
        statistic=f"{check.value} share",
        value=0.0,
        expected=0.0,
        threshold=quality,
        n=rows,
        verdict=Verdict.OK,
        says=_nothing(check, column, rows),
    )


def _nothing(check: Check, column: str, rows: int) -> str:
    if check is Check.RANGE:
        return f"the reference holds too few values of {column} to have a range"
    return f"{column} holds no new value more than once in {rows:,} rows"
