"""Record a decision unless it is the one already on record: a hold that goes on is one hold."""

from collections.abc import Mapping
from datetime import datetime

from keepfit.fleet.decision import DecisionRecord
from keepfit.workflows.ports import Ports


def record_decision(
    ports: Ports,
    model: str,
    *,
    kind: str,
    action: str,
    why: str,
    now: datetime,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Record what was decided and why, when it differs from the newest decision of its kind."""
    last = ports.decisions.decisions(model, kind=kind, limit=1)
    if last and (last[-1].action, last[-1].why) == (action, why):
        return
    ports.decisions.record(
        DecisionRecord(
            id=f"{model}/{kind}/{now:%Y%m%dT%H%M%S.%f}",
            model=model,
            at=now,
            kind=kind,
            action=action,
            why=why,
            detail=detail or {},
        )
    )
