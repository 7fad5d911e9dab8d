"""What does a prediction over HTTP cost? keepfit, the bare stack that it stands on, and its peers, in one interleaved run.

    python benchmarks/serving.py [--peers mlflow,kserve] [--turns 3] [--seconds 4] [--quick] [--json | --markdown]

One-row requests of thirty numbers over 64, 16 and 1 kept-alive connections (closed loop: the next request leaves when
the reply is there), to the same model in every server. What counts is processor time a request: user and system, of
the server and of every process that it started. Each turn starts a server anew, warms it up with answers that are all
held against the model's own, and measures; the servers take turns, and medians of the turns count.
"""

import sys
import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

import served
from forests import TREES, forest
from load.closed_loop import Cycle, run
from load.server import FailedError, Server, end_with_servers
from load.wire import Reply
from report import Table, chosen, options, progress, publish
from served import Contender, Scene
from serving_targets import capture_target, targets
from workspaces import variant, workspace

from data import HOME

CONNECTIONS: Final = (64, 16, 1)
CAPTURE_CONNECTIONS: Final = 16
#: How often keepfit is measured with recording and without, next to each other.
_PAIRS: Final = 15
#: Answers that are checked before anything is measured.
_WARM_UP: Final = 1_000
_WARM_UP_S: Final = 60.0

_VERSION: Final = "from importlib.metadata import version; import sys; print(version(sys.argv[1]))"


class WrongAnswersError(FailedError):
    """A server's answers were errors, or not the model's."""


@dataclass(slots=True, kw_only=True)
class Cost:
    """Of one contender.

    Attributes:
        turns: for each turn and number of connections what was measured.
        version: of its package.
        error: why there are none.
    """

    turns: list[dict[int, dict[str, Any]]] = field(default_factory=list)
    version: str = ""
    error: str = ""

    def median(self, connections: int, name: str) -> float:
        """Of the turns."""
        return median(float(turn[connections][name]) for turn in self.turns)


def main() -> int:
    """Measure, print, and say whether the targets are met."""
    end_with_servers()
    asked = _options()
    turns = asked.turns or (1 if asked.quick else 3)
    contenders = (*served.OURS, *chosen(served.PEERS, asked.peers))
    costs = {one.name: Cost() for one in contenders}
    with tempfile.TemporaryDirectory(dir=_home()) as folder:
        scene = _scene(Path(folder))
        for turn in range(turns):
            for one in contenders:
                progress(f"turn {turn + 1} of {turns}: {one.name}")
                _take_turn(one, costs[one.name], scene, asked)
        progress("recording on and off, in turn")
        added = _capture(scene, 1.0 if asked.quick else 2.0, 2 if asked.quick else _PAIRS)
    alive = [one for one in contenders if costs[one.name].turns]
    figures = {one.name: costs[one.name].median for one in alive}
    return publish(
        asked,
        [_table(alive, costs), *_failures(costs)],
        [] if asked.quick else [*targets(figures), capture_target(added)],
        {"costs": {name: _plain(cost) for name, cost in costs.items()}, "recording_adds": added},
    )


def _options() -> Namespace:
    parser = options(str(__doc__).split("\n", 1)[0])
    parser.add_argument("--turns", type=int, default=0, help="of each server (3; quick: 1)")
    parser.add_argument("--seconds", type=float, default=0.0, help="a measurement takes (4; quick: 1)")
    return parser.parse_args()


def _home() -> Path:
    HOME.mkdir(exist_ok=True)
    return HOME


def _scene(folder: Path) -> Scene:
    """The models, and a workspace of keepfit for each."""
    forests = {kind: forest(kind) for kind in ("hgb", "lightgbm")}
    progress("training the workspaces …")
    workspaces = {kind: workspace(folder / kind, one) for kind, one in forests.items()}
    workspaces["compiled"] = variant(workspaces["hgb"], folder / "compiled", 'compiled = "auto"')
    workspaces["granian"] = variant(workspaces["lightgbm"], folder / "granian", 'http = "granian"')
    scene = Scene(folder=folder, forests=forests, workspaces=workspaces, reply_bytes=0)
    with Server(served.KEEPFIT.command(scene)) as server:
        return Scene(
            folder=folder,
            forests=forests,
            workspaces=workspaces,
            reply_bytes=_reply_bytes(server, served.KEEPFIT, scene),
        )


def _reply_bytes(server: Server, one: Contender, scene: Scene) -> int:
    """How long an answer to one row is, so that the echo server's is as long."""
    lengths: list[int] = []

    def seen(_key: int, reply: Reply) -> bool:
        lengths.append(len(reply.body))
        return True

    requests = one.form.requests(scene.forests["hgb"].pool)
    run(server.address, Cycle(requests, check=seen, count=len(requests)), connections=1, seconds=_WARM_UP_S)
    if not lengths:
        raise WrongAnswersError(f"{one.name} answers nothing")
    return round(median(lengths))


