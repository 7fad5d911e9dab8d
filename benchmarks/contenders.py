"""What is compared: keepfit and its peers, each in a process of its own, asked through a pipe."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from environments import environment

from data import HOME

_SCRIPTS: Final = Path(__file__).resolve().parent / "peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Something to measure.

    Attributes:
        name: how the tables call it.
        peer: its environment; None runs it in keepfit's own.
        script: in `peers/`.
        methods: given to the script.
        target: how many times keepfit's time it should take at least; None where nothing is promised.
    """

    name: str
    peer: str | None
    script: str
    methods: tuple[str, ...] = ()
    target: float | None = None


KEEPFIT: Final = Contender(name="keepfit", peer=None, script="keepfit_drift.py")
PYARROW: Final = Contender(name="pyarrow, reading only", peer=None, script="pyarrow_read.py")
PEERS: Final = (
    Contender(name="evidently", peer="evidently", script="evidently_drift.py", target=150),
    Contender(
        name="nannyml JS", peer="nannyml", script="nannyml_drift.py", methods=("jensen_shannon",), target=15
    ),
    Contender(name="nannyml KS", peer="nannyml", script="nannyml_drift.py", methods=("kolmogorov_smirnov",)),
    Contender(name="alibi-detect", peer="alibi-detect", script="alibi_drift.py", target=15),
    Contender(name="whylogs", peer="whylogs", script="whylogs_drift.py", target=80),
    Contender(name="popmon", peer="popmon", script="popmon_drift.py"),
)


class FailedError(Exception):
    """A contender could not be installed, or died; the message is its own last words."""


class Running:
    """A contender's process; imports are over when it answers the first question."""

    def __init__(
        self, contender: Contender, columns: Mapping[str, str], methods: Sequence[str] | None = None
    ) -> None:
        """Start it, with other methods than its own when given.

        Raises:
            FailedError: it cannot be installed.
        """
        self._log = HOME / "log" / f"{contender.name.replace(' ', '_')}.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        arguments = [
            json.dumps(dict(columns)),
            json.dumps(list(contender.methods if methods is None else methods)),
        ]
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [_python(contender), str(_SCRIPTS / contender.script), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def ask(self, do: str, **arguments: str) -> dict[str, Any]:
        """The answer to a question of `peers/serve.py`.

        Raises:
            FailedError: it died.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise TypeError("the process was started without pipes")
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise FailedError(self._words()) from None
        line = self._process.stdout.readline()
        if not line:
            raise FailedError(self._words())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if error is not None:
            self._process.kill()
        self._process.wait()

    def _words(self) -> str:
        self._process.wait()
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:])


def _python(contender: Contender) -> str:
    if contender.peer is None:
        return sys.executable
    installed = environment(contender.peer)
    if installed.python is None:
        raise FailedError(f"cannot be installed: {installed.error}")
    return str(installed.python)
