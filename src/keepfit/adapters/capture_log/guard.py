"""The lock file of a log: held by its one writer, and the memory of the last segment's number.

The system lets go of the lock however a writer ends, so that a reader can tell a log that is
being written from one whose writer is gone.
"""

import os
import sys
import time
from pathlib import Path
from typing import Final

from keepfit.errors import CaptureError

_PATIENCE_S: Final = 0.5
_PAUSE_S: Final = 0.01


class Guard:
    """The lock of a log, held from its making to `release`.

    Raises:
        CaptureError: another writer holds it.
    """

    def __init__(self, directory: Path, log: str) -> None:
        self._file = os.open(_path(directory, log), os.O_RDWR | os.O_CREAT, 0o640)
        # A reader that looks whether the log is written holds it for a moment, hence the patience.
        until = time.monotonic() + _PATIENCE_S
        while not _lock(self._file, shared=False):
            if time.monotonic() > until:
                os.close(self._file)
                raise CaptureError(
                    f"another writer holds the capture log '{log}' in {directory}",
                    hint="give each server a log of its own",
                )
            time.sleep(_PAUSE_S)

    @property
    def last_number(self) -> int:
        """The number of the newest segment there ever was; 0 when there was none."""
        text = os.pread(self._file, 20, 0).strip()
        return int(text) if text.isdigit() else 0

    @last_number.setter
    def last_number(self, number: int) -> None:
        os.pwrite(self._file, b"%d\n" % number, 0)

    def sync(self) -> None:
        """Force the number to disk."""
        os.fsync(self._file)

    def release(self) -> None:
        """Let go of the log."""
        os.close(self._file)


def has_writer(directory: Path, log: str) -> bool:
    """Whether the log is being written; yes when that cannot be known."""
    try:
        file = os.open(_path(directory, log), os.O_RDONLY)
    except OSError:
        return True
    try:
        return not _lock(file, shared=True)
    finally:
        os.close(file)


def _path(directory: Path, log: str) -> Path:
    return directory / f"{log}.lock"


if sys.platform == "win32":

    def _lock(_file: int, *, shared: bool) -> bool:
        """Without such locks a writer is let in, and a reader takes every log for live."""
        return not shared

else:
    import fcntl

    def _lock(file: int, *, shared: bool) -> bool:
        """Take the lock if it is free; closing the file lets go of it."""
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
