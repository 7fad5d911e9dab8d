"""Is an acknowledged prediction ever lost, or doubled, when the server is killed? `kill -9` under load, twenty times.

    python benchmarks/kill.py [--kills 20] [--connections 16] [--quick] [--json | --markdown]

Every answer holds the ids of its predictions: they are acknowledged. After half a second to two seconds of load all
processes of the server get SIGKILL, in the middle of requests; a new one is started on the same capture log. The drainer
runs all the while, and every second time it is killed too. In the end every acknowledged id must be in the lake exactly
once, with the value that was answered. What was under way when the server died may be there or not, but not twice.
"""

import random
import sys
import tempfile
import time
from argparse import Namespace
from pathlib import Path
from typing import Final

import lakes
import numpy as np
import orjson
import polars as pl
from bodies import oip
from forests import Forest, forest
from load.closed_loop import Request, run
from load.server import FailedError, Server, end_with_servers
from load.wire import Reply, encode
from report import Table, Target, options, progress, publish
from workspaces import Workspace, workspace

from data import HOME

_SEED: Final = 4
#: Rows of a request, in turn.
_ROWS: Final = (1, 1, 1, 7)
_SHORTEST_S: Final = 0.5
_LONGEST_S: Final = 2.0
_LATEST_S: Final = 30.0


class Acknowledged:
    """Requests with rows of the pool, and what the answers to them promised."""

    def __init__(self, held: Forest, kill_at: float = 0.0) -> None:
        self.values: dict[str, float] = {}
        self.twice = 0
        self.errors = 0
        self.kill_at = kill_at
        path = oip(held.kind).path
        self._requests = [
            Request(encode("POST", path, oip(held.kind).make(held.pool[place : place + _ROWS[place % 4]])))
            for place in range(len(held.pool) - max(_ROWS))
        ]
        self._place = 0

    def next(self) -> Request | None:
        """One after the other."""
        self._place = (self._place + 1) % len(self._requests)
        return self._requests[self._place]

    def answered(self, request: Request, reply: Reply, began: float, ended: float) -> bool:  # noqa: ARG002
        """Remember the ids and values."""
        if reply.status != 200:
            self.errors += 1
            return True
        values, ids = (one["data"] for one in orjson.loads(reply.body)["outputs"])
        self.twice += sum(name in self.values for name in ids)
        self.values.update(zip(ids, values, strict=True))
        return True

    def lost(self, request: Request) -> None:
        """It was never acknowledged."""


def main() -> int:
    """Kill, drain, compare."""
    parser = options(str(__doc__).split("\n", 1)[0], peers=False)
    parser.add_argument("--kills", type=int, default=0, help="how many (20; quick: 3)")
    parser.add_argument("--connections", type=int, default=16, help="at a time")
    asked = parser.parse_args()
    end_with_servers()
    kills = asked.kills or (3 if asked.quick else 20)
    HOME.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME) as folder:
        held = forest("lightgbm")
        progress("training the workspace …")
        made = workspace(Path(folder), held)
        acknowledged = Acknowledged(held)
        _kill_often(made, acknowledged, kills, asked.connections)
        progress("draining what is left …")
        lakes.drain(made)
        rows = lakes.stored(made)
    return _publish(asked, kills, acknowledged, rows)


def _kill_often(made: Workspace, acknowledged: Acknowledged, kills: int, connections: int) -> None:
    drainer = Server(lakes.drainer(made, HOME / "log/kill drainer.log")).start(wait=False)
    try:
        for number in range(kills):
            progress(f"kill {number + 1} of {kills}: {len(acknowledged.values):,} predictions acknowledged")
            _kill_once(made, acknowledged, connections)
            if number % 2:
                drainer.kill()
            if not drainer.alive():
                drainer.start(wait=False)
        if not drainer.alive():
            raise FailedError(f"the drainer ended: {drainer.words()}")
    finally:
        drainer.stop()


def _kill_once(made: Workspace, acknowledged: Acknowledged, connections: int) -> None:
    """The server dies from inside of the load's own loop, so that requests are under way."""
    draw = random.Random(len(acknowledged.values) + _SEED)  # noqa: S311 - moments, not secrets
    with Server(made.serving(HOME / "log/kill server.log")) as server:
        due = time.monotonic() + draw.uniform(_SHORTEST_S, _LONGEST_S)

        def killed() -> bool:
            if time.monotonic() < due:
                return False
            server.kill()
            return True

        run(
            server.address,
            acknowledged,
            connections=connections,
            seconds=_LATEST_S,
            stop=killed,
            reconnects=False,
        )


def _publish(asked: Namespace, kills: int, acknowledged: Acknowledged, rows: pl.DataFrame) -> int:
    missing, doubled = lakes.missing(rows, list(acknowledged.values)), lakes.doubled(rows)
    changed = _changed(rows, acknowledged.values)
    unasked = rows.height - len(acknowledged.values) + len(missing) - len(doubled)
    table = Table(
        title=f"kill -9 under load, {kills} times",
        head=("", "predictions"),
        rows=[
            ("acknowledged", f"{len(acknowledged.values):,}"),
            ("in the lake", f"{rows.height:,}"),
            ("written, but the answer did not arrive", f"{unasked:,}"),
            ("answers other than 200", f"{acknowledged.errors:,}"),
        ],
    )
    counts = {
        "acknowledged predictions lost": len(missing),
        "predictions doubled": len(doubled),
        "predictions whose stored value is not the answered one": changed,
        "ids given to two predictions": acknowledged.twice,
        "answers other than 200": acknowledged.errors,
    }
    told = [Target(says=f"0 {what}", measured=f"{count:,}", met=count == 0) for what, count in counts.items()]
    judged = [
        *told,
        Target(
            says="something was acknowledged",
            measured=f"{len(acknowledged.values):,}",
            met=bool(acknowledged.values),
        ),
    ]
    measured = {
        "kills": kills,
        "acknowledged": len(acknowledged.values),
        "stored": rows.height,
        **counts,
        "missing": missing[:20],
        "doubled": doubled[:20],
    }
    return publish(asked, [table], judged, measured)


def _changed(rows: pl.DataFrame, answered: dict[str, float]) -> int:
    """How many stored values are others than those that were answered."""
    given = pl.DataFrame(
        {"prediction_id": list(answered), "answered": np.array(list(answered.values()), dtype=float)}
    )
    both = rows.join(given, on="prediction_id")
    return both.filter(pl.col("prediction") != pl.col("answered")).height


if __name__ == "__main__":
    sys.exit(main())
