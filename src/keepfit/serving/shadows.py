"""Shadows answer after the caller was answered: their time and their failures are nobody else's."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

_log = logging.getLogger(__name__)


class ShadowRunner:
    """Runs work one after the other in a thread of its own, and leaves out what it cannot keep up with.

    Args:
        waiting: how many requests may wait; 0 runs each at once in the caller's thread, for replays.
    """

    def __init__(self, waiting: int = 64) -> None:
        self.skipped = 0
        self._inline = waiting == 0
        self._slots = threading.BoundedSemaphore(max(1, waiting))
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="keepfit-shadow")
        self._pending: set[Future[None]] = set()

    def submit(self, work: Callable[[], None]) -> None:
        """Run `work` soon; when too much is waiting already it is counted in `skipped` instead."""
        if self._inline:
            self._run(work)
        elif self._slots.acquire(blocking=False):
            future = self._pool.submit(self._run_and_release, work)
            self._pending.add(future)
            future.add_done_callback(self._pending.discard)
        else:
            self.skipped += 1

    def flush(self) -> None:
        """Wait until everything that was submitted has run."""
        for future in tuple(self._pending):
            future.result()

    def close(self) -> None:
        """Flush, and end the thread."""
        self._pool.shutdown(wait=True)

    def _run_and_release(self, work: Callable[[], None]) -> None:
        try:
            self._run(work)
        finally:
            self._slots.release()

    @staticmethod
    def _run(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # noqa: BLE001 - nobody waits for it
            _log.exception("a shadow could not be recorded")
