"""Who was champion when: an append-only record of release events, and the questions it answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class ReleaseEventKind(StrEnum):
    """What happened to a version on its way."""

    TRAINED = "trained"
    REFUSED = "refused"
    SHADOW = "shadow"
    CANARY = "canary"
    PROMOTED = "promoted"
    ABORTED = "aborted"
    ROLLED_BACK = "rolled back"


#: The kinds of event that change the champion.
CHANGES_CHAMPION = frozenset({ReleaseEventKind.PROMOTED, ReleaseEventKind.ROLLED_BACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseEvent:
    """One recorded step of a release; never edited.

    Attributes:
        id: unique and stable, so that recording it twice records it once.
        at: when, in the workflow's time.
        actor: who or what did it: `keepfit` or a person's login.
        version: the version that it is about; on a rollback the version that was left.
        champion_before, champion_after: numbers, None when there was none.
        why: the reason, in one sentence.
    """

    id: str
    model: str
    at: datetime
    kind: ReleaseEventKind
    actor: str
    version: int
    champion_before: int | None
    champion_after: int | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """A stretch of time during which one version was champion; `until` is None for the present one."""

    version: int
    since: datetime
    until: datetime | None
    actor: str
    why: str


class ReleaseLog(Protocol):
    """Keeps release events for ever."""

    def append(self, event: ReleaseEvent) -> None:
        """Record an event; one with the same id is recorded once."""
        ...

    def events(self, model: str | None = None) -> Sequence[ReleaseEvent]:
        """Events of a model, or of all, oldest first."""
        ...


def tenures(events: Iterable[ReleaseEvent]) -> list[Tenure]:
    """The champions of one model, oldest first; of events of one moment the order in which they came counts."""
    changes = sorted((e for e in events if e.kind in CHANGES_CHAMPION), key=lambda e: e.at)
    found: list[Tenure] = []
    for event, after in zip(changes, [*changes[1:], None], strict=False):
        if event.champion_after is not None:
            until = after.at if after else None
            found.append(
                Tenure(
                    version=event.champion_after,
                    since=event.at,
                    until=until,
                    actor=event.actor,
                    why=event.why,
                )
            )
    return found


def former_champion(events: Iterable[ReleaseEvent], champion: int) -> int | None:
    """The champion before `champion`, of one model's events in their order; None when there was none.

    Versions that a rollback left are nothing to go back to.
    """
    path: list[int] = []
    for event in events:
        match event.kind:
            case ReleaseEventKind.PROMOTED:
                path.append(event.version)
            case ReleaseEventKind.ROLLED_BACK if event.champion_after is not None:
                path = _back_to(event.champion_after, path)
    before = [version for version in path if version != champion]
    return before[-1] if before else None


def _back_to(version: int, path: list[int]) -> list[int]:
    """The champions up to `version`: those that came after it were left."""
    last = len(path) - path[::-1].index(version) if version in path else 0
    return path[:last] or [*path[:-1], version]


def champion_at(events: Iterable[ReleaseEvent], moment: datetime) -> int | None:
    """The number of the version that was champion at `moment`; None when there was none."""
    for tenure in tenures(events):
        if tenure.since <= moment and (tenure.until is None or moment < tenure.until):
            return tenure.version
    return None