def _take_turn(one: Contender, cost: Cost, scene: Scene, asked: Namespace) -> None:
    if cost.error:
        return
    seconds = asked.seconds or (1.0 if asked.quick else 4.0)
    try:
        cost.version = cost.version or _version(one)
        with Server(one.command(scene)) as server:
            _warm_up(server, one, scene)
            cost.turns.append({count: _measure(server, one, scene, count, seconds) for count in CONNECTIONS})
    except FailedError as error:
        cost.error = str(error) or type(error).__name__


def _version(one: Contender) -> str:
    import subprocess

    command = [one.python(), "-c", _VERSION, one.package or "keepfit"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _warm_up(server: Server, one: Contender, scene: Scene) -> None:
    """Every answer must be the model's own.

    Raises:
        WrongAnswersError: one is not.
    """
    held = scene.forests[one.kind or "hgb"]
    check = one.form.check(held.expected) if one.kind else None
    traffic = Cycle(one.form.requests(held.pool), check=check, count=_WARM_UP)
    found = run(server.address, traffic, connections=16, seconds=_WARM_UP_S)
    if found.errors or not found.answered:
        raise WrongAnswersError(
            f"of {found.answered} answers {found.wrong} are wrong; statuses {dict(found.statuses)}"
        )


def _measure(
    server: Server, one: Contender, scene: Scene, connections: int, seconds: float
) -> dict[str, Any]:
    requests = one.form.requests(scene.forests[one.kind or "hgb"].pool)
    before = server.usage()
    found = run(server.address, Cycle(requests), connections=connections, seconds=seconds)
    after = server.usage()
    if found.errors or not found.answered:
        raise WrongAnswersError(
            f"{connections} connections: {found.errors} of {found.answered} answers are errors"
        )
    return {
        "cpu_us": (after.cpu_s - before.cpu_s) / found.answered * 1e6,
        "rss_mb": after.rss_mb,
        "processes": after.processes,
        **found.plain(),
    }


def _capture(scene: Scene, seconds: float, turns: int) -> list[float]:
    """What recording adds, as shares: both servers run, and are measured in turn for a moment each, many times.

    The difference is small, so that the two of a pair must lie next to each other in time.
    """
    added = []
    pair = (served.KEEPFIT, served.UNCAPTURED)
    with Server(pair[0].command(scene)) as with_log, Server(pair[1].command(scene)) as without:
        for server, one in zip((with_log, without), pair, strict=True):
            _warm_up(server, one, scene)
        for number in range(turns):
            order = ((with_log, pair[0]), (without, pair[1]))
            found = {
                one.name: _measure(server, one, scene, CAPTURE_CONNECTIONS, seconds)["cpu_us"]
                for server, one in (order if number % 2 else order[::-1])
            }
            added.append(found[pair[0].name] / found[pair[1].name] - 1)
    return added


def _table(contenders: Sequence[Contender], costs: Mapping[str, Cost]) -> Table:
    ours = costs[served.KEEPFIT.name]
    rows = []
    for one in contenders:
        cost = costs[one.name]
        cpu = [cost.median(count, "cpu_us") for count in CONNECTIONS]
        ratio = f"{cpu[0] / ours.median(CONNECTIONS[0], 'cpu_us'):.3g}" if ours.turns else ""
        rows.append(
            (
                f"{one.name} ({cost.version})",
                *(f"{value:,.0f}" for value in cpu),
                ratio,
                f"{cost.median(64, 'per_s'):,.0f}",
                f"{cost.median(64, 'p99_ms'):.1f}",
                f"{cost.median(1, 'p50_ms'):.2f}",
                f"{cost.median(64, 'rss_mb'):,.0f}",
            )
        )
    return Table(
        title="One row over HTTP (simulated rows; medians)",
        head=(
            "",
            *(f"CPU µs, {count}" for count in CONNECTIONS),
            "times the CPU, 64",
            "a second, 64",
            "p99 ms, 64",
            "p50 ms, 1",
            "MB",
        ),
        rows=rows,
        notes=(
            "CPU µs: user and system time a request, of all of a server's processes, over 64, 16 and 1 connections.",
            f"{TREES} trees, 30 numbers. One OpenMP thread everywhere. keepfit records every prediction.",
            f"The load generator itself took {_own(costs):.0f} µs a request, where it had most to do.",
        ),
    )


def _own(costs: Mapping[str, Cost]) -> float:
    """What the load generator took a request against the fastest server, over many connections."""
    measured = [cost for cost in costs.values() if cost.turns]
    fastest = max(measured, key=lambda cost: cost.median(64, "per_s"), default=None)
    return fastest.median(64, "client_us") if fastest else float("nan")


def _failures(costs: Mapping[str, Cost]) -> list[Table]:
    failed = [(name, " ".join(cost.error.split())) for name, cost in costs.items() if cost.error]
    return [Table(title="Could not be measured", head=("", "why"), rows=failed)] if failed else []


def _plain(cost: Cost) -> dict[str, Any]:
    """For JSON."""
    return {"turns": cost.turns, "version": cost.version, "error": cost.error}


if __name__ == "__main__":
    sys.exit(main())
