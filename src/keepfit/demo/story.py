"""The demo's story: a model trained in January is worse by April, and nobody had to look."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from keepfit.app.controller import ServerProcess
from keepfit.app.scaffold import write_new
from keepfit.app.training import train_now
from keepfit.app.workspace import Workspace, open_workspace
from keepfit.config import FILE
from keepfit.demo.client import Caller
from keepfit.demo.months import Month, months
from keepfit.demo.replay import Day, replay
from keepfit.demo.timeline import Event, timeline
from keepfit.errors import ReleaseError
from keepfit.predictions.ledger import Ledger
from keepfit.release.record import ReleaseState

MODEL = "taxi-eta"
JANUARY = datetime(2020, 1, 1, tzinfo=UTC)
FEBRUARY = datetime(2020, 2, 1, tzinfo=UTC)
SEPTEMBER = datetime(2020, 9, 1, tzinfo=UTC)
_CONFIG = b"""[workspace]
models = ["taxi.py"]

[serving]
# Shadows answer before the reply, so that a replay is the same every time.
shadow_queue = 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What the demo found.

    Attributes:
        months: the comparison, month by month.
        events: what happened and why.
        ledger: the counts of predictions and labels.
        asked: predictions that the caller asked for, counted by the caller.
        in_lake: served predictions in the lake, counted there.
    """

    months: list[Month]
    events: list[Event]
    ledger: Ledger
    asked: int
    in_lake: int


def make_demo(folder: Path) -> list[Path]:
    """Write the demo's workspace. Raises WorkspaceError when something is there already."""
    taxi = files("keepfit.demo") / "taxi"
    names = {"taxi.py": "taxi.py", "trips.parquet": "trips.parquet", "DATA_LICENCE.md": "DATA_LICENCE.md"}
    contents = {name: (taxi / source).read_bytes() for name, source in names.items()}
    return write_new(folder, {FILE: _CONFIG, **contents})


def free_folder(wanted: Path) -> Path:
    """`wanted`, or the first of `wanted-2`, `wanted-3` … that is not there."""
    number, folder = 2, wanted
    while folder.exists():
        folder, number = wanted.with_name(f"{wanted.name}-{number}"), number + 1
    return folder


def tell_story(
    folder: Path,
    *,
    port: int,
    end: datetime = SEPTEMBER,
    tell: Callable[[str, datetime], None],
    stage: Callable[[str], None],
    on_day: Callable[[Workspace, Day], None],
    after: Callable[[Workspace, Story, str], None],
) -> None:
    """Train on January, then replay February to the end of August against a real server.

    Args:
        folder: the demo's workspace, made with `make_demo`.
        port: of the server; 0 for any free one.
        end: where the replay ends.
        tell: is told what workflows do.
        stage: is told what is done at present, in words.
        on_day: is told of each replayed day.
        after: is given the story and the server's address while the server still runs.
    """
    workspace = open_workspace(folder, tell)
    model = workspace.model(MODEL)
    stage("training version 1 on January's trips")
    _, release = train_now(
        workspace, MODEL, start=JANUARY, end=FEBRUARY, now=FEBRUARY, why="the first version"
    )
    if release.state is ReleaseState.REFUSED:
        raise ReleaseError(
            f"version 1 was refused: {release.why}", hint=f"edit {folder / 'taxi.py'} and try again"
        )
    stage("starting the server")
    with ServerProcess(workspace, host="127.0.0.1", port=port) as server:
        caller = Caller(server.addresses.http, MODEL)
        stage("replaying February to August")
        replay(workspace, model, caller, start=FEBRUARY, end=end, on_day=lambda day: on_day(workspace, day))
        caller.close()
        stage("comparing with the frozen model and a monthly retrain")
        story = Story(
            months=list(months(workspace, model, start=FEBRUARY, end=end)),
            events=timeline(workspace.ports, MODEL),
            ledger=workspace.ports.ledger.ledger(MODEL),
            asked=caller.asked,
            in_lake=workspace.ports.predictions.count(MODEL),
        )
        after(workspace, story, server.addresses.http)
