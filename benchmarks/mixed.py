"""Does memory stay flat, and is every row accounted for? Ten minutes of everything that clients send.

    python benchmarks/mixed.py [--minutes 10] [--connections 16] [--quick] [--json | --markdown]

Of a hundred requests fifty are one row in JSON, ten a row of named columns, five a batch of a hundred, fifteen binary tensors of one to
eight rows, eight labels of predictions answered before, ten metadata and health, and two are wrong and must be refused. The
drainer runs beside the server. In the end the rows that clients were answered must be those in the lake, by number and by id,
and the ledger must say the same.
"""

import random
import sys
import tempfile
import time
from argparse import Namespace
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import bodies
import lakes
import numpy as np
import orjson
from bodies import oip
from forests import Floats, Forest, forest
from load.closed_loop import Request, run
from load.figures import Figures
from load.server import FailedError, Server, end_with_servers
from load.wire import Reply, encode
from report import Table, Target, options, progress, publish
from workspaces import Workspace, workspace

from data import HOME

#: The growth of memory after the first minute, as a line through it, in its median.
LARGEST_GROWTH: Final = 0.02
_SEED: Final = 5
_PAUSE_S: Final = 0.02
_SETTLED_S: Final = 60.0
#: Kind → how many of a hundred requests.
_SHARES: Final = {"row": 50, "named": 10, "batch": 5, "binary": 15, "labels": 8, "metadata": 10, "wrong": 2}
_LABELS: Final = 20
_WRONG: Final = (
    b"",
    b"{",
    b'{"inputs":[]}',
    b'{"inputs":[{"name":"x00","shape":[1],"datatype":"FP64","data":["a"]}]}',
)


@dataclass(slots=True, kw_only=True)
class Memory:
    """Resident memory over time.

    Attributes:
        seconds, megabytes: of each sample.
    """

    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def settled(self, after_s: float) -> tuple[float, float, float]:
        """First and last value of the line through the samples after a while, and their median."""
        chosen = [place for place, at in enumerate(self.seconds) if at >= after_s]
        if len(chosen) < 2:
            return (float("nan"),) * 3
        times, values = np.array(self.seconds)[chosen], np.array(self.megabytes)[chosen]
        slope, start = np.polyfit(times, values, 1)
        return float(start + slope * times[0]), float(start + slope * times[-1]), float(np.median(values))


class Mixed:
    """Draws requests, and keeps what the answers promised."""

    def __init__(self, held: Forest) -> None:
        self.ids: list[str] = []
        self.labels = 0
        self.kinds: Counter[str] = Counter()
        self.surprises: Counter[str] = Counter()
        self._unlabelled: deque[str] = deque(maxlen=2_000)
        self._draw = random.Random(_SEED)  # noqa: S311 - a mix, not secrets
        self._made = _requests(held)
        self._names = list(_SHARES)
        self._path = f"/v2/models/{held.kind}/labels"

    def next(self) -> Request | None:
        """One drawn by the shares; its key is the kind's place."""
        kind = self._draw.choices(self._names, list(_SHARES.values()))[0]
        if kind == "labels" and len(self._unlabelled) < _LABELS:
            kind = "row"
        wire = self._label() if kind == "labels" else self._draw.choice(self._made[kind])
        return Request(wire, self._names.index(kind))

    def answered(self, request: Request, reply: Reply, began: float, ended: float) -> bool:  # noqa: ARG002
        """Whether the status is that of the kind; ids are kept."""
        kind = self._names[request.key]
        self.kinds[kind] += 1
        right = 400 <= reply.status < 500 if kind == "wrong" else reply.status == 200
        if not right:
            self.surprises[f"{kind}: {reply.status} {reply.body[:120]!r}"] += 1
        elif kind == "labels":
            self.labels += orjson.loads(reply.body)["accepted"]
        elif kind in {"row", "named", "batch", "binary"}:
            found = _ids(reply)
            self.ids += found
            self._unlabelled.extend(found[:2])
        return right

    def lost(self, request: Request) -> None:
        """Nothing may be."""
        self.surprises[f"{self._names[request.key]}: no answer"] += 1

    def _label(self) -> bytes:
        chosen = [self._unlabelled.popleft() for _ in range(_LABELS)]
        return encode("POST", self._path, bodies.labels(chosen, [1.0] * _LABELS))


def _ids(reply: Reply) -> list[str]:
    """The prediction ids of an answer, in JSON or behind it."""
    length = reply.header("inference-header-content-length")
    head = reply.body[: int(length)] if length else reply.body
    place = len(head)
    for output in orjson.loads(head)["outputs"]:
        size = (output.get("parameters") or {}).get("binary_data_size", 0)
        if output["name"] == "prediction_id":
            return bodies.binary_ids(reply.body[place : place + size]) if size else output["data"]
        place += size
    raise ValueError("the reply has no prediction ids")


