"""A release under way: the state that `keepfit tick` moves on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from keepfit.release.routing import Route


class ReleaseState(StrEnum):
    """Where a candidate stands."""

    ROLLING_OUT = "rolling out"
    WATCHED = "watched"
    DONE = "done"
    REFUSED = "refused"
    ABORTED = "aborted"
    ROLLED_BACK = "rolled back"


#: States that a tick still has to look at.
ACTIVE = frozenset({ReleaseState.ROLLING_OUT, ReleaseState.WATCHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRecord:
    """A candidate's way to champion so far.

    Attributes:
        id: unique.
        candidate: the version on its way.
        incumbent: the champion that it is held against; None at the first release.
        stage: index into the policy's rollout while rolling out; -1 once promoted.
        stage_since: when the present stage, or the watch, began.
        forced_by: who pushed it past the gates; empty when it passed them.
        why: the last thing that was decided about it.
    """

    id: str
    model: str
    candidate: int
    incumbent: int | None
    state: ReleaseState
    stage: int
    stage_since: datetime
    started_at: datetime
    forced_by: str
    why: str


class ReleaseStore(Protocol):
    """Keeps the releases of each model, and the route that servers follow."""

    def save(self, release: ReleaseRecord) -> None:
        """Insert or replace by id."""
        ...

    def active(self, model: str) -> ReleaseRecord | None:
        """The release that is rolling out or watched; None when there is none."""
        ...

    def releases(self, model: str) -> Sequence[ReleaseRecord]:
        """All releases of a model, oldest first."""
        ...

    def route(self, model: str) -> Route:
        """How traffic is split; generation 0 without a champion when nothing was released."""
        ...

    def routes(self) -> Sequence[Route]:
        """The routes of all models."""
        ...

    def set_route(self, route: Route) -> Route:
        """Replace a model's route; the stored generation is the one before plus one, and is returned."""
        ...
