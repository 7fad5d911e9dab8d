"""An incident, and the pure steps that open, update and resolve it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class IncidentState(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that is wrong now: the reason to have an incident.

    Attributes:
        key: one incident is kept per key and model.
        title: what people see first.
        says: one sentence with the numbers.
    """

    key: str
    title: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A condition from its first sight to its end.

    Attributes:
        seen: checks in which the condition held.
        clear: checks in a row in which it did not.
        says: the newest sentence; `opened_says` the first.
    """

    id: str
    model: str
    key: str
    title: str
    state: IncidentState
    opened_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    opened_says: str
    says: str
    seen: int = 1
    clear: int = 0

    @property
    def active(self) -> bool:
        """Whether it is not resolved."""
        return self.state is not IncidentState.RESOLVED


class TransitionKind(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    UPDATED = "updated"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """An incident as it is now, and what happened to it; people are told of openings and resolutions."""

    kind: TransitionKind
    incident: Incident

    @property
    def worth_telling(self) -> bool:
        """Whether it is sent to people: updates are kept, not sent."""
        return self.kind is not TransitionKind.UPDATED


class IncidentStore(Protocol):
    """Keeps incidents, and the messages that still have to be sent about them."""

    def save(self, transition: Transition, *, routes: Sequence[str], at: datetime) -> None:
        """Insert or replace the incident and queue a message per route when it is worth telling, in one transaction."""
        ...

    def incidents(self, model: str | None = None, *, active: bool = False) -> Sequence[Incident]:
        """Incidents, oldest first; only those not resolved when `active`."""
        ...

    def unsent(self) -> Sequence["Message"]:
        """Messages that were queued and not sent, oldest first."""
        ...

    def mark_sent(self, message_id: int, *, at: datetime, error: str = "") -> None:
        """A message went out, or failed for good with `error`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent to one route about one transition."""

    id: int
    route: str
    title: str
    body: str


def advance(
    model: str,
    active: Sequence[Incident],
    conditions: Sequence[Condition],
    *,
    now: datetime,
    undecided: Collection[str] = (),
    clear_after: int = 3,
    resolved_says: Mapping[str, str] | None = None,
) -> list[Transition]:
    """Open an incident for each new condition, update those that go on, resolve those clear often enough.

    The id is made of the model, the key and the moment of opening, so that deciding twice opens once.

    Args:
        model: whose incidents.
        active: those that are not resolved.
        conditions: what is wrong now.
        now: the moment of the check.
        undecided: keys of which this check can say nothing (too few rows, too few labels): not knowing is not
            being well, so that these incidents stay as they are.
        clear_after: checks in a row in which a condition must be gone.
        resolved_says: by key, how the resolution is worded; the last known sentence otherwise.
    """
    held = {condition.key: condition for condition in conditions}
    known = {incident.key: incident for incident in active}
    words = resolved_says or {}
    steps = [_open(model, held[key], now) for key in held if key not in known]
    steps += [_go_on(known[key], held[key], now) for key in known if key in held]
    gone = [key for key in known if key not in held and key not in undecided]
    return steps + [_clear(known[key], now, clear_after, words.get(key, "")) for key in gone]


def _open(model: str, condition: Condition, now: datetime) -> Transition:
    incident = Incident(
        id=f"{model}/{condition.key}/{now:%Y%m%dT%H%M%S}",
        model=model,
        key=condition.key,
        title=condition.title,
        state=IncidentState.OPEN,
        opened_at=now,
        updated_at=now,
        resolved_at=None,
        opened_says=condition.says,
        says=condition.says,
    )
    return Transition(kind=TransitionKind.OPENED, incident=incident)


def _go_on(incident: Incident, condition: Condition, now: datetime) -> Transition:
    changed = replace(incident, says=condition.says, updated_at=now, seen=incident.seen + 1, clear=0)
    return Transition(kind=TransitionKind.UPDATED, incident=changed)


def _clear(incident: Incident, now: datetime, clear_after: int, says: str) -> Transition:
    clear = incident.clear + 1
    if clear < clear_after:
        return Transition(
            kind=TransitionKind.UPDATED, incident=replace(incident, clear=clear, updated_at=now)
        )
    resolved = replace(
        incident,
        state=IncidentState.RESOLVED,
        resolved_at=now,
        updated_at=now,
        clear=clear,
        says=says or incident.says,
    )
    return Transition(kind=TransitionKind.RESOLVED, incident=resolved)


def resolve_now(incident: Incident, *, now: datetime, says: str) -> Transition:
    """Resolve an incident whose end is known for certain (a rollback that was done)."""
    return _clear(incident, now, 0, says)
