"""One fdatasync for all frames that wait for it."""

import os
import threading
from collections.abc import Callable
from typing import Final

#: Forces what was written to a file to disk; its times are not.
sync_data: Final = getattr(os, "fdatasync", os.fsync)


class GroupSync:
    """Frames are numbered as they are written; whoever needs one on disk syncs for all that were written until then.

    Args:
        newest: the number of the newest frame, and a descriptor of its own of the file that it is in.
    """

    def __init__(self, newest: Callable[[], tuple[int, int]]) -> None:
        self._newest = newest
        self._turn = threading.Lock()
        self._synced = 0
        self._failed = (0, 0)
        self._failure: OSError | None = None

    def through(self, number: int) -> None:
        """Return when this frame is on disk.

        Raises:
            OSError: the disk refused it; a later sync that succeeds says nothing about what was refused before.
        """
        with self._turn:
            if self._synced < number:
                newest, file = self._newest()
                try:
                    sync_data(file)
                except OSError as error:
                    self._refuse(newest, error)
                finally:
                    os.close(file)
                self._synced = newest
            first, last = self._failed
            if self._failure is not None and first < number <= last:
                raise self._failure

    def _refuse(self, newest: int, error: OSError) -> None:
        self._failed, self._failure = (self._synced, newest), error
