"""From findings to causes. Diagnosis comes before the remedy: each cause has a different one."""

from collections.abc import Sequence
from dataclasses import dataclass

from keepfit.diagnosis.cause import SEVERITY, Cause, Diagnosis, Symptom
from keepfit.monitoring.finding import CHANGES, Check, Finding, Verdict

#: What is watched as long as it does no harm.
_TOLD = CHANGES | {Check.VOLUME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What is known of a model at one moment.

    Attributes:
        findings: of the newest evidence with enough rows.
        performance: realised loss against the expected one, all rows.
        clean_performance: the same on rows that no broken feed marks; None when no feed is broken.
        regression: what says that a release made it worse than the version before; empty otherwise.
        blind: why its health cannot be known; empty otherwise.
        explanation: where a change of the loss comes from, in words; empty when nothing is known of it.
    """

    findings: Sequence[Finding] = ()
    performance: Finding | None = None
    clean_performance: Finding | None = None
    regression: str = ""
    blind: str = ""
    explanation: str = ""


def diagnose(signs: Signs) -> Diagnosis:
    """Name every cause that holds, worst first.

    Loss that lies only in rows marked by a broken feed is the feed's, not the model's: it is decay only when
    the rows without the fault are worse too.
    """
    symptoms = [*_regression(signs), *_feeds(signs), *_decay(signs), *_blind(signs), *_drift(signs)]
    symptoms.sort(key=lambda symptom: (SEVERITY[symptom.cause], symptom.subject))
    says = "; ".join(symptom.says for symptom in symptoms) or _healthy(signs)
    return Diagnosis(symptoms=tuple(symptoms), says=says)


def _regression(signs: Signs) -> list[Symptom]:
    if not signs.regression:
        return []
    return [Symptom(cause=Cause.BAD_RELEASE, subject="champion", says=signs.regression)]


def _feeds(signs: Signs) -> list[Symptom]:
    return [
        Symptom(
            cause=Cause.BROKEN_FEED,
            subject=finding.subject,
            says=finding.says,
            check=finding.check.value,
            fault=finding.fault,
        )
        for finding in signs.findings
        if finding.breaks
    ]


def _decay(signs: Signs) -> list[Symptom]:
    if signs.performance is None or not signs.performance.alarms:
        return []
    deciding = signs.clean_performance or signs.performance
    if not deciding.alarms:
        return []
    return [
        Symptom(
            cause=Cause.DECAY,
            subject=deciding.subject,
            says=deciding.says,
            explanation=signs.explanation,
        )
    ]


def _blind(signs: Signs) -> list[Symptom]:
    return [Symptom(cause=Cause.BLIND, subject="health", says=signs.blind)] if signs.blind else []


def _drift(signs: Signs) -> list[Symptom]:
    """Changes that are no fault of the data, in columns that have none; the findings come with the worst first."""
    broken = {finding.subject for finding in signs.findings if finding.breaks}
    changed = [
        finding
        for finding in signs.findings
        if finding.alarms and finding.check in _TOLD and finding.subject not in broken
    ]
    if not changed:
        return []
    others = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
    return [Symptom(cause=Cause.DRIFT, subject="inputs", says=f"{changed[0].says}{others}")]


def _healthy(signs: Signs) -> str:
    if signs.performance is not None and signs.performance.verdict is not Verdict.INSUFFICIENT_DATA:
        return signs.performance.says
    return "nothing is wrong so far; too few labels to tell the loss"
