"""A server under test: started in a session of its own, waited for, measured, and ended by its processes' ids."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Self

from load.closed_loop import Address
from load.processes import Usage, members, usage

#: One thread a process for OpenMP and its like: several on a busy core wait for each other, in every contender.
ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_HOST: Final = "127.0.0.1"
_PAUSE_S: Final = 0.02
_STOP_S: Final = 40.0


class FailedError(Exception):
    """A server did not start, or died; the message is its own last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How a server is started.

    Attributes:
        words: the command; `{port}` in them stands for the port.
        folder: where it runs.
        log: what it says is written there.
        ready: a path that is answered with 200 once it can answer requests.
        environment: beside that of this process.
        patience_s: how long it may take to be ready.
    """

    words: Sequence[str]
    folder: Path
    log: Path
    ready: str
    environment: Mapping[str, str]
    patience_s: float = 180.0


class Server:
    """Runs from `start` (or `with`) until `stop`."""

    def __init__(self, command: Command) -> None:
        self._command = command
        self.address = Address(_HOST, free_port())
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The id of its first process.

        Raises:
            FailedError: it was never started.
        """
        if self._process is None:
            raise FailedError("it was not started")
        return self._process.pid

    def start(self, *, wait: bool = True) -> Self:
        """Start it, and wait until it is ready.

        Raises:
            FailedError: it ended instead, or took too long.
        """
        words = [word.replace("{port}", str(self.address.port)) for word in self._command.words]
        self._command.log.parent.mkdir(parents=True, exist_ok=True)
        with self._command.log.open("ab") as log:
            self._process = subprocess.Popen(
                words,
                cwd=self._command.folder,
                env={**os.environ, **self._command.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if wait:
            self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        """Ask until the path of readiness is answered with 200.

        Raises:
            FailedError: it ended instead, or took too long.
        """
        deadline = time.monotonic() + self._command.patience_s
        while not self._is_ready():
            if self._process is None or self._process.poll() is not None:
                raise FailedError(self.words())
            if time.monotonic() > deadline:
                self.stop()
                raise FailedError(f"not ready after {self._command.patience_s:.0f} s: {self.words()}")
            time.sleep(_PAUSE_S)

    def usage(self) -> Usage:
        """Of its whole tree of processes, until now."""
        return usage(self.pid)

    def alive(self) -> bool:
        """Whether its first process runs."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL to every process of it, the first one first."""
        for one in sorted(members(self.pid), key=lambda one: one.pid != self.pid):
            one.send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """SIGTERM to the first process; SIGKILL to those that are left when it has ended, or did not."""
        if self._process is None:
            return
        everyone = members(self.pid)
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(timeout=_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for one in everyone:
            one.send(signal.SIGKILL)

    def words(self) -> str:
        """Its last words."""
        if not self._command.log.exists():
            return ""
        text = self._command.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.strip().splitlines()[-3:])

    def __enter__(self) -> Self:
        """Start it."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self.stop()

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection(self.address.host, self.address.port, timeout=5)
        try:
            connection.request("GET", self._command.ready)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def end_with_servers() -> None:
    """Let SIGTERM end this process as an exception does, so that the servers that it started end too."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server((_HOST, 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
