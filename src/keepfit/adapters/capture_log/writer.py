"""Appending to a capture log."""

import contextlib
import errno
import os
import threading
import time
from pathlib import Path
from typing import Final, Literal

from keepfit.adapters.capture_log.giving_up import give_up_oldest
from keepfit.adapters.capture_log.group_sync import GroupSync, sync_data
from keepfit.adapters.capture_log.guard import Guard
from keepfit.adapters.capture_log.room import SpoolRoom
from keepfit.adapters.capture_log.segments import explained, newest_number, segment_name, sync_directory
from keepfit.errors import CaptureError, SpoolFullError
from keepfit.ids import is_name
from keepfit.predictions.capture_codec import Frame, encode
from keepfit.predictions.spool import WhenFull, share_at

_SYNC_EVERY_S: Final = 0.05
_LOOK_EVERY_S: Final = 1.0
_SEGMENT_BYTES: Final = 64 << 20
_SMALLEST_SEGMENT: Final = 64 << 10
#: So many segments make the room, at least: what is drained, or given up, frees little parts of it.
_SEGMENTS: Final = 64
#: Used room from which on the oldest are given up, and down to which.
_GIVE_UP_FROM, _GIVE_UP_TO = 0.90, 0.80

Durability = Literal["interval", "fsync"]


