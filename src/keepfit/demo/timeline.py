"""What happened and why, in order: releases, incidents, retrain decisions."""

from dataclasses import dataclass
from datetime import datetime

from keepfit.retraining.decision import Action
from keepfit.workflows.ports import Ports

#: Of what happened in one tick, what comes first.
_ORDER = {
    kind: rank for rank, kind in enumerate(["incident resolved", "incident opened", "retrain", "trained"])
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of the timeline.

    Attributes:
        at: when, in the workflow's time.
        kind: `promoted`, `refused`, `rolled back`, `retrain`, `incident opened`, `incident resolved` …
        model: whose.
        version: the version that it is about; None when it is about none.
        why: the reason on record.
    """

    at: datetime
    kind: str
    model: str
    version: int | None
    why: str


def timeline(ports: Ports, model: str) -> list[Event]:
    """Everything that is on record about a model, oldest first; holds are left out."""
    events = [
        Event(at=one.at, kind=one.kind.value, model=model, version=one.version, why=one.why)
        for one in ports.release_log.events(model)
    ]
    events += [
        Event(at=decision.at, kind="retrain", model=model, version=None, why=decision.why)
        for decision in ports.decisions.decisions(model, kind="retrain")
        if decision.action == Action.RETRAIN.value
    ]
    for incident in ports.incidents.incidents(model):
        says = f"{incident.title}: {incident.opened_says}"
        events.append(
            Event(at=incident.opened_at, kind="incident opened", model=model, version=None, why=says)
        )
        if incident.resolved_at is not None:
            says = f"{incident.title}: {incident.says}"
            events.append(
                Event(at=incident.resolved_at, kind="incident resolved", model=model, version=None, why=says)
            )
    return sorted(events, key=lambda event: (event.at, _ORDER.get(event.kind, len(_ORDER))))
