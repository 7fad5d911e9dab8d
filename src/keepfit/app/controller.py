"""The controller: a tick, a pause, a tick, beside a server in a process of its own."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from keepfit.app.drainer import DrainerProcess
from keepfit.app.one_thread import ONE_THREAD
from keepfit.app.server_files import Addresses, read_addresses, remove_addresses
from keepfit.app.stop_request import StopRequest
from keepfit.app.workspace import Workspace
from keepfit.clock import SystemClock, parse_duration
from keepfit.errors import ServerError
from keepfit.workflows.drain_capture import drain_capture
from keepfit.workflows.tick import Tick, tick

_LOG = logging.getLogger("keepfit")

#: In .keepfit too: what a server that the controller started had to say.
SERVER_LOG = "server.log"
START_TIMEOUT_S = 60.0
#: How much longer than `[serving] stop_timeout` a server may take to end.
STOP_MARGIN_S = 7.0


class ServerProcess:
    """`keepfit serve` in a process of its own; use it as a context manager.

    Args:
        workspace: what is served.
        host, port: where; port 0 for any free one.
    """

    def __init__(self, workspace: Workspace, *, host: str, port: int) -> None:
        self._workspace = workspace
        self._command = [sys.executable, "-m", "keepfit", "serve", "--workspace", str(workspace.root)]
        self._command += ["--host", host, "--port", str(port)]
        self._process: subprocess.Popen[bytes] | None = None
        self.addresses = Addresses(http="")

    def __enter__(self) -> Self:
        self._workspace.state.mkdir(exist_ok=True)
        remove_addresses(self._workspace.state)
        with self._log.open("ab") as log:
            begin = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                self._command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, **ONE_THREAD},
            )
        try:
            self.addresses = self._wait(begin)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def check(self) -> None:
        """See that it runs; it is never started again behind anybody's back.

        Raises:
            ServerError: it ended, or was never started.
        """
        if not self._runs():
            raise ServerError(f"the server {self._ending()}", hint=f"its log is {self._log}")

    def stop(self) -> None:
        """End it, and wait for it; it is killed when it takes too long."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=self._stop_timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def _stop_timeout_s(self) -> float:
        patience = parse_duration(self._workspace.config.serving.stop_timeout)
        return patience.total_seconds() + STOP_MARGIN_S

    @property
    def _log(self) -> Path:
        return self._workspace.state / SERVER_LOG

    def _runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _ending(self) -> str:
        code = None if self._process is None else self._process.poll()
        if code is None:
            return "was not started"
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"

    def _wait(self, begin: int) -> Addresses:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self._runs():
            found = read_addresses(self._workspace.state)
            if found is not None:
                return found
            time.sleep(0.05)
        raise self._error(begin)

    def _error(self, begin: int) -> ServerError:
        """What the server said before it ended, in its own words."""
        late = f"did not answer within {START_TIMEOUT_S:g} seconds"
        lines = self._log.read_bytes()[begin:].decode(errors="replace").splitlines()
        error = next((line.removeprefix("error: ") for line in lines if line.startswith("error: ")), "")
        hint = next((line.removeprefix("hint: ") for line in lines if line.startswith("hint: ")), "")
        return ServerError(
            error or f"the server {late if self._runs() else self._ending()}",
            hint=hint or f"its log is {self._log}",
        )


def run_controller(
    workspace: Workspace,
    *,
    host: str,
    port: int,
    every: timedelta,
    started: Callable[[Addresses], None],
    ticked: Callable[[Tick], None] = lambda _tick: None,
    stopping: Callable[[], object] = lambda: None,
) -> None:
    """Server, drainer and controller together, until SIGTERM or Ctrl-C.

    What fails in a tick is told, and tried again in the next. Asked to stop, a tick is given a few seconds to end by
    itself; it is then broken off, as by a crash, and the next start goes on with it. What the server captured
    last is drained before this returns.

    Args:
        workspace: whose models are looked after.
        host, port: where the server listens.
        every: the pause between two ticks.
        started: told where the server answers.
        ticked: told what each tick did.
        stopping: called when a stop is asked for, in the signal's handler.

    Raises:
        DefinitionError: a model file cannot be run; nothing was started.
        ServerError: the server cannot start, or died.
    """
    with StopRequest(heard=stopping) as stop:
        _ = workspace.models
        with DrainerProcess(workspace), ServerProcess(workspace, host=host, port=port) as server:
            started(server.addresses)
            _keep_looking(workspace, server, every, stop, ticked)
        _drain_the_rest(workspace)


def _keep_looking(
    workspace: Workspace,
    server: ServerProcess,
    every: timedelta,
    stop: StopRequest,
    ticked: Callable[[Tick], None],
) -> None:
    known: dict[str, str] = {}
    counted = workspace.ports.ledger.ledger()
    while not stop.asked:
        now = SystemClock().now()
        done = look(workspace, stop, now)
        if done is not None:
            # A problem that stays is told once, not every time.
            for name, problem in done.problems.items():
                if known.get(name) != problem:
                    workspace.ports.tell(f"{name}: {problem}", now)
            known = done.problems
            # The drainer moved most of it before the tick could: what is told is what came in since the last one.
            before, counted = counted, workspace.ports.ledger.ledger()
            ticked(replace(done, drained=counted - before))
        pause(server, every, stop)


def look(workspace: Workspace, stop: StopRequest, now: datetime) -> Tick | None:
    """One tick; None when it was broken off, or failed as a whole."""
    try:
        with stop.breaks_off():
            return tick(workspace.ports, workspace.models.values(), now=now)
    except KeyboardInterrupt:
        workspace.ports.tell("broke off in the middle of a pass; the next start goes on with it", now)
    except Exception as error:  # noqa: BLE001 - the server must live on, whatever it was
        _LOG.exception("a pass of the controller failed")
        workspace.ports.tell(
            f"the pass failed, the next one tries again: {type(error).__name__}: {error}", now
        )
    return None


def pause(server: ServerProcess, every: timedelta, stop: StopRequest) -> None:
    """Wait for the next tick; that the server died is noticed within a second."""
    end = time.monotonic() + every.total_seconds()
    while not stop.asked:
        server.check()
        left = end - time.monotonic()
        if left <= 0:
            return
        stop.wait(min(left, 1.0))


def _drain_the_rest(workspace: Workspace) -> None:
    """What the server captured after the last tick; it has ended, so that nothing comes after."""
    now = SystemClock().now()
    try:
        drain_capture(workspace.ports, now=now)
    except Exception as error:  # noqa: BLE001 - it is safe in the capture log, and a stop was asked for
        workspace.ports.tell(f"what was captured last waits for the next start: {error}", now)
