"""What the drain reads of a capture log at a time, and the port that it reads from."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from keepfit.predictions.capture_codec import Frame
from keepfit.predictions.ledger import DrainPosition, Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A stretch of a capture log.

    Attributes:
        frames: the good frames, in the order written.
        position: where the next read begins.
        damaged: names of the files in which damaged parts were set aside.
        given_up: names of the files whose predictions were given up for want of room.
        lost: by model, what the damaged frames, and those that were given up, had counted.
    """

    frames: Sequence[Frame]
    position: DrainPosition
    damaged: Sequence[str] = ()
    given_up: Sequence[str] = ()
    lost: Mapping[str, Ledger] = field(default_factory=dict)


class CaptureSource(Protocol):
    """The capture logs of the servers, read from where they were drained to."""

    def draining(self) -> AbstractContextManager[None]:
        """Hold the logs while they are drained; waits for whoever drains them now."""
        ...

    def logs(self) -> Sequence[str]:
        """The logs there are."""
        ...

    def read(self, log: str, position: DrainPosition | None) -> Iterable[Chunk]:
        """What came after `position`, in order, in chunks that fit in memory."""
        ...

    def discard(self, position: DrainPosition) -> None:
        """Delete what lies before `position` for good."""
        ...
