"""The numbers of all workers of a server: each keeps its own in a file, and any can tell the sum."""

import logging
import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from keepfit.clock import Clock
from keepfit.errors import DataError
from keepfit.serving.telemetry import Telemetry
from keepfit.serving.telemetry_snapshot import Snapshot, packed, unpacked

_log = logging.getLogger(__name__)

#: How often a worker writes its numbers.
EVERY_S: Final = 1.0
#: A worker that has not written for longer than this is taken for dead.
MAX_AGE: Final = timedelta(seconds=10)
_ENDING: Final = ".msgpack"


def metrics_in(spool: Path) -> Path:
    """Where the servers that share a spool have a folder each, in which their workers keep their numbers."""
    return spool / "metrics"


#: Sets gauges.
Refresh = Callable[[Telemetry], None]


def _nothing_to_measure(_live: Telemetry) -> None:
    return


class MetricsFolder:
    """One file a worker, replaced whole: who reads it sees one snapshot or the next.

    Args:
        folder: made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, worker: str, snapshot: Snapshot) -> None:
        """Replace a worker's numbers. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # The thread's number too: the writer's thread and an answer to a scrape may both be at it.
        part = self._folder / f"{worker}.{os.getpid()}-{threading.get_ident()}.part"
        part.write_bytes(packed(snapshot))
        part.replace(self._path(worker))

    def read(self, worker: str) -> Snapshot | None:
        """A worker's numbers; None when there are none, or none that can be read."""
        try:
            return unpacked(self._path(worker).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, DataError) as error:
            _log.warning("the numbers of worker %s are left out: %s", worker, error)
            return None

    def workers(self) -> list[str]:
        """Who has written here, sorted."""
        return sorted(path.stem for path in self._folder.glob(f"*{_ENDING}"))

    def _path(self, worker: str) -> Path:
        return self._folder / f"{worker}{_ENDING}"


class SharedTelemetry:
    """A worker's telemetry, written once a second by a thread of its own, and the sum over all workers.

    A process that takes the place of one that died goes on from its file. What was ever told is in a file before, so that
    counters never fall, not even by the second that a kill may cost.

    Args:
        folder: shared by the workers of one server.
        worker: this one's name, unique among them.
        clock: when snapshots are taken.
    """

    def __init__(self, folder: Path, worker: str, clock: Clock) -> None:
        self._folder, self._clock = MetricsFolder(folder), clock
        self._refresh: Refresh = _nothing_to_measure
        self.live = Telemetry(worker, self._folder.read(worker))
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep_writing, name="keepfit-telemetry", daemon=True)
        self._failing = False

    def start(self, refresh: Refresh = _nothing_to_measure) -> None:
        """Begin to write.

        Args:
            refresh: called before each snapshot, to set gauges that are dear to measure.
        """
        self._refresh = refresh
        self._thread.start()

    def close(self) -> None:
        """Write once more, and end the thread; closing twice is no harm."""
        if not self._stopped.is_set():
            self._stopped.set()
            if self._thread.is_alive():
                self._thread.join()
            self._write(self._clock.now())

    def total(self) -> Snapshot:
        """The sum over all workers: this one's as it is now, the others' as of their last second."""
        now = self._clock.now()
        own = self._write(now)
        others = (self._folder.read(name) for name in self._folder.workers() if name != self.live.worker)
        return sum((one for one in others if one is not None), own).living(now, max_age=MAX_AGE)

    def _keep_writing(self) -> None:
        while not self._stopped.wait(EVERY_S):
            self._write(self._clock.now())

    def _write(self, now: datetime) -> Snapshot:
        try:
            self._refresh(self.live)
        except Exception:  # noqa: BLE001 - a gauge is not worth the thread that writes all the others
            _log.exception("a gauge could not be measured")
        snapshot = self.live.snapshot(now)
        try:
            self._folder.write(self.live.worker, snapshot)
            self._failing = False
        except OSError as error:
            if not self._failing:
                _log.warning("the numbers of this worker cannot be written: %s", error)
            self._failing = True
        return snapshot
