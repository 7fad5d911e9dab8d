"""How much room the capture logs of a folder have left, without looking at the disk for each frame."""

import os
import time
from pathlib import Path
from typing import Final

from keepfit.adapters.capture_log.segments import log_of

#: When the room seems used up, the folder is measured again at most this often.
_AGAIN_S: Final = 0.1


class SpoolRoom:
    """The room of a folder that several writers share, each of which looks at it about once a second.

    What is left is divided among the logs that have segments: so many writers, looking at different moments, stay below
    the limit together.

    Args:
        directory: where the logs are.
        limit_bytes: how much all files in it may hold.
    """

    def __init__(self, directory: Path, limit_bytes: int) -> None:
        self._directory, self._limit = directory, limit_bytes
        self._used = self._left = self._own = 0
        self._measured_at = -_AGAIN_S
        self.measure()

    @property
    def limit_bytes(self) -> int:
        """How much all files of the folder may hold."""
        return self._limit

    @property
    def fullness(self) -> float:
        """The share of the room that is used: as it was measured, and what was taken since."""
        return (self._used + self._own) / self._limit

    def measure(self) -> None:
        """Look at the folder."""
        used, logs = spool_size(self._directory)
        self._measured_at = time.monotonic()
        self._used, self._own = used, 0
        self._left = (self._limit - used) // max(1, logs)

    def take(self, size: int) -> bool:
        """Take room for so many bytes; whether there was enough."""
        if self._left < size and time.monotonic() - self._measured_at >= _AGAIN_S:
            self.measure()
        if self._left < size:
            return False
        self._left -= size
        self._own += size
        return True


def spool_size(directory: Path) -> tuple[int, int]:
    """Bytes of all files of a folder, and how many logs have segments in it."""
    total, logs = 0, set[str]()
    with os.scandir(directory) as entries:
        for entry in entries:
            try:
                total += entry.stat(follow_symlinks=False).st_size
            except FileNotFoundError:
                continue  # the drain deleted it in between
            if (log := log_of(entry.name)) is not None:
                logs.add(log)
    return total, len(logs)
