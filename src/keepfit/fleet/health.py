"""The health of every model, as people read it: worst first, one line each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from keepfit.alerting.incident import Incident
from keepfit.diagnosis.cause import Cause
from keepfit.fleet.decision import DecisionRecord
from keepfit.fleet.maturity import Maturity
from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.monitoring.record import CheckRecord
from keepfit.predictions.ledger import Ledger
from keepfit.registry.lineage import Tenure
from keepfit.release.record import ReleaseRecord

#: States, worst first; those after `HEALTHY` do not exist.
NOT_RELEASED = "not released"
NOT_CHECKED = "not checked"
STATES = (
    Cause.BAD_RELEASE.value,
    Cause.DECAY.value,
    Cause.BROKEN_FEED.value,
    Cause.BLIND.value,
    NOT_RELEASED,
    NOT_CHECKED,
    Cause.DRIFT.value,
    Cause.HEALTHY.value,
)

#: Drift without harm is watched; it wakes nobody.
WELL = frozenset({Cause.DRIFT.value, Cause.HEALTHY.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHealth:
    """What is known of one model.

    Attributes:
        state: one of `STATES`.
        champion, since: the version that answers, and since when; None when nothing is released.
        says: the diagnosis in words.
        metric, value, expected, labelled: the realised loss of the newest check, what it should be, and the labelled
            rows that it rests on; None when it is not known.
        checked_at: when it was last checked.
        incidents: what is open.
        release: the release under way, in words; empty when there is none.
        retrain: the newest retrain decision, in words.
        ledger: the counts of its predictions and labels.
        labels: how far the labels of the newest windows have come; None when there is no window with predictions.
    """

    model: str
    state: str
    champion: int | None
    since: datetime | None
    says: str
    metric: str
    value: float | None
    expected: float | None
    labelled: int
    checked_at: datetime | None
    incidents: tuple[str, ...]
    release: str
    retrain: str
    ledger: Ledger
    labels: Maturity | None = None

    @property
    def well(self) -> bool:
        """Whether nobody has to look."""
        return self.state in WELL


def model_health(
    model: str,
    metric: str,
    *,
    tenure: Tenure | None,
    diagnosis: DecisionRecord | None,
    check: CheckRecord | None,
    incidents: Sequence[Incident],
    release: ReleaseRecord | None,
    retrain: DecisionRecord | None,
    ledger: Ledger,
    labels: Maturity | None = None,
) -> ModelHealth:
    """The health of one model, from what is on record."""
    loss = _loss(check)
    return ModelHealth(
        model=model,
        state=_state(tenure, diagnosis),
        champion=tenure.version if tenure else None,
        since=tenure.since if tenure else None,
        says=diagnosis.why if diagnosis and tenure else _nothing_yet(model, tenure),
        metric=metric,
        value=loss.value if loss else None,
        expected=loss.expected if loss else None,
        labelled=loss.n if loss else 0,
        checked_at=check.at if check else None,
        incidents=tuple(incident.title for incident in incidents),
        release=f"version {release.candidate} {release.state.value}" if release else "",
        retrain=f"{retrain.action}: {retrain.why}" if retrain else "",
        ledger=ledger,
        labels=labels,
    )


def worst_first(fleet: Iterable[ModelHealth]) -> list[ModelHealth]:
    """Sorted by how urgently somebody should look, then by name."""
    return sorted(fleet, key=lambda one: (STATES.index(one.state), one.model))


def _state(tenure: Tenure | None, diagnosis: DecisionRecord | None) -> str:
    if tenure is None:
        return NOT_RELEASED
    return diagnosis.action if diagnosis else NOT_CHECKED


def _nothing_yet(model: str, tenure: Tenure | None) -> str:
    return "released, not checked yet: keepfit tick" if tenure else f"train it: keepfit train {model}"


def _loss(check: CheckRecord | None) -> Finding | None:
    findings = check.findings if check else ()
    known = (
        one
        for one in findings
        if one.check is Check.PERFORMANCE and one.verdict is not Verdict.INSUFFICIENT_DATA
    )
    return next(known, None)
