"""The servers that are compared: keepfit, the stack that it stands on, and its peers, each a process (or several) of its own."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import bodies
from bodies import Form
from environments import environment
from forests import Forest
from load.server import ONE_THREAD, Command, FailedError
from workspaces import Workspace

from data import HOME

_SCRIPTS: Final = Path(__file__).resolve().parent / "peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What servers are started from.

    Attributes:
        folder: for what they write.
        forests: the models by kind.
        workspaces: keepfit's, by the kind of their model; `compiled` is one that may compile trees, `granian` has a
            LightGBM model behind granian.
        reply_bytes: how long keepfit's answer to one row is.
    """

    folder: Path
    forests: dict[str, Forest]
    workspaces: dict[str, Workspace]
    reply_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A server to measure.

    Attributes:
        name: how the tables call it.
        form: how it is asked.
        ready: the path that is answered with 200 when it is ready.
        script: in `peers/`; empty for keepfit itself.
        peer: its environment; None runs it in keepfit's own.
        kind: of the model that it serves; None when its answers are no predictions.
        settings: which workspace of keepfit, when it is not that of the kind.
        arguments: of the script behind the port.
        package: whose version the table names; None for keepfit's.
    """

    name: str
    form: Form
    ready: str
    script: str = ""
    peer: str | None = None
    kind: str | None = "hgb"
    settings: str = ""
    arguments: Callable[[Scene], Sequence[str]] = lambda scene: (str(scene.forests["hgb"].file),)
    package: str | None = None

    def command(self, scene: Scene) -> Command:
        """How it is started.

        Raises:
            FailedError: its environment cannot be made.
        """
        log = HOME / "log" / f"serving {self.name}.log".replace(" ", "_").replace(",", "")
        log.unlink(missing_ok=True)
        if not self.script:
            return scene.workspaces[self.settings or str(self.kind)].serving(log)
        words = (self.python(), str(_SCRIPTS / self.script), "{port}", *self.arguments(scene))
        return Command(words=words, folder=scene.folder, log=log, ready=self.ready, environment=ONE_THREAD)

    def python(self) -> str:
        """Its interpreter.

        Raises:
            FailedError: its environment cannot be made.
        """
        if self.peer is None:
            return sys.executable
        installed = environment(self.peer)
        if installed.python is None:
            raise FailedError(f"cannot be installed: {installed.error}")
        return str(installed.python)


def _mlserver(workers: int) -> Callable[[Scene], Sequence[str]]:
    return lambda scene: (
        str(scene.forests["hgb"].file),
        str(workers),
        str(scene.folder / f"mlserver-{workers}"),
    )


_READY: Final = "/v2/health/ready"
KEEPFIT: Final = Contender(name="keepfit", form=bodies.oip("hgb"), ready=_READY)
LIGHTGBM: Final = Contender(
    name="keepfit, LightGBM", form=bodies.oip("lightgbm"), ready=_READY, kind="lightgbm"
)
GRANIAN: Final = Contender(
    name="keepfit, LightGBM, granian",
    form=bodies.oip("lightgbm"),
    ready=_READY,
    kind="lightgbm",
    settings="granian",
)
COMPILED: Final = Contender(
    name="keepfit, compiled", form=bodies.oip("hgb"), ready=_READY, settings="compiled"
)
RECORDS: Final = Contender(
    name="keepfit, named columns",
    form=Form(path="/invocations", make=bodies.records, read=lambda reply: reply["predictions"]),
    ready=_READY,
)
UNCAPTURED: Final = Contender(
    name="keepfit, capture off",
    form=bodies.oip("hgb"),
    ready=_READY,
    script="serving_keepfit_uncaptured.py",
    arguments=lambda scene: (str(scene.workspaces["hgb"].root),),
)
ECHO: Final = Contender(
    name="echo",
    form=bodies.oip("hgb"),
    ready="/",
    script="serving_echo.py",
    kind=None,
    arguments=lambda scene: (str(scene.reply_bytes),),
    package="uvicorn",
)
OURS: Final = (KEEPFIT, UNCAPTURED, RECORDS, COMPILED, LIGHTGBM, GRANIAN, ECHO)
FASTAPI: Final = Contender(
    name="FastAPI + pydantic",
    form=bodies.FASTAPI,
    ready="/ready",
    script="serving_fastapi.py",
    peer="fastapi",
    package="fastapi",
)
MLFLOW: Final = Contender(
    name="mlflow models serve",
    form=bodies.MLFLOW,
    ready="/ping",
    script="serving_mlflow.py",
    peer="mlflow",
    arguments=lambda scene: (str(scene.forests["hgb"].file), str(scene.folder / "mlflow")),
    package="mlflow",
)
KSERVE: Final = Contender(
    name="KServe",
    form=bodies.oip("hgb"),
    ready=_READY,
    script="serving_kserve.py",
    peer="kserve",
    package="kserve",
)
MLSERVER: Final = Contender(
    name="MLServer",
    form=bodies.oip("hgb"),
    ready="/v2/models/hgb/ready",
    script="serving_mlserver.py",
    peer="mlserver",
    arguments=_mlserver(1),
    package="mlserver",
)
MLSERVER_INSIDE: Final = replace(MLSERVER, name="MLServer, no workers", arguments=_mlserver(0))
LITSERVE: Final = Contender(
    name="LitServe",
    form=bodies.LITSERVE,
    ready="/health",
    script="serving_litserve.py",
    peer="litserve",
    package="litserve",
)
PEERS: Final = (FASTAPI, MLFLOW, KSERVE, MLSERVER, MLSERVER_INSIDE, LITSERVE)
