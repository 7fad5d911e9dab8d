"""A change must last: alarms that count only when they were seen in several windows in a row."""

from collections.abc import Sequence
from dataclasses import replace

from keepfit.monitoring.finding import Finding, Verdict
from keepfit.monitoring.record import CheckRecord

_SEEN = frozenset({Verdict.ALARM, Verdict.PENDING})


def persistent(findings: Sequence[Finding], earlier: Sequence[CheckRecord], windows: int) -> list[Finding]:
    """The findings, where an alarm that has not been seen in `windows` windows in a row is pending.

    Args:
        findings: of the newest window.
        earlier: the records of the windows before it, oldest first.
        windows: how many in a row it takes, this one included; 1 leaves every alarm as it is.
    """
    return [_held(one, earlier, windows) if one.alarms else one for one in findings]


def _held(finding: Finding, earlier: Sequence[CheckRecord], windows: int) -> Finding:
    seen = 1
    for record in reversed(earlier):
        if seen >= windows or not _saw(record, finding):
            break
        seen += 1
    if seen >= windows:
        return finding
    says = f"{finding.says} (in {seen} of the {windows} windows in a row that it takes)"
    return replace(finding, verdict=Verdict.PENDING, says=says, fault=None)


def _saw(record: CheckRecord, finding: Finding) -> bool:
    return any(
        one.check is finding.check and one.subject == finding.subject and one.verdict in _SEEN
        for one in record.findings
    )
