"""A finding: what one check saw in one window, and its verdict."""

from dataclasses import dataclass
from enum import StrEnum


class Check(StrEnum):
    """What was checked."""

    TRAFFIC = "traffic"
    SCHEMA = "schema"
    DUPLICATES = "duplicates"
    VOLUME = "volume"
    FRESHNESS = "freshness"
    NULLS = "nulls"
    TYPE = "type"
    NEW_VALUE = "new value"
    RANGE = "range"
    CONSTANT = "constant"
    UNIT = "unit"
    DRIFT = "drift"
    CORRELATION = "correlation"
    PREDICTION_DRIFT = "prediction drift"
    PERFORMANCE = "performance"
    ERRORS = "errors"
    CUSTOM = "custom"


#: Changes of what comes in, which say nothing of harm.
CHANGES = frozenset(
    {
        Check.NULLS,
        Check.NEW_VALUE,
        Check.RANGE,
        Check.DRIFT,
        Check.CORRELATION,
        Check.PREDICTION_DRIFT,
        Check.CUSTOM,
    }
)


class Verdict(StrEnum):
    """The different answers, and never one that hides another of them."""

    OK = "ok"
    ALARM = "alarm"
    #: It would alarm, but not for as many windows in a row yet as the policy asks for.
    PENDING = "pending"
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
        subject: the feature, pair of features, slice or metric.
        statistic: the name of `value`: `ks`, `total variation`, `null share`, `mae` …
        value: what it was; NaN when it could not be computed.
        expected: what the reference says it should be.
        threshold: what `value` had to pass to alarm, beside chance being no explanation.
        n: rows that it rests on.
        verdict: ok, alarm, pending, or insufficient data.
        says: one sentence: what changed, by how much, against what, how sure.
        fault: the rows at fault, when what alarms is a fault of the data and not a change of the world.
        p: the chance of at least `value` when nothing changed; None for a check that is no test.
        harm: what ranks findings: how much of the model's skill hangs on the feature, times the size of the change;
            None when that is not known.
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
    p: float | None = None
    harm: float | None = None

    @property
    def alarms(self) -> bool:
        """Whether the verdict is an alarm."""
        return self.verdict is Verdict.ALARM

    @property
    def breaks(self) -> bool:
        """Whether it alarms, and what alarms is a fault of the data."""
        return self.alarms and self.fault is not None
