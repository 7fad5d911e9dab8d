"""Where requests wait for their turn, as readiness and metrics see it."""

from time import perf_counter
from typing import Protocol


class Lane(Protocol):
    """The requests of one model.

    Attributes:
        waiting_rows: that are not given to the model yet.
        is_full: whether the last request was refused for want of room.
        full_since: since when, by `time.perf_counter`.
    """

    waiting_rows: int
    is_full: bool
    full_since: float


class Lanes:
    """All lanes of a process; whoever makes one adds it."""

    __slots__ = ("_lanes",)

    def __init__(self) -> None:
        self._lanes: list[Lane] = []

    def add(self, lane: Lane) -> None:
        """From now on this lane counts too."""
        self._lanes.append(lane)

    @property
    def full_s(self) -> float:
        """For how many seconds some lane has been refusing requests; 0 when none is."""
        now = perf_counter()
        return max((now - lane.full_since for lane in self._lanes if lane.is_full), default=0.0)

    @property
    def waiting_rows(self) -> int:
        """Rows that wait at present."""
        return sum(lane.waiting_rows for lane in self._lanes)
