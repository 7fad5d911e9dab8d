"""Stories on real trips, told by the real server, controller and lake: what the acceptance tests share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from keepfit.app.controller import ServerProcess
from keepfit.app.training import train_now
from keepfit.app.workspace import Workspace, open_workspace
from keepfit.demo.client import Caller
from keepfit.demo.replay import Day, replay
from keepfit.demo.story import make_demo

DATA = Path(__file__).parent.parent / "data"
MODEL = "taxi-eta"


@dataclass(frozen=True)
class Told:
    """A workspace after its story, and the days of it."""

    workspace: Workspace
    days: list[Day]


def taxi_workspace(folder: Path, trips: Path | None = None, edit: Callable[[str], str] = str) -> Workspace:
    """The demo's workspace, with other trips or an edited model file."""
    make_demo(folder)
    if trips is not None:
        (folder / "trips.parquet").write_bytes(trips.read_bytes())
    model_file = folder / "taxi.py"
    model_file.write_text(edit(model_file.read_text(encoding="utf-8")), encoding="utf-8")
    return open_workspace(folder)


def tell(workspace: Workspace, *, start: datetime, first: datetime, end: datetime) -> Told:
    """Train on [start, first), then replay [first, end) against a real server."""
    train_now(workspace, MODEL, start=start, end=first, now=first, why="the first version")
    days: list[Day] = []
    with ServerProcess(workspace, host="127.0.0.1", port=0) as server:
        caller = Caller(server.addresses.http, MODEL)
        replay(workspace, workspace.model(MODEL), caller, start=first, end=end, on_day=days.append)
        caller.close()
    return Told(workspace, days)
