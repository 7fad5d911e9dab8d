"""A share of rows that rose: the three floors that an alarm on nulls or on a new value must pass."""

from collections.abc import Sequence
from dataclasses import dataclass

from keepfit.monitoring.finding import Check, Fault, Finding, Verdict
from keepfit.stats.noise import rise_p_value

#: One-sided: a rise that chance makes less than once in ten thousand windows is not chance.
SURE = 1e-4


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
        fault: how the rows are told.
        times: how many times the share of the reference it must be, at least.
        least: the share of the window's rows that it must be, at least.
    """

    what: str
    hits: int
    rows: int
    reference_hits: int
    reference_rows: int
    block: float
    norm: str
    fault: Fault
    times: float = 1.0
    least: float = 0.0

    @property
    def share(self) -> float:
        """Of the window's rows."""
        return self.hits / self.rows if self.rows else 0.0

    @property
    def expected(self) -> float:
        """Of the reference's rows."""
        return self.reference_hits / self.reference_rows if self.reference_rows else 0.0

    def threshold(self, quality: float) -> float:
        """The share to reach: `quality` above the reference, half of it above its worst block, and `times` as much."""
        return max(self.expected + quality, self.block + quality / 2, self.expected * self.times, self.least)

    def alarms(self, quality: float) -> bool:
        """Whether it reaches the threshold, and chance does not explain it."""
        if self.share < self.threshold(quality):
            return False
        return rise_p_value(self.hits, self.rows, self.reference_hits, self.reference_rows) < SURE

    @property
    def says(self) -> str:
        """One sentence."""
        column = self.fault.column
        return f"{column} is {self.what} in {percent(self.share)} of {self.rows:,} rows; {self.norm}"


def judge(check: Check, column: str, rises: Sequence[Rise], *, rows: int, quality: float) -> Finding:
    """The finding on the worst of several rises: the largest that alarms, or else the largest.

    One that tells its rows by a value goes before one that cannot tell them (a fault of kind `all`).
    """
    alarming = [rise for rise in rises if rise.alarms(quality)]
    worst = max(alarming or rises, key=lambda rise: (rise.fault.kind != "all", rise.share), default=None)
    return Finding(
        check=check,
        subject=column,
        statistic=f"{check.value.removesuffix('s')} share",
        value=worst.share if worst else 0.0,
        expected=worst.expected if worst else 0.0,
        threshold=worst.threshold(quality) if worst else quality,
        n=rows,
        verdict=Verdict.ALARM if alarming else Verdict.OK,
        says=worst.says if worst else f"{column} holds no new value more than once in {rows:,} rows",
        fault=worst.fault if worst and alarming else None,
    )


def percent(share: float) -> str:
    """A share as people write it.

    >>> percent(0.1582)
    '15.8 %'
    """
    return f"{share * 100:.1f} %"
