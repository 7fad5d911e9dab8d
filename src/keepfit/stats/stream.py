"""Profiles of tables that come in parts: files larger than memory, or many of them, on several threads."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from typing import Final

import polars as pl

from keepfit.stats.blas import one_blas_thread
from keepfit.stats.pieces import FramePiece, Piece
from keepfit.stats.profile import (
    ROWS,
    Cells,
    Column,
    ColumnsPart,
    Profile,
    join_parts,
    paired_columns,
    profile_columns,
)
from keepfit.stats.threads import processors

#: Columns that a thread reads and profiles at a time: few enough to find most of them still in its cache.
COLUMNS: Final = 8


def profile_frames(
    frames: Iterable[pl.DataFrame],
    cells: Mapping[str, Cells],
    *,
    threads: int | None = None,
    columns: Mapping[str, str] | None = None,
    moments: bool = True,
) -> Profile:
    """The profile of all frames together: that of one frame with their rows, floats up to rounding.

    Args:
        frames: of any number of rows; asked for the next by one thread at a time.
        cells, threads, columns, moments: see `profile_pieces`.

    Raises:
        Exception: whatever `frames` raises.

    >>> from keepfit.stats.profile import cells_of
    >>> cells = cells_of(pl.DataFrame({"miles": [1.0, 2.0, 3.0]}), ["miles"], [])
    >>> day = pl.DataFrame({"miles": [2.5, None]})
    >>> profile_frames([day, day, day], cells).features["miles"].n
    3
    """
    pieces = (FramePiece(part) for frame in frames for part in frame.iter_slices(ROWS))
    return profile_pieces(pieces, cells, threads=threads, columns=columns, moments=moments)


def profile_pieces(
    pieces: Iterable[Piece],
    cells: Mapping[str, Cells],
    *,
    threads: int | None = None,
    columns: Mapping[str, str] | None = None,
    moments: bool = True,
    done: Callable[[int], None] | None = None,
) -> Profile:
    """The profile of all pieces together: that of one frame with their rows, floats up to rounding.

    Each thread reads some columns of a piece and profiles them at once, while they are in its cache: reading and sorting
    both let Python go on. Meanwhile another thread asks for the next piece. Only so many pieces as there are threads are
    held at a time, and two more. The same pieces give the same sums, to the last digit, whichever thread is faster.

    Args:
        pieces: of any number of rows; asked for the next by one thread at a time.
        cells: feature → where its values are counted; they are looked at when the first rows have been read, so that they
            may still be in the making (see `keepfit.stats.coming_cells`).
        threads: how many; one more than the process has processors when None, since one often waits for what it reads.
        columns: feature → its column in the pieces, for those that have another name there.
        moments: whether to look how numbers go together.
        done: is told how many rows have been profiled in all, by one thread at a time.

    Raises:
        Exception: whatever `pieces` raises, or reading one of them.
    """
    names = {name: (columns or {}).get(name, name) for name in cells}
    bundles = _bundles(list(cells))
    paired = cache(lambda: paired_columns(cells) if moments else ())
    total = _OrderedSum(lambda parts: join_parts(parts, cells, paired()), len(bundles), done)

    def counted(task: _Task) -> list[ColumnsPart]:
        bundle = bundles[task.bundle]
        held = task.piece.read([names[name] for name in bundle])
        columns = {name: held[names[name]] for name in bundle if names[name] in held}
        return _profiled(columns, task.piece.rows, {name: cells[name] for name in bundle}, moments)

    def work(queue: _Queue) -> None:
        for task in queue:
            # What was read is let go before the next is read: the same memory can hold it.
            total.add(task.number, task.bundle, counted(task))

    several = threads or processors() + 1
    with (
        one_blas_thread(),
        ThreadPoolExecutor(1, "keepfit-read") as reader,
        ThreadPoolExecutor(several, "keepfit-profile") as pool,
    ):
        queue = _Queue(pieces, len(bundles), reader)
        try:
            for finished in as_completed([pool.submit(work, queue) for _ in range(several)]):
                finished.result()
        finally:
            # After an error, or Ctrl-C, the others finish the part that they have, and take no other.
            queue.close()
    return total.found or Profile.empty(cells)


def _bundles(names: Sequence[str]) -> list[Sequence[str]]:
    """The features that are profiled together; without any, one bundle of none, for the rows count all the same."""
    return [names[start : start + COLUMNS] for start in range(0, max(1, len(names)), COLUMNS)]


def _profiled(
    columns: Mapping[str, Column], rows: int, cells: Mapping[str, Cells], moments: bool
) -> list[ColumnsPart]:
    """Some columns of a piece, `ROWS` rows at a time."""
    return [
        profile_columns(
            {name: one.slice(start, ROWS) for name, one in columns.items()},
            min(ROWS, rows - start),
            cells,
            moments=moments,
        )
        for start in range(0, rows, ROWS)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """Some columns of a piece, both by their numbers."""

    number: int
    piece: Piece
    bundle: int


class _Queue:
    """Tasks, given out one by one to whichever thread asks; the next one is being made."""

    def __init__(self, pieces: Iterable[Piece], bundles: int, reader: Executor) -> None:
        self._lock = threading.Lock()
        self._tasks = (
            _Task(number=number, piece=piece, bundle=bundle)
            for number, piece in enumerate(pieces)
            for bundle in range(bundles)
        )
        self._reader = reader
        self._next = reader.submit(self._read)
        self._closed = False

    def _read(self) -> _Task | None:
        return next(self._tasks, None)

    def __iter__(self) -> Iterator[_Task]:
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
    """The sum of the profiles of numbered pieces in the order of their numbers, whatever order their parts come in."""

    def __init__(
        self,
        join: Callable[[Sequence[ColumnsPart]], Profile],
        bundles: int,
        done: Callable[[int], None] | None,
    ) -> None:
        self.found: Profile | None = None
        self._join = join
        self._bundles = bundles
        self._done = done
        self._lock = threading.Lock()
        self._next = 0
        self._parts: dict[int, dict[int, list[ColumnsPart]]] = {}
        self._waiting: dict[int, list[Profile]] = {}

    def add(self, number: int, bundle: int, parts: list[ColumnsPart]) -> None:
        """Add a bundle of a piece; the piece counts when it has all of them, and all before it have."""
        with self._lock:
            together = self._parts.setdefault(number, {})
            together[bundle] = parts
            if len(together) < self._bundles:
                return
            del self._parts[number]
        profiles = [self._join(slices) for slices in zip(*together.values(), strict=True)]
        with self._lock:
            self._waiting[number] = profiles
            while self._next in self._waiting:
                for profile in self._waiting.pop(self._next):
                    self.found = profile if self.found is None else self.found + profile
                self._next += 1
            if self._done is not None:
                self._done(self.found.rows if self.found else 0)
