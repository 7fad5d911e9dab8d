"""The controller: a tick, a pause, a tick, beside a server in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import FrameType
from typing import Self

from keepfit.app.workspace import Workspace
from keepfit.clock import SystemClock
from keepfit.errors import ServerError
from keepfit.workflows.tick import tick

#: While a server runs, this file in .keepfit says where.
ADDRESS_FILE = "server.json"
#: OpenMP threads on a busy machine make a small prediction many times slower: a server uses one a request.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
START_TIMEOUT_S = 60.0


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
        self.address = ""

    def __enter__(self) -> Self:
        self._workspace.state.mkdir(exist_ok=True)
        address_file = self._workspace.state / ADDRESS_FILE
        address_file.unlink(missing_ok=True)
        with (self._workspace.state / "server.log").open("ab") as log:
            begin = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                self._command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, **ONE_THREAD},
            )
        self.address = self._wait(begin)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it, and wait for it; it is killed when it takes too long."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait(self, begin: int) -> str:
        deadline = time.monotonic() + START_TIMEOUT_S
        path = self._workspace.state / ADDRESS_FILE
        while time.monotonic() < deadline:
            if path.is_file():
                return str(json.loads(path.read_text(encoding="utf-8"))["address"])
            if not self.alive():
                break
            time.sleep(0.05)
        self.stop()
        raise self._error(begin)

    def _error(self, begin: int) -> ServerError:
        log = (
            (self._workspace.state / "server.log")
            .read_bytes()[begin:]
            .decode(errors="replace")
            .strip()
            .splitlines()
        )
        error = next((line.removeprefix("error: ") for line in log if line.startswith("error: ")), "")
        hint = next((line.removeprefix("hint: ") for line in log if line.startswith("hint: ")), None)
        return ServerError(
            error or "the server did not start", hint=hint or f"see {self._workspace.state / 'server.log'}"
        )


def run_controller(
    workspace: Workspace, *, host: str, port: int, every: timedelta, started: Callable[[str], None]
) -> None:
    """Server and controller together, until SIGTERM or Ctrl-C.

    What fails in a tick is reported, and tried again in the next.

    Raises:
        ServerError: the server cannot start, or died.
    """
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    _ = workspace.models  # a model file that cannot be run is told before anything is started
    with ServerProcess(workspace, host=host, port=port) as server:
        started(server.address)
        while not stop.is_set():
            now = SystemClock().now()
            done = tick(workspace.ports, workspace.models.values(), now=now)
            for name, problem in done.problems.items():
                workspace.ports.tell(f"{name}: {problem}", now)
            if not server.alive():
                raise ServerError("the server died", hint=f"see {workspace.state / 'server.log'}")
            stop.wait(every.total_seconds())
