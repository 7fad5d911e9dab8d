"""Incidents, and the outbox of messages about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select, update

from keepfit.adapters.sql.engine import reading, writing
from keepfit.adapters.sql.rows import insert_once, put, read, row_of
from keepfit.adapters.sql.tables import incidents, messages
from keepfit.alerting.incident import Incident, IncidentState, Message, Transition, TransitionKind
from keepfit.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class SqlIncidents:
    """`keepfit.alerting.incident.IncidentStore` in SQL."""

    engine: Engine

    def save(self, transition: Transition, *, routes: Sequence[str], at: datetime) -> None:
        """Insert or replace the incident and queue a message per route when it is worth telling, in one transaction.

        The same transition of an incident is told to a route once, however often it is saved.
        """
        told = routes if transition.worth_telling else ()
        with writing(self.engine) as connection:
            put(connection, incidents, row_of(transition.incident), key=["id"])
            for route in told:
                row = _message(transition) | {"route": route, "queued_at": at}
                insert_once(connection, messages, row, key=["incident_id", "kind", "route"])

    def incidents(self, model: str | None = None, *, active: bool = False) -> Sequence[Incident]:
        """Incidents, oldest first; only those not resolved when `active`."""
        query = select(incidents).order_by(incidents.c.opened_at, incidents.c.seq)
        if model is not None:
            query = query.where(incidents.c.model == model)
        if active:
            query = query.where(incidents.c.state != IncidentState.RESOLVED)
        with reading(self.engine) as connection:
            return read(connection, query, Incident)

    def unsent(self) -> Sequence[Message]:
        """Messages that were queued and not sent, oldest first."""
        query = select(messages).where(messages.c.sent_at.is_(None)).order_by(messages.c.id)
        with reading(self.engine) as connection:
            return read(connection, query, Message)

    def mark_sent(self, message_id: int, *, at: datetime, error: str = "") -> None:
        """A message went out, or failed for good with `error`. Raises NotFoundError."""
        with writing(self.engine) as connection:
            change = update(messages).where(messages.c.id == message_id).values(sent_at=at, error=error)
            changed = connection.execute(change)
        if changed.rowcount == 0:
            raise NotFoundError(f"there is no message {message_id}")


def _message(transition: Transition) -> dict[str, object]:
    """What is said about a transition: the end of an incident repeats how it began."""
    incident = transition.incident
    title, body = f"{incident.model}: {incident.title}", incident.says
    if transition.kind is TransitionKind.RESOLVED:
        title = f"{title} (resolved)"
        body = f"{body}\nOpened {incident.opened_at:%Y-%m-%d %H:%M} UTC: {incident.opened_says}"
    return {"incident_id": incident.id, "kind": transition.kind, "title": title, "body": body, "error": ""}
