"""The drain in a process of its own: what servers captured is in the lake a second later, whatever the controller does.

The evidence of what it moved is made in the same process, after it: draining comes first.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

from keepfit.app.evidence_upkeep import EvidenceUpkeep
from keepfit.app.stop_request import StopRequest
from keepfit.app.workspace import Workspace
from keepfit.clock import SystemClock
from keepfit.errors import KeepfitError
from keepfit.predictions.ledger import Ledger
from keepfit.workflows.drain_capture import drain_capture

_LOG = logging.getLogger("keepfit")

#: In .keepfit: what a drainer that the controller started had to say.
DRAINER_LOG: Final = "drain.log"
#: Names the process that a drainer ends with.
_PARENT: Final = "KEEPFIT_DRAINS_FOR"
_STOP_TIMEOUT_S: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What one round did.

    Attributes:
        counts: what was moved into the lake.
        windows: how many windows have evidence that they did not have before.
    """

    counts: Ledger
    windows: int


def drain_once(workspace: Workspace, *, now: datetime) -> Drained:
    """Drain what is there, and update the evidence."""
    counts = drain_capture(workspace.ports, now=now)
    return Drained(counts=counts, windows=EvidenceUpkeep(workspace).update(moved=True, now=now))


def run_drainer(
    workspace: Workspace,
    *,
    every: timedelta,
    drained: Callable[[Drained, datetime], None],
    stopping: Callable[[], object] = lambda: None,
) -> None:
    """Drain, update the evidence, pause, drain, until SIGTERM or Ctrl-C, or until the controller that started it is gone.

    What fails is told once, and tried again after each pause.

    Args:
        workspace: whose capture logs are drained.
        every: the pause.
        drained: told of each round that did something.
        stopping: called when a stop is asked for, in the signal's handler.
    """
    parent, known = os.environ.get(_PARENT), ""
    upkeep = EvidenceUpkeep(workspace)
    with StopRequest(heard=stopping) as stop:
        while not stop.asked and parent in (None, str(os.getppid())):
            now, counts, windows = SystemClock().now(), Ledger(), 0
            try:
                with stop.breaks_off():
                    counts = drain_capture(workspace.ports, now=now)
                    known = ""
            except KeyboardInterrupt:
                break
            except Exception as error:  # noqa: BLE001 - what was captured waits, and is tried again
                known = _say_once(workspace, error, known)
            # Evidence that is broken off, as by a crash, is updated by whoever comes next.
            with suppress(KeyboardInterrupt), stop.breaks_off():
                windows = upkeep.update(moved=counts != Ledger(), now=now)
            if windows or counts != Ledger():
                drained(Drained(counts=counts, windows=windows), now)
            stop.wait(every.total_seconds())


class DrainerProcess:
    """`keepfit drain` in a process of its own, which ends when this one does; use it as a context manager.

    Args:
        workspace: whose capture logs are drained.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._workspace.state.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "keepfit", "drain", "--workspace", str(self._workspace.root)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, _PARENT: str(os.getpid())},
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def log(self) -> Path:
        """What it had to say."""
        return self._workspace.state / DRAINER_LOG

    @property
    def runs(self) -> bool:
        """Whether it is there; ticks drain too, so that nothing is lost when it is not."""
        return self._process is not None and self._process.poll() is None


def _say_once(workspace: Workspace, error: Exception, known: str) -> str:
    says = str(error) if isinstance(error, KeepfitError) else f"{type(error).__name__}: {error}"
    if says != known:
        _LOG.error("the capture logs could not be drained: %s", says, exc_info=error)
        workspace.ports.tell(f"the capture logs could not be drained, and wait: {says}", SystemClock().now())
    return says
