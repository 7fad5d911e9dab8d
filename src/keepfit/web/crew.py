"""Several workers, kept alive: started, listened to, buried and started again."""

import logging
import selectors
import time
from collections.abc import Callable, Mapping
from typing import Final

from keepfit.errors import ServerError
from keepfit.web.messages import Begin, Ended, Report, Serving
from keepfit.web.restarts import Lives
from keepfit.web.worker_process import WorkerProcess

_log = logging.getLogger(__name__)

#: A process whose pipe has come to an end is gone in a moment.
_SOON_S: Final = 0.02


class Crew:
    """The workers of a server, by slot.

    Args:
        size: how many there are to be.
        begin: the first order of the worker in a slot.
    """

    def __init__(self, size: int, begin: Callable[[int], Begin]) -> None:
        self._begin = begin
        self._workers: dict[int, WorkerProcess] = {}
        self._lives = dict.fromkeys(range(size), Lives())
        self._due = dict.fromkeys(range(size), 0.0)
        self._selector = selectors.DefaultSelector()
        self._silent: set[int] = set()

    @property
    def workers(self) -> Mapping[int, WorkerProcess]:
        """Those that live, or whose death was not noticed yet."""
        return self._workers

    def start_due(self) -> set[int]:
        """Start those that are to be started by now; their slots."""
        now = time.monotonic()
        slots = {slot for slot, due in self._due.items() if due <= now}
        for slot in slots:
            del self._due[slot]
            worker = self._workers[slot] = WorkerProcess.start(slot)
            self._selector.register(worker.reports, selectors.EVENT_READ, worker)
            worker.tell(self._begin(slot))
        return slots

    def hear(self, timeout_s: float) -> list[tuple[WorkerProcess, Report]]:
        """What they have reported; waits for it, no longer than `timeout_s` or until one is to be started."""
        wait_s = min([timeout_s, *(due - time.monotonic() for due in self._due.values())])
        if self._silent:
            wait_s = _SOON_S
        found: list[tuple[WorkerProcess, Report]] = []
        for key, _ in self._selector.select(max(0.0, wait_s)):
            worker: WorkerProcess = key.data
            reports = worker.hear()
            if reports is None:
                self._selector.unregister(worker.reports)
                self._silent.add(worker.slot)
            else:
                found += [(worker, report) for report in reports]
        for worker, report in found:
            self._note(worker, report)
        return found

    def bury(self) -> set[int]:
        """Take leave of those that have died, and have them started again in time; their slots.

        Raises:
            ServerError: one has died several times in a row before it served.
        """
        gone = {slot for slot, worker in self._workers.items() if not worker.is_alive}
        for slot in gone:
            worker = self._forget(slot)
            now, since = time.monotonic(), worker.serving_since
            lives = self._lives[slot] = self._lives[slot].after_death(None if since is None else now - since)
            if lives.is_hopeless:
                raise ServerError(
                    f"worker {slot} ended {lives.failed_starts} times before it served: {worker.ending}",
                    hint=worker.hint or "what it said before is above",
                )
            self._due[slot] = now + lives.pause_s
            _log.warning("worker %d is started again: %s", slot, worker.ending)
        return gone

    def drain(self, within_s: float, *, hurry: Callable[[], bool]) -> None:
        """Let all finish what they are doing, and end; whoever takes longer is killed, and all when `hurry` says so."""
        for worker in self._workers.values():
            worker.dismiss()
        until = time.monotonic() + within_s
        while self._workers and time.monotonic() < until and not hurry():
            self.hear(_SOON_S)
            for slot in [slot for slot, worker in self._workers.items() if not worker.is_alive]:
                self._forget(slot)

    def end(self) -> None:
        """Kill whoever lives, and wait for them."""
        for worker in self._workers.values():
            worker.kill()
        for slot, worker in tuple(self._workers.items()):
            worker.process.wait()
            self._forget(slot)
        self._selector.close()

    def _note(self, worker: WorkerProcess, report: Report) -> None:
        match report:
            case Serving():
                worker.serving_since = time.monotonic()
            case Ended(reason=reason, hint=hint):
                worker.last_words, worker.hint = reason, hint
            case _:
                pass

    def _forget(self, slot: int) -> WorkerProcess:
        worker = self._workers.pop(slot)
        if slot in self._silent:
            self._silent.discard(slot)
        else:
            # What it said last may not have been heard yet.
            for report in worker.hear() or ():
                self._note(worker, report)
            self._selector.unregister(worker.reports)
        worker.close()
        return worker
