"""One change in all workers: all prepare, and only then all commit.

One worker goes ahead: a version that kills the process that loads it kills that one, and not all at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from keepfit.serving.following import Change, Key, Problem


@dataclass(slots=True, eq=False)
class ChangeRound:
    """Who has got how far.

    Attributes:
        number: tells the reports of this round from those of others.
        change: what is to be served.
        members: the workers that take part, by slot; one that dies is left out.
        catches_up: the workers are new, and are to serve what the others do.
        failed: what could not be brought into memory by one of them, and why.
        failed_in: the workers that could not.
        deadly: versions that a worker may have died of.
        asked: the workers that were told to prepare.
        has_begun_to_commit: all were told to switch.
    """

    number: int
    change: Change
    members: set[int]
    catches_up: bool = False
    failed: dict[Key, str] = field(default_factory=dict)
    failed_in: set[int] = field(default_factory=set)
    deadly: set[Key] = field(default_factory=set)
    asked: set[int] = field(default_factory=set)
    has_begun_to_commit: bool = False
    _prepared: set[int] = field(default_factory=set)
    _committed: set[int] = field(default_factory=set)

    def prepared(self, slot: int, failed: Iterable[Problem]) -> None:
        """A worker has done what it could."""
        self._prepared.add(slot)
        for one in failed:
            self.failed_in.add(slot)
            self.failed.setdefault((one.model, one.version or 0), one.reason)

    def committed(self, slot: int) -> None:
        """A worker serves the change."""
        self._committed.add(slot)

    def leave(self, slot: int, *, loading: Iterable[Key] = ()) -> None:
        """A worker is gone: nobody waits for it.

        Args:
            slot: which.
            loading: versions that it was loading, one of which it may have died of: none of them is trusted.
        """
        if slot in self.members and slot in self.asked - self._prepared and not self.catches_up:
            for model, number in loading:
                reason = f"version {number} of '{model}' cannot be loaded: the process that loaded it died"
                self.failed.setdefault((model, number), reason)
                self.deadly.add((model, number))
        self.members.discard(slot)

    def next_to_ask(self, *, one_ahead: bool) -> set[int]:
        """Who is to prepare now, which is noted: all, or one ahead and the others once it has."""
        if not self.asked <= self._prepared | (self.asked - self.members):
            return set()
        left = self.members - self.asked
        found = {min(left)} if left and one_ahead and not self.asked else left
        self.asked |= found
        return found

    @property
    def is_prepared(self) -> bool:
        """Whether all are ready to commit."""
        return self.members <= self._prepared

    @property
    def is_committed(self) -> bool:
        """Whether all serve it, or nobody is left."""
        return self.has_begun_to_commit and self.members <= self._committed
