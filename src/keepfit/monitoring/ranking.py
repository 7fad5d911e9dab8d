"""Which finding to read first: alarms before others, and among them what is likely to harm most."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from keepfit.monitoring.finding import Check, Finding, Verdict

_VERDICTS = {
    Verdict.ALARM: 0,
    Verdict.PENDING: 1,
    Verdict.INSUFFICIENT_DATA: 2,
    Verdict.OK: 3,
}

_SIZED_AS_SHARES = frozenset({Check.NULLS, Check.NEW_VALUE, Check.RANGE, Check.DRIFT, Check.TYPE})


def ranked(findings: Sequence[Finding], importance: Mapping[str, float]) -> list[Finding]:
    """The findings, the most urgent first, each with its `harm`.

    The harm is the share of rows concerned times the share of the model's skill that hangs on the column: the most that
    the change can cost. A column whose importance is not known counts as one of average importance.

    Args:
        findings: of one window.
        importance: column → how much worse the model does without it, in any unit; empty when that is not known.
    """
    shares = _shares_of_skill(importance)
    return sorted((_with_harm(one, _harm(one, shares)) for one in findings), key=_urgency)


def _with_harm(finding: Finding, harm: float | None) -> Finding:
    """Most findings have none, and stay what they are."""
    return finding if harm is None and finding.harm is None else replace(finding, harm=harm)


def _shares_of_skill(importance: Mapping[str, float]) -> dict[str, float]:
    kept = {name: max(0.0, value) for name, value in importance.items()}
    whole = sum(kept.values())
    return {name: value / whole for name, value in kept.items()} if whole else {}


def _harm(finding: Finding, shares: Mapping[str, float]) -> float | None:
    if not shares or finding.check not in _SIZED_AS_SHARES or math.isnan(finding.value):
        return None
    return max(0.0, finding.value - _usual(finding)) * shares.get(finding.subject, 1 / len(shares))


def _usual(finding: Finding) -> float:
    return 0.0 if math.isnan(finding.expected) else min(finding.expected, finding.value)


def _urgency(finding: Finding) -> tuple[object, ...]:
    harm = finding.harm if finding.harm is not None else 0.0
    p = finding.p if finding.p is not None else 1.0
    return (_VERDICTS[finding.verdict], finding.fault is None, -harm, p, finding.subject, finding.check)
