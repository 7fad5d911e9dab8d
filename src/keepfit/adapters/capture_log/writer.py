"""Appending to a capture log."""

import contextlib
import errno
import os
import sys
import threading
from pathlib import Path
from typing import Final, Literal

from keepfit.adapters.capture_log.guard import Guard
from keepfit.adapters.capture_log.segments import explained, newest_number, segment_name
from keepfit.errors import CaptureError
from keepfit.ids import is_name
from keepfit.predictions.capture_codec import Frame, encode

_SYNC_EVERY_S: Final = 0.05
_sync = getattr(os, "fdatasync", os.fsync)

Fsync = Literal["interval", "always"]


class CaptureWriter:
    """Appends frames; an appended frame outlives the process at once, and the machine within 50 ms.

    Args:
        directory: where the segments are; made when missing.
        log_id: the log's name, one live writer each; stable over restarts of the same server.
        segment_bytes: a segment that has reached this many bytes is closed.
        fsync: `interval` syncs the disk at most 50 ms after a frame, in the background; `always`, before `append` returns.

    Raises:
        CaptureError: the directory cannot be written, or another writer holds this log.
    """

    def __init__(
        self, directory: Path, *, log_id: str, segment_bytes: int = 64 << 20, fsync: Fsync = "interval"
    ) -> None:
        if not is_name(log_id):
            raise CaptureError(
                f"'{log_id}' cannot name a capture log", hint="use small letters, digits, '.', '_', '-'"
            )
        self._directory, self._log, self._segment_bytes = directory, log_id, segment_bytes
        self._always = fsync == "always"
        self._lock = threading.Lock()
        self._dirty, self._closing = threading.Event(), threading.Event()
        self._sync_failure: OSError | None = None
        self._size, self._broken = 0, False
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._guard = Guard(directory, log_id)
            self._path, self._file = self._new_segment()
        except OSError as error:
            raise explained(error, directory) from error
        self._syncer = threading.Thread(
            target=self._sync_now_and_then, name="keepfit-capture-sync", daemon=True
        )
        if not self._always:
            self._syncer.start()

    @property
    def segment(self) -> Path:
        """The segment that is written at present."""
        return self._path

    def append(self, frame: Frame) -> None:
        """Write a frame whole, or leave the log as it was.

        Raises:
            CaptureError: there is no room, or the file cannot be written; the next call tries again.
        """
        data = encode(frame)
        with self._lock:
            if self._closing.is_set():
                raise CaptureError(f"the capture log '{self._log}' is closed")
            try:
                self._raise_sync_failure()
                if self._size and (self._broken or self._size >= self._segment_bytes):
                    self._rotate()
                self._write(data)
            except OSError as error:
                raise explained(error, self._path) from error
        self._dirty.set()

    def close(self) -> None:
        """Sync and close; closing twice is no harm.

        Raises:
            CaptureError: the disk refused what was written last.
        """
        if self._closing.is_set():
            return
        self._closing.set()
        self._dirty.set()
        if not self._always:
            self._syncer.join()
        with self._lock:
            try:
                _sync(self._file)
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
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o640)
        _sync_directory(self._directory)
        return path, file

    def _rotate(self) -> None:
        if not self._broken:
            self._broken = True  # should the sync fail, the next frame goes on in a new segment all the same
            _sync(self._file)
        old = self._file
        self._path, self._file = self._new_segment()
        self._size, self._broken = 0, False
        os.close(old)

    def _write(self, data: bytes) -> None:
        written = os.write(self._file, data)
        if written < len(data):
            # Readers take the rest for unfinished; where it cannot be cut off, the next frame opens a new segment.
            self._broken = True
            self._size += written
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size - written)
                self._size, self._broken = self._size - written, False
            raise OSError(errno.ENOSPC, f"{written} of {len(data)} bytes fitted")
        self._size += written
        if self._always:
            self._broken = True
            _sync(self._file)
            self._broken = False

    def _raise_sync_failure(self) -> None:
        failure, self._sync_failure = self._sync_failure, None
        if failure is not None:
            self._broken = True
            raise failure

    def _sync_now_and_then(self) -> None:
        while not self._closing.wait(_SYNC_EVERY_S):
            self._dirty.wait()
            self._dirty.clear()
            try:
                # A copy of the descriptor: the segment may be closed while the disk is busy.
                with self._lock:
                    file = os.dup(self._file)
                try:
                    _sync(file)
                finally:
                    os.close(file)
            except OSError as error:
                self._sync_failure = error


def _sync_directory(directory: Path) -> None:
    """Make a new file's name durable too."""
    if sys.platform != "win32":
        file = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
