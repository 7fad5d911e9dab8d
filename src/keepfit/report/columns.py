"""One column of a report, from its profiles on both sides and what the checks found on it."""

import math
from collections.abc import Sequence

from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.monitoring.kinds import ColumnKind, KindOf
from keepfit.report.bars import bars
from keepfit.report.file_report import ColumnReport, CountPair, Pair, ReportedFinding
from keepfit.report.histogram import histogram
from keepfit.report.performance import finite
from keepfit.stats.categorical_profile import CategoricalProfile
from keepfit.stats.numeric_profile import NumericProfile
from keepfit.stats.profile_distances import distances

Column = NumericProfile | CategoricalProfile

#: Summaries by name, and the probability of each quantile.
_QUANTILES = {"lower quartile": 0.25, "median": 0.5, "upper quartile": 0.75}
#: Distances in the order in which they are shown; how they are called.
_NAMES = {
    "ks": "Kolmogorov-Smirnov",
    "total_variation": "total variation",
    "wasserstein": "Wasserstein",
    "scaled": "Wasserstein over spread",
    "psi": "stability index (PSI)",
    "jensen_shannon": "Jensen-Shannon",
    "hellinger": "Hellinger",
    "l_infinity": "largest change of a cell",
    "cramers_v": "Cramér's V",
}


def column_report(
    kind: KindOf,
    reference: Column,
    current: Column,
    findings: Sequence[Finding],
    *,
    role: str = "",
    current_type: str = "",
) -> ColumnReport:
    """The report on one column.

    Args:
        kind: the column, and how it is compared.
        reference, current: its profiles, in the same cells.
        findings: those on it, worst first.
        role: `target`, `prediction`, `score`, or empty.
        current_type: its type in the current file; empty when it is not there.
    """
    numbers = isinstance(reference, NumericProfile) and isinstance(current, NumericProfile)
    temporal = isinstance(reference, NumericProfile) and reference.cells.temporal
    return ColumnReport(
        name=kind.name,
        kind=(ColumnKind.TIME if temporal else kind.kind or ColumnKind.CATEGORY).value,
        why=kind.why,
        role=role,
        types=(kind.dtype, current_type),
        verdict=_verdict(findings).value,
        says=_says(kind, findings),
        values=CountPair(reference=reference.n, current=current.n),
        nulls=CountPair(reference=reference.nulls, current=current.nulls),
        null_share=Pair(reference=_share(reference), current=_share(current)),
        summary=_summaries(reference, current) if numbers else {},
        distances=_distances(reference, current) if kind.kind is not ColumnKind.TIME else {},
        histogram=histogram(reference, current) if numbers else None,  # type: ignore[arg-type]  # numbers, as tested
        bars=None if numbers else bars(reference, current),  # type: ignore[arg-type]  # categories, likewise
    )


def reported(finding: Finding) -> ReportedFinding:
    """A finding as a report holds it: numbers that could not be computed are None."""
    return ReportedFinding(
        check=finding.check.value,
        subject=finding.subject,
        statistic=finding.statistic,
        value=finite(finding.value),
        expected=finite(finding.expected),
        threshold=finite(finding.threshold),
        p=finding.p,
        n=finding.n,
        verdict=finding.verdict.value,
        says=finding.says,
    )


def _verdict(findings: Sequence[Finding]) -> Verdict:
    found = {finding.verdict for finding in findings}
    order = (Verdict.ALARM, Verdict.OK)
    return next((one for one in order if one in found), Verdict.INSUFFICIENT_DATA)


def _says(kind: KindOf, findings: Sequence[Finding]) -> str:
    """The worst finding; when none alarms, that of drift, which tells most."""
    if findings and findings[0].alarms:
        return findings[0].says
    drift = next((one for one in findings if one.check is Check.DRIFT), None)
    if drift is not None:
        return drift.says
    if kind.kind is ColumnKind.TIME:
        return f"{kind.name} is a time: times move on by themselves, so that only its nulls were checked"
    return findings[0].says if findings else f"{kind.name} could not be judged"


def _share(column: Column) -> float | None:
    return column.nulls / column.rows if column.rows else None


def _summaries(reference: Column, current: Column) -> dict[str, Pair]:
    was, now = _summary(reference), _summary(current)
    return {name: Pair(reference=was[name], current=now[name]) for name in was}


def _summary(column: Column) -> dict[str, float | None]:
    if not isinstance(column, NumericProfile):
        return {}
    found = column.quantiles(list(_QUANTILES.values()))
    quantiles = {name: finite(value) for name, value in zip(_QUANTILES, found, strict=True)}
    return {
        "mean": finite(column.mean),
        "standard deviation": _deviation(column),
        "smallest": column.minimum,
        **quantiles,
        "largest": column.maximum,
    }


def _deviation(column: NumericProfile) -> float | None:
    n = column.summed
    if n > 1 and column.minimum == column.maximum:
        return 0.0  # and not what rounding leaves of it
    return math.sqrt(max(0.0, column.m2 - column.m1**2 / n) / (n - 1)) if n > 1 else None


def _distances(reference: Column, current: Column) -> dict[str, float | None]:
    """Every distance; empty when a side holds no rows, so that there is none."""
    if not (reference.rows and current.rows):
        return {}
    found = distances(reference, current)
    values = {name: getattr(found, name) for name in _NAMES}
    return {_NAMES[name]: finite(value) for name, value in values.items() if value is not None}
