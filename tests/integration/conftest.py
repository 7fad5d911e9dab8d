"""A workspace that `keepfit init` made and `keepfit train` trained once, and the ways to run keepfit in it."""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from keepfit.adapters.file_lock import file_lock
from keepfit.cli import main

#: How long a process may take to say that it serves; it compiles its modules when nothing did before.
PATIENCE_S = 60.0
BIKES = "bikes.py"


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code, its data, its messages."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its data, which must be exactly one JSON document."""
        return json.loads(self.out)


class Keepfit:
    """Runs `keepfit` in a workspace; calling it runs `main` in this process."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, *arguments: str) -> Done:
        """Run a command to its end, in this process."""
        out, err, code = io.StringIO(), io.StringIO(), 0
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.root)
            patch.setattr(sys, "argv", ["keepfit", *arguments])
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                try:
                    main()
                except SystemExit as end:
                    code = int(end.code or 0)
        return Done(code, out.getvalue(), err.getvalue())

    def process(self, *arguments: str) -> Done:
        """Run a command to its end, as somebody at a shell would."""
        done = subprocess.run(
            _command(*arguments), cwd=self.root, capture_output=True, text=True, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr)

    @contextlib.contextmanager
    def running(self, *arguments: str) -> Iterator["Running"]:
        """A command that runs until it is stopped, once it serves."""
        messages = self.root / "messages.txt"
        with messages.open("wb") as err:
            # A process group of its own, as a shell gives: Ctrl-C goes to all of it, and not to us.
            process = subprocess.Popen(
                _command(*arguments), cwd=self.root, stdout=err, stderr=err, start_new_session=True
            )
        running = Running(process, messages)
        try:
            running.wait_for("serving on ")
            yield running
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(timeout=PATIENCE_S)

    def edit(self, old: str, new: str, file: str = BIKES) -> None:
        """Change a file as its user would; what is changed must be there."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def write(self, file: str, text: str) -> str:
        """Write a file; its name."""
        (self.root / file).write_text(text, encoding="utf-8")
        return file


class Running:
    """A server that runs: what it says, and how it is asked."""

    def __init__(self, process: "subprocess.Popen[bytes]", messages: Path) -> None:
        self.process = process
        self._messages = messages
        self._http = urllib3.PoolManager(retries=False)

    @property
    def said(self) -> str:
        """Everything that it has said so far."""
        return self._messages.read_text(encoding="utf-8")

    def wait_for(self, text: str) -> None:
        """Wait until it has said `text`."""
        self.wait_until(lambda: text in self.said or self.process.poll() is not None)
        assert text in self.said, self.said

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds that the process does."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)

    @property
    def address(self) -> str:
        """Where it serves."""
        return next(word for word in self.said.split() if word.startswith("http://"))

    def post(self, path: str, body: object) -> tuple[int, Any]:
        """Send JSON; the status and the reply."""
        reply = self._http.request("POST", self.address + path, json=body)
        return reply.status, json.loads(reply.data)

    def predict(self, *ids: str, **changed: object) -> tuple[int, Any]:
        """Ask for one prediction an id."""
        row = {"station": "park", "hour": 8, "weekday": 1, "degrees": 9.5, **changed}
        records = [{"hour_id": one, **row} for one in ids]
        return self.post("/invocations", {"dataframe_records": records})

    def end(self, number: int = signal.SIGINT) -> int:
        """Send a signal to its process group, as Ctrl-C does; the exit code."""
        os.killpg(self.process.pid, number)
        return self.process.wait(timeout=PATIENCE_S)


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "keepfit", *arguments]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run, the same for all processes that share its tests."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"


@pytest.fixture(scope="session")
def compiled(shared: Path) -> Iterator[None]:
    """Processes of these tests share compiled modules, also where Python is told to write none beside the sources."""
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get("PYTHONDONTWRITEBYTECODE"):
            patch.delenv("PYTHONDONTWRITEBYTECODE")
            patch.setenv("PYTHONPYCACHEPREFIX", str(shared / "compiled"))
        yield


@dataclass(frozen=True)
class First:
    """The first steps in an empty folder, and where they led."""

    keepfit: Keepfit
    init: Done
    before: Done
    train: Done


@pytest.fixture(scope="session")
def first(compiled: None, shared: Path) -> First:
    """`keepfit init`, `keepfit status` and `keepfit train bikes`, once a run; no test may change what they made."""
    keepfit, said = Keepfit(shared / "bikes"), shared / "first.json"
    with file_lock(shared / "first.lock"):
        if not said.exists():
            keepfit.root.mkdir()
            steps = keepfit("init"), keepfit("status"), keepfit.process("train", "bikes")
            said.write_text(json.dumps([asdict(step) for step in steps]), encoding="utf-8")
    init, before, train = (Done(**step) for step in json.loads(said.read_text(encoding="utf-8")))
    return First(keepfit, init, before, train)


@pytest.fixture
def fresh(compiled: None, tmp_path: Path) -> Keepfit:
    """A workspace in which nothing was trained."""
    keepfit = Keepfit(tmp_path)
    assert keepfit("init").code == 0
    return keepfit


@pytest.fixture
def trained(first: First, tmp_path: Path) -> Keepfit:
    """A copy of the trained workspace, to change at will; artifacts are read where they were registered."""
    root = tmp_path / "bikes"
    shutil.copytree(first.keepfit.root, root)
    return Keepfit(root)
