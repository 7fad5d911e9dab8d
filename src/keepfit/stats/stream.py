"""Profiles of tables that come in parts: files larger than memory, or many of them, on several threads."""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed

import polars as pl

from keepfit.stats.blas import one_blas_thread
from keepfit.stats.profile import ROWS, Cells, Profile, profile_frame


def profile_frames(
    frames: Iterable[pl.DataFrame],
    cells: Mapping[str, Cells],
    *,
    threads: int | None = None,
    columns: Mapping[str, str] | None = None,
    moments: bool = True,
) -> Profile:
    """The profile of all frames together: that of one frame with their rows, floats up to rounding.

    While threads profile frames another reads the next one: sorting and reading both let Python go on. Only so many
    frames as there are threads are held at a time, and two more. The same frames give the same sums, to the last digit, whichever
    thread is faster.

    Args:
        frames: of any number of rows; asked for the next by one thread at a time.
        cells: feature → where its values are counted.
        threads: how many; as many as the process has processors when None.
        columns: feature → its column in the frames, for those that have another name there.
        moments: whether to look how numbers go together.

    Raises:
        Exception: whatever `frames` raises.

    >>> from keepfit.stats.profile import cells_of
    >>> cells = cells_of(pl.DataFrame({"miles": [1.0, 2.0, 3.0]}), ["miles"], [])
    >>> day = pl.DataFrame({"miles": [2.5, None]})
    >>> profile_frames([day, day, day], cells).features["miles"].n
    3
    """
    total = _OrderedSum(cells)

    def work(queue: _Queue) -> None:
        for number, frame in queue:
            total.add(number, profile_frame(frame, cells, columns=columns, moments=moments))

    several = threads or _processors()
    with (
        one_blas_thread(),
        ThreadPoolExecutor(1, "keepfit-read") as reader,
        ThreadPoolExecutor(several, "keepfit-profile") as pool,
    ):
        queue = _Queue(frames, reader)
        try:
            for done in as_completed([pool.submit(work, queue) for _ in range(several)]):
                done.result()
        finally:
            # After an error, or Ctrl-C, the others finish the part that they have, and take no other.
            queue.close()
    return total.found


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Queue:
    """The parts of frames and their numbers, given out one by one to whichever thread asks; the next is being read."""

    def __init__(self, frames: Iterable[pl.DataFrame], reader: Executor) -> None:
        self._lock = threading.Lock()
        self._parts = enumerate(part for frame in frames for part in frame.iter_slices(ROWS))
        self._reader = reader
        self._next = reader.submit(self._read)
        self._closed = False

    def _read(self) -> tuple[int, pl.DataFrame] | None:
        return next(self._parts, None)

    def __iter__(self) -> Iterator[tuple[int, pl.DataFrame]]:
        while True:
            with self._lock:
                found = None if self._closed else self._next.result()
                if found is None:
                    return
                self._next = self._reader.submit(self._read)
            yield found

    def close(self) -> None:
        """Give out nothing more."""
        with self._lock:
            self._closed = True


class _OrderedSum:
    """The sum of numbered profiles in the order of their numbers, whatever order they come in."""

    def __init__(self, cells: Mapping[str, Cells]) -> None:
        self.found = Profile.empty(cells)
        self._lock = threading.Lock()
        self._next = 0
        self._waiting: dict[int, Profile] = {}

    def add(self, number: int, profile: Profile) -> None:
        """Add a profile, and those that waited for it."""
        with self._lock:
            self._waiting[number] = profile
            while self._next in self._waiting:
                self.found += self._waiting.pop(self._next)
                self._next += 1
