"""What a data plane asks of the process around it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from keepfit.serving.ingest.kserve import Halves
from keepfit.serving.readiness import Spool
from keepfit.serving.telemetry_snapshot import Snapshot


def _never_behind() -> timedelta | None:
    return None


class AllWorkers(Protocol):
    """Has all processes on a port do what one of them was asked."""

    def load(self, model: str) -> None:
        """Bring a model into memory. Raises what `Holding.load` does."""
        ...

    def unload(self, model: str) -> None:
        """Take a model out of memory. Raises what `Holding.unload` does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What there is beside a data plane; asked for readiness, metrics and events, never for a prediction.

    Attributes:
        totals: the numbers of all workers on its port; None where it is the only one.
        all_workers: has all of them load and unload models; None likewise.
        spool: the room of the capture log, and how much of it is used.
        drain_lag: how far the drain of the capture logs is behind; None when it is not, or nobody looks.
        halves: where an event of another server waits for the other one of its pair; None where none are taken.
    """

    totals: Callable[[], Snapshot] | None = None
    all_workers: AllWorkers | None = None
    spool: Callable[[], Spool] = Spool
    drain_lag: Callable[[], timedelta | None] = _never_behind
    halves: Halves | None = None
