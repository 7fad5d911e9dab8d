"""The report on two files, from their profiles and the findings."""

from collections.abc import Mapping, Sequence
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


def file_report(
    *,
    keepfit: str,
    made_at: datetime,
    reference: FileFacts,
    current: FileFacts,
    settings: Settings,
    kinds: Sequence[KindOf],
    profiles: tuple[Columns, Columns],
    current_types: Mapping[str, str],
    findings: Sequence[Finding],
    notes: Sequence[str] = (),
    performance: PerformanceReport | None = None,
    unjudged: bool = False,
) -> FileReport:
    """The report.

    Args:
        keepfit: the version that makes it.
        made_at: when.
        reference, current: the files.
        settings: what was asked for.
        kinds: every column of the reference.
        profiles: of the columns that were compared, in the reference and in the current file.
        current_types: the columns of the current file and their types.
        findings: worst first.
        notes: what the reader should know.
        performance: of the predictions.
        unjudged: predictions were to be judged, and could not be: then that nothing changed is not known.
    """
    compared = [one for one in kinds if one.kind is not None]
    changed = {one.subject for one in findings if one.alarms} & {one.name for one in compared}
    columns = [
        column_report(
            one,
            profiles[0][one.name],
            profiles[1][one.name],
            [finding for finding in findings if finding.subject == one.name],
            role=_role(one.name, settings),
            current_type=current_types.get(one.name, ""),
        )
        for one in compared
    ]
    outcome = _outcome(findings, told=bool(compared) and not unjudged)
    return FileReport(
        keepfit=keepfit,
        made_at=made_at,
        outcome=outcome,
        says=_says(outcome, reference, current, len(compared), len(changed), findings),
        reference=reference,
        current=current,
        settings=settings,
        compared=len(compared),
        changed=len(changed),
        notes=tuple(notes),
        findings=tuple(reported(one) for one in findings),
        columns=tuple(_worst_first(columns, findings)),
        left_out=tuple(
            LeftOut(name=one.name, type=one.dtype, why=one.why) for one in kinds if one.kind is None
        ),
        performance=performance,
    )


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


def _says(
    outcome: Outcome,
    reference: FileFacts,
    current: FileFacts,
    compared: int,
    changed: int,
    findings: Sequence[Finding],
) -> str:
    """The summary, as `3 of 40 columns have changed, in 1,000 rows against 900 of the reference`."""
    rows = f"in {current.rows:,} {_plural(current.rows, 'row')} against {reference.rows:,} of the reference"
    if outcome is Outcome.UNKNOWN:
        return f"Too little data to tell whether anything has changed, {rows}"
    verb = "has" if changed == 1 else "have"
    columns = f"{changed:,} of {compared:,} {_plural(compared, 'column')} {verb} changed"
    if not changed:
        columns = f"None of {compared:,} {_plural(compared, 'column')} has changed"
    others = _others(findings)
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
