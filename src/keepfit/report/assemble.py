"""The report on two files, from their profiles and the findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.monitoring.kinds import KindOf
from keepfit.report.columns import column_report, reported
from keepfit.report.file_report import (
    ColumnReport,
    FileFacts,
    FileReport,
    LeftOut,
    Outcome,
    PerformanceReport,
    Settings,
)
from keepfit.stats.profile import CategoricalProfile, NumericProfile

Columns = Mapping[str, NumericProfile | CategoricalProfile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was looked at in two files, and what was seen there.

    Attributes:
        kinds: every column of the reference.
        profiles: of the columns that were compared, in the reference and in the current file.
        current_types: the columns of the current file and their types.
        findings: worst first.
        unjudged: predictions were to be judged, and could not be: then that nothing changed is not known.
    """

    kinds: Sequence[KindOf]
    profiles: tuple[Columns, Columns]
    current_types: Mapping[str, str]
    findings: Sequence[Finding]
    unjudged: bool = False

    @property
    def compared(self) -> list[KindOf]:
        """The columns that were compared."""
        return [one for one in self.kinds if one.kind is not None]

    @property
    def changed(self) -> int:
        """How many of them alarm."""
        return len({one.subject for one in self.findings if one.alarms} & {one.name for one in self.compared})

    @property
    def outcome(self) -> Outcome:
        """What came of it."""
        return _outcome(self.findings, told=bool(self.compared) and not self.unjudged)


def file_report(
    checked: Checked,
    *,
    keepfit: str,
    made_at: datetime,
    reference: FileFacts,
    current: FileFacts,
    settings: Settings,
    notes: Sequence[str] = (),
    performance: PerformanceReport | None = None,
) -> FileReport:
    """The report.

    Args:
        checked: what was looked at.
        keepfit: the version that makes it.
        made_at: when.
        reference, current: the files.
        settings: what was asked for.
        notes: what the reader should know.
        performance: of the predictions.
    """
    return FileReport(
        keepfit=keepfit,
        made_at=made_at,
        outcome=checked.outcome,
        says=_says(checked, reference, current),
        reference=reference,
        current=current,
        settings=settings,
        compared=len(checked.compared),
        changed=checked.changed,
        notes=tuple(notes),
        findings=tuple(reported(one) for one in checked.findings),
        columns=_columns(checked, settings),
        left_out=_left_out(checked.kinds),
        performance=performance,
    )


def _columns(checked: Checked, settings: Settings) -> tuple[ColumnReport, ...]:
    findings, (before, now) = checked.findings, checked.profiles
    columns = [
        column_report(
            one,
            before[one.name],
            now[one.name],
            [finding for finding in findings if finding.subject == one.name],
            role=_role(one.name, settings),
            current_type=checked.current_types.get(one.name, ""),
        )
        for one in checked.compared
    ]
    return tuple(_worst_first(columns, findings))


def _left_out(kinds: Sequence[KindOf]) -> tuple[LeftOut, ...]:
    return tuple(LeftOut(name=one.name, type=one.dtype, why=one.why) for one in kinds if one.kind is None)


def _worst_first(columns: Sequence[ColumnReport], findings: Sequence[Finding]) -> list[ColumnReport]:
    """Those that alarm in the order of their findings, then the others in the file's."""
    places = {finding.subject: place for place, finding in reversed(list(enumerate(findings)))}
    last = len(findings)
    return sorted(columns, key=lambda one: (not one.alarms, places.get(one.name, last) if one.alarms else 0))


def _role(name: str, settings: Settings) -> str:
    roles = {settings.target: "target", settings.prediction: "prediction", settings.score: "score"}
    return roles.get(name, "")


def _outcome(findings: Sequence[Finding], *, told: bool) -> Outcome:
    if any(one.alarms for one in findings):
        return Outcome.CHANGED
    traffic = [one for one in findings if one.check is Check.TRAFFIC]
    unknown = not traffic or any(one.verdict is Verdict.INSUFFICIENT_DATA for one in traffic)
    return Outcome.UNKNOWN if unknown or not told else Outcome.UNCHANGED


def _says(checked: Checked, reference: FileFacts, current: FileFacts) -> str:
    """The summary, as `3 of 40 columns have changed, in 1,000 rows against 900 of the reference`."""
    rows = f"in {current.rows:,} {_plural(current.rows, 'row')} against {reference.rows:,} of the reference"
    if checked.outcome is Outcome.UNKNOWN:
        return f"Too little data to tell whether anything has changed, {rows}"
    compared, changed = len(checked.compared), checked.changed
    of = f"of {compared:,} {_plural(compared, 'column')}"
    columns = (
        f"{changed:,} {of} {'has' if changed == 1 else 'have'} changed"
        if changed
        else f"None {of} has changed"
    )
    others = _others(checked.findings)
    return f"{columns}, {rows}{'; ' if others else ''}{' and '.join(others)}"


def _others(findings: Sequence[Finding]) -> list[str]:
    """What alarms and is no column, in words."""
    alarming = [one for one in findings if one.alarms]
    pairs = sum(one.check is Check.CORRELATION for one in alarming)
    found = []
    if pairs:
        found.append(
            f"{pairs:,} {_plural(pairs, 'pair')} of columns {'goes' if pairs == 1 else 'go'} together differently"
        )
    found += [f"{one.subject} is worse" for one in alarming if one.check is Check.PERFORMANCE]
    return found + [f"{one.subject} repeats" for one in alarming if one.check is Check.DUPLICATES]


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"