def _requests(held: Forest) -> dict[str, Sequence[bytes]]:
    path = oip(held.kind).path

    def post(make: Callable[[Floats], bytes], rows: int) -> list[bytes]:
        starts = range(0, len(held.pool) - rows, max(1, rows // 4))
        return [encode("POST", path, make(held.pool[start : start + rows])) for start in starts]

    reads = ("/v2", "/v2/models", f"/v2/models/{held.kind}", "/v2/health/ready", "/v2/health/live", "/ping")
    return {
        "row": post(bodies.tensor, 1),
        "named": post(bodies.columns, 1),
        "batch": post(bodies.tensor, 100),
        "binary": [
            bodies.binary_request(path, held.pool[start : start + 1 + start % 8]) for start in range(240)
        ],
        "metadata": [encode("GET", one) for one in reads],
        "wrong": [encode("POST", path, one) for one in _WRONG],
    }


def main() -> int:
    """Load, drain, compare."""
    parser = options(str(__doc__).split("\n", 1)[0], peers=False)
    parser.add_argument("--minutes", type=float, default=0.0, help="how long (10; quick: 0.2)")
    parser.add_argument("--connections", type=int, default=16, help="at a time")
    asked = parser.parse_args()
    end_with_servers()
    seconds = (asked.minutes or (0.2 if asked.quick else 10.0)) * 60
    HOME.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME) as folder:
        progress("training the workspace …")
        held = forest("hgb")
        made = workspace(Path(folder), held)
        traffic, memory = Mixed(held), Memory()
        found = _load(made, traffic, memory, seconds, asked.connections)
        progress("draining what is left …")
        lakes.drain(made)
        counted = _count(made, traffic)
    return _publish(asked, traffic, memory, found, counted, after_s=min(_SETTLED_S, seconds / 4))


def _load(made: Workspace, traffic: Mixed, memory: Memory, seconds: float, connections: int) -> Figures:
    drainer = Server(lakes.drainer(made, HOME / "log/mixed drainer.log")).start(wait=False)
    try:
        with Server(made.serving(HOME / "log/mixed server.log")) as server:
            began = time.monotonic()

            def sample() -> bool:
                at = time.monotonic() - began
                if not memory.seconds or at - memory.seconds[-1] >= 1:
                    memory.seconds.append(at)
                    memory.megabytes.append(server.usage().rss_mb)
                return False

            found = run(
                server.address,
                traffic,
                connections=connections,
                seconds=seconds,
                stop=sample,
                pause_s=_PAUSE_S,
            )
            if not server.alive():
                raise FailedError(f"the server ended: {server.words()}")
        if not drainer.alive():
            raise FailedError(f"the drainer ended: {drainer.words()}")
    finally:
        drainer.stop()
    return found


def _count(made: Workspace, traffic: Mixed) -> dict[str, int]:
    """What of the answers is where."""
    rows, ledger = lakes.stored(made), lakes.ledger(made)
    return {
        "rows answered": len(traffic.ids),
        "rows in the lake": rows.height,
        "rows in the ledger": ledger["stored"],
        "ids missing": len(lakes.missing(rows, traffic.ids)),
        "ids doubled": len(lakes.doubled(rows)),
        "labels accepted": traffic.labels,
        "rows with a label": lakes.labelled(made),
    }


def _publish(
    asked: Namespace,
    traffic: Mixed,
    memory: Memory,
    found: Figures,
    counted: dict[str, int],
    *,
    after_s: float,
) -> int:
    first, last, middle = memory.settled(after_s)
    tables = [
        Table(
            title=f"{found.seconds / 60:.1f} minutes of mixed load",
            head=("requests", "count"),
            rows=[(kind, f"{count:,}") for kind, count in sorted(traffic.kinds.items())],
            notes=[f"{what}: {count:,}" for what, count in traffic.surprises.most_common(8)],
        ),
        Table(
            title="Rows", head=("", "count"), rows=[(what, f"{count:,}") for what, count in counted.items()]
        ),
        Table(
            title="Memory of the server's processes",
            head=("", "MB"),
            rows=[
                ("at first", f"{memory.megabytes[0]:,.0f}"),
                (f"after {after_s:.0f} s, on the line", f"{first:,.0f}"),
                ("at the end, on the line", f"{last:,.0f}"),
            ],
        ),
    ]
    measured: dict[str, Any] = {
        "load": found.plain(),
        "kinds": dict(traffic.kinds),
        "surprises": dict(traffic.surprises),
        "rows": counted,
        "memory": {"seconds": memory.seconds, "megabytes": memory.megabytes},
    }
    growth = (last - first) / middle
    return publish(asked, tables, _targets(traffic, counted, growth, quick=asked.quick), measured)


def _targets(traffic: Mixed, counted: dict[str, int], growth: float, *, quick: bool) -> list[Target]:
    surprises = sum(traffic.surprises.values())
    answered = counted["rows answered"]
    exact = counted["rows in the lake"] == answered == counted["rows in the ledger"]
    labelled = counted["rows with a label"] == counted["labels accepted"]
    return [
        Target(
            says="every request is answered as it should", measured=f"{surprises} are not", met=not surprises
        ),
        Target(
            says="answered = in the lake = in the ledger",
            measured=f"{answered:,}, {counted['rows in the lake']:,}, {counted['rows in the ledger']:,}",
            met=exact and not counted["ids missing"] and not counted["ids doubled"],
        ),
        Target(
            says="every accepted label is with its row",
            measured=f"{counted['rows with a label']:,} of {counted['labels accepted']:,}",
            met=labelled,
        ),
        Target(
            says=f"memory grows by at most {LARGEST_GROWTH:.0%} once it has settled",
            measured=f"{growth:.1%}",
            met=None if quick else growth <= LARGEST_GROWTH,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