class CaptureWriter:
    """Appends frames; an appended frame outlives the process at once, and the machine within 50 ms.

    Args:
        directory: where the segments are; made when missing. Several writers may share it.
        log_id: the log's name, one live writer each; stable over restarts of the same server.
        segment_bytes: a segment that has reached this many bytes is closed; None for a 64th of the room, at most 64 MiB.
        segment_age_s: a segment that was begun so long ago is closed too, so that it can be drained to its end and deleted.
        durability: `interval` syncs the disk at most 50 ms after a frame, in the background; `fsync`, before `append`
            returns, once for all frames that wait at that moment.
        limit_bytes: how much all files of the directory may hold.
        when_full: what is done about it; see `keepfit.predictions.spool`.

    Raises:
        CaptureError: the directory cannot be written, or another writer holds this log.
    """

    def __init__(
        self,
        directory: Path,
        *,
        log_id: str,
        segment_bytes: int | None = None,
        segment_age_s: float = 60.0,
        durability: Durability = "interval",
        limit_bytes: int = 4 << 30,
        when_full: WhenFull = "sample",
    ) -> None:
        if not is_name(log_id):
            raise CaptureError(
                f"'{log_id}' cannot name a capture log", hint="use small letters, digits, '.', '_', '-'"
            )
        self._directory, self._log = directory, log_id
        self._segment_bytes = segment_bytes or _share_of_room(limit_bytes)
        self._segment_age_s = segment_age_s
        self._fsync, self._when_full = durability == "fsync", when_full
        self._lock = threading.Lock()
        self._dirty, self._closing = threading.Event(), threading.Event()
        self._sync_failure: OSError | None = None
        self._left: list[int] = []
        self._lost: OSError | None = None
        self._lost_through = 0
        self._size, self._broken, self._begun_at, self._written = 0, False, 0.0, 0
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._guard = Guard(directory, log_id)
            self._path, self._file = self._new_segment()
            self._sync_names()
            self._room = SpoolRoom(directory, limit_bytes)
        except OSError as error:
            raise explained(error, directory) from error
        self._group = GroupSync(self._newest)
        self._keeper = threading.Thread(target=self._keep, name="keepfit-capture", daemon=True)
        self._keeper.start()

    @property
    def segment(self) -> Path:
        """The segment that is written at present."""
        return self._path

    @property
    def fullness(self) -> float:
        """The share of the room that is used, as far as is known."""
        return self._room.fullness

    def share(self, _model: str = "") -> float:
        """The share of predictions that are to be recorded now; less than 1 only where `sample` is the policy."""
        return share_at(self._room.fullness) if self._when_full == "sample" else 1.0

    def append(self, frame: Frame) -> None:
        """Write a frame whole, or leave the log as it was.

        Raises:
            SpoolFullError: the room is used up, and the policy is `block`.
            CaptureError: the room is used up, the disk has no room, or the file cannot be written; the next call tries again.
        """
        data = encode(frame)
        with self._lock:
            if self._closing.is_set():
                raise CaptureError(f"the capture log '{self._log}' is closed")
            self._take_room(len(data))
            try:
                self._raise_sync_failure()
                if self._size and (self._broken or self._size >= self._segment_bytes):
                    self._rotate()
                number = self._write(data)
            except OSError as error:
                raise explained(error, self._path) from error
        if self._fsync:
            self._wait_for_disk(number)
        elif not self._dirty.is_set():
            self._dirty.set()

    def look(self) -> None:
        """Close a segment that is old, look at the room, and give up what the policy says; each second this is done anyway.

        Raises:
            OSError: the disk refused; what is appended next says so.
        """
        with self._lock:
            if self._size and time.monotonic() - self._begun_at >= self._segment_age_s:
                self._rotate()
        self._room.measure()
        if self._when_full == "drop-oldest" and self._room.fullness > _GIVE_UP_FROM:
            give_up_oldest(self._directory, until_bytes=int(_GIVE_UP_TO * self._room.limit_bytes))
            self._room.measure()

    def close(self) -> None:
        """Sync and close; closing twice is no harm.

        Raises:
            CaptureError: the disk refused what was written last.
        """
        if self._closing.is_set():
            return
        self._closing.set()
        self._dirty.set()
        self._keeper.join()
        try:
            self._sync()
        except OSError as error:
            raise explained(error, self._path) from error
        finally:
            os.close(self._file)
            self._guard.release()

    def _new_segment(self) -> tuple[Path, int]:
        # Numbers are not used twice, also when drained segments were deleted: readers remember how far they were.
        number = max(self._guard.last_number, newest_number(self._directory, self._log)) + 1
        self._guard.last_number = number
        path = self._directory / segment_name(self._log, number)
        return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o640)

    def _sync_names(self) -> None:
        self._guard.sync()
        sync_directory(self._directory)

    def _take_room(self, size: int) -> None:
        if self._room.take(size):
            return
        self._dirty.set()  # the keeper may find some
        limit = (
            f"the capture logs in {self._directory} are at their limit of {self._room.limit_bytes:,} bytes"
        )
        hint = "is 'keepfit up' or 'keepfit drain' running? else raise serving.spool_limit"
        if self._when_full == "block":
            raise SpoolFullError(limit, hint=hint)
        raise CaptureError(limit, hint=hint)

    def _rotate(self) -> None:
        if self._fsync and not self._broken:
            self._sync_before_leaving()
        left = self._file
        self._path, self._file = self._new_segment()
        self._size, self._broken = 0, False
        if self._fsync:
            self._sync_names()
            os.close(left)
        else:
            # Nobody waits for the disk: the keeper syncs what was left, and the new name, as soon as any other frame.
            self._left.append(left)
            self._dirty.set()

    def _sync_before_leaving(self) -> None:
        self._broken = True  # should the sync fail, the next frame goes on in a new segment all the same
        try:
            sync_data(self._file)
        except OSError as error:
            self._lost, self._lost_through = error, self._written
            raise

    def _write(self, data: bytes) -> int:
        written = os.write(self._file, data)
        if written < len(data):
            # Readers take the rest for unfinished; where it cannot be cut off, the next frame opens a new segment.
            self._broken = True
            self._size += written
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size - written)
                self._size, self._broken = self._size - written, False
            raise OSError(errno.ENOSPC, f"{written} of {len(data)} bytes fitted")
        if not self._size:
            self._begun_at = time.monotonic()
        self._size += written
        self._written += 1
        return self._written

    def _wait_for_disk(self, number: int) -> None:
        try:
            self._group.through(number)
            if self._lost is not None and number <= self._lost_through:
                raise self._lost
        except OSError as error:
            with self._lock:
                self._broken = True
            raise explained(error, self._path) from error

    def _newest(self) -> tuple[int, int]:
        with self._lock:
            return self._written, os.dup(self._file)

    def _raise_sync_failure(self) -> None:
        failure, self._sync_failure = self._sync_failure, None
        if failure is not None:
            self._broken = True
            raise failure

    def _keep(self) -> None:
        """Sync, close old segments and look at the room, now and then, while requests are answered."""
        look_at = time.monotonic() + _LOOK_EVERY_S
        while not self._closing.wait(_SYNC_EVERY_S):
            written = self._dirty.wait(_LOOK_EVERY_S)
            self._dirty.clear()
            try:
                if written and not self._fsync:
                    self._sync()
                if time.monotonic() >= look_at or self._room.fullness > _GIVE_UP_FROM:
                    self.look()
                    look_at = time.monotonic() + _LOOK_EVERY_S
            except OSError as error:
                self._sync_failure = error

    def _sync(self) -> None:
        with self._lock:
            left, self._left = self._left, []
            # A copy of the descriptor: the segment may be closed while the disk is busy.
            files = [*left, os.dup(self._file)]
        try:
            for file in files:
                sync_data(file)
            if left:
                self._sync_names()
        finally:
            for file in files:
                os.close(file)


def _share_of_room(limit_bytes: int) -> int:
    return max(_SMALLEST_SEGMENT, min(_SEGMENT_BYTES, limit_bytes // _SEGMENTS))
