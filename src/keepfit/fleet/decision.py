"""The record of a decision, "do nothing" included."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """What was decided, and why.

    Attributes:
        id: made of model, kind and moment, so that deciding twice records once.
        kind: `retrain`, `gates`, `rollout`, `rollback`, `diagnosis`.
        action: `retrain`, `hold`, `pass`, `block`, `advance`, `abort`, …
        why: the reason, in one sentence.
        detail: the numbers it rests on; JSON values only.
    """

    id: str
    model: str
    at: datetime
    kind: str
    action: str
    why: str
    detail: Mapping[str, object] = field(default_factory=dict)


class DecisionStore(Protocol):
    """Keeps every decision."""

    def record(self, decision: DecisionRecord) -> None:
        """Record a decision; one with the same id is recorded once."""
        ...

    def decisions(
        self, model: str | None = None, *, kind: str | None = None, limit: int | None = None
    ) -> Sequence[DecisionRecord]:
        """Decisions, oldest first; only the newest `limit` when given."""
        ...
