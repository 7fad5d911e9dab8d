"""Read the health of every model from what is on record; nothing is computed anew."""

from collections.abc import Iterable
from datetime import datetime

from keepfit.definition import Model
from keepfit.fleet.decision import DecisionRecord
from keepfit.fleet.health import ModelHealth, model_health, worst_first
from keepfit.fleet.maturity import maturity_of
from keepfit.registry.lineage import tenures
from keepfit.workflows.ports import Ports
from keepfit.workflows.recent_evidence import LEARNED, recent_evidence


def read_fleet(ports: Ports, models: Iterable[Model], *, now: datetime) -> list[ModelHealth]:
    """The health of every declared model, worst first."""
    return worst_first(_health(ports, model, now) for model in models)


def _health(ports: Ports, model: Model, now: datetime) -> ModelHealth:
    champions = tenures(ports.release_log.events(model.name))
    checks = ports.checks.records(model.name, limit=1)
    return model_health(
        model.name,
        model.task.metric,
        tenure=champions[-1] if champions else None,
        diagnosis=_newest(ports, model.name, "diagnosis"),
        check=checks[-1] if checks else None,
        incidents=ports.incidents.incidents(model.name, active=True),
        release=ports.releases.active(model.name),
        retrain=_newest(ports, model.name, "retrain"),
        ledger=ports.ledger.ledger(model.name),
        labels=maturity_of(recent_evidence(ports, model, windows=LEARNED, now=now), now=now),
    )


def _newest(ports: Ports, model: str, kind: str) -> DecisionRecord | None:
    found = ports.decisions.decisions(model, kind=kind, limit=1)
    return found[-1] if found else None
