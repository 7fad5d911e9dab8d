"""Record a decision unless it is the one already on record: a hold that goes on is one hold."""

import re
from collections.abc import Mapping
from datetime import datetime

from keepfit.fleet.decision import DecisionRecord
from keepfit.retraining.decision import Action
from keepfit.workflows.ports import Ports

#: A number by itself: the digits of a name like `zone_2` are part of the name.
_NUMBER = re.compile(r"(?<!\w)\d[\d.,:]*")


def record_decision(
    ports: Ports,
    model: str,
    *,
    kind: str,
    action: str,
    why: str,
    now: datetime,
    detail: Mapping[str, object] | None = None,
    about: str = "",
) -> None:
    """Record what was decided and why, when it differs from the newest decision of its kind.

    A hold goes on while its reason stays the same but for the numbers in it: the loss that it names is another one
    with every label that comes, and the hold is not.

    Args:
        ports: the stores.
        model: whose decision.
        kind, action, why, detail: see `DecisionRecord`.
        now: the moment; decisions of one kind, moment and subject are recorded once.
        about: the subject, when several may be decided on at one moment.
    """
    last = next(iter(ports.decisions.decisions(model, kind=kind, limit=1)), None)
    numbers = detail or {}
    if last and last.action == action and last.detail == numbers and _alike(action, last.why, why):
        return
    ports.decisions.record(
        DecisionRecord(
            id="/".join(filter(None, (model, kind, f"{now:%Y%m%dT%H%M%S.%f}", about))),
            model=model,
            at=now,
            kind=kind,
            action=action,
            why=why,
            detail=numbers,
        )
    )


def _alike(action: str, before: str, after: str) -> bool:
    if action == Action.HOLD:
        return _NUMBER.sub("#", before) == _NUMBER.sub("#", after)
    return before == after
