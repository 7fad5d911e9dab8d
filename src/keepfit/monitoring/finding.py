"""A finding: what one check saw in one window, and its verdict."""

from dataclasses import dataclass
from enum import StrEnum


class Check(StrEnum):
    """What was checked."""

    TRAFFIC = "traffic"
    NULLS = "nulls"
    NEW_VALUE = "new value"
    UNIT = "unit"
    DRIFT = "drift"
    PREDICTION_DRIFT = "prediction drift"
    PERFORMANCE = "performance"
    ERRORS = "errors"


class Verdict(StrEnum):
    """The four different answers, and never a fifth that hides one of them."""

    OK = "ok"
    ALARM = "alarm"
    INSUFFICIENT_DATA = "insufficient data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Rows that a broken feed marks: those whose `column` is null, or holds `value`, or all of them.

    Attributes:
        column: the feature.
        kind: `null`, `value` or `all` (a unit change touches every row).
        value: with kind `value`, the value, as text for categories and as a number for numbers.
    """

    column: str
    kind: str
    value: str | float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check saw.

    Attributes:
        check: what was checked.
        subject: the feature, slice or metric.
        statistic: the name of `value`: `psi`, `ks`, `null share`, `mae` …
        value: what it was; NaN when it could not be computed.
        expected: what the reference says it should be.
        threshold: what `value` had to pass to alarm.
        n: rows that it rests on.
        verdict: ok, alarm, or insufficient data.
        says: one sentence: what changed, by how much, against what, how sure.
        fault: the rows at fault, for a check of data quality that alarms.
    """

    check: Check
    subject: str
    statistic: str
    value: float
    expected: float
    threshold: float
    n: int
    verdict: Verdict
    says: str
    fault: Fault | None = None

    @property
    def alarms(self) -> bool:
        """Whether the verdict is an alarm."""
        return self.verdict is Verdict.ALARM
