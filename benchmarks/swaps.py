"""Does a release disturb anybody? A hundred hot swaps between two versions, under load.

    python benchmarks/swaps.py [--swaps 100] [--connections 16] [--quick] [--json | --markdown]

The champion alternates between two versions of one model; each swap is stored as a release stores it, and the next begins when
the new version has answered. Every answer says which version gave it, and is held against what that very version
predicts. The usual latency is measured right before, on the same server, without swaps.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Final, Self

import orjson
from bodies import oip
from forests import Forest, forest
from load.closed_loop import Request, run
from load.figures import Figures
from load.server import Server, end_with_servers
from load.wire import Reply
from report import Table, Target, options, progress, publish
from workspaces import Workspace, workspace

from data import HOME

#: How much longer than the usual p99 the worst request may take.
LONGER_MS: Final = 50.0
#: The usual latency is that of this many seconds.
_QUIET_S: Final = 20.0
#: A swap follows the last one's arrival after so long, drawn: servers look at their routes at intervals of their own.
_PAUSES_S: Final = (0.1, 0.7)
_SEED: Final = 6
_SWAPPER: Final = Path(__file__).resolve().parent / "peers/keepfit_swapper.py"


class TwoVersions:
    """The rows of the pool; each answer must be that of the version that it names."""

    def __init__(self, versions: dict[int, Forest]) -> None:
        self.newest = 0
        self.stored_at = 0.0
        #: Of each release the worst answer that took long: how long, and when it came after the release was stored.
        self.slow: dict[float, tuple[float, float]] = {}
        self._expected = {str(number): one.expected.tolist() for number, one in versions.items()}
        first = versions[1]
        self._requests = oip(first.kind).requests(first.pool)
        self._place = 0

    def next(self) -> Request | None:
        """One after the other."""
        self._place = (self._place + 1) % len(self._requests)
        return self._requests[self._place]

    def answered(self, request: Request, reply: Reply, began: float, ended: float) -> bool:
        """Whether it is right."""
        if reply.status != 200:
            return True
        read = orjson.loads(reply.body)
        number, value = read["model_version"], read["outputs"][0]["data"][0]
        expected = self._expected[number][request.key]
        self.newest = int(number)
        if ended - began > LONGER_MS / 1e3 and self.stored_at:
            found = (ended - began, ended - self.stored_at)
            self.slow[self.stored_at] = max(found, self.slow.get(self.stored_at, found))
        return bool(abs(value - expected) <= 1e-6 * max(1.0, abs(expected)))

    def lost(self, request: Request) -> None:
        """Counted by the loop."""


class Swapper:
    """The process that stores routes, and the clock of when to."""

    def __init__(self, made: Workspace, traffic: TwoVersions, swaps: int) -> None:
        self.done = 0
        self.took_s: list[float] = []
        self._traffic, self._swaps = traffic, swaps
        self._draw, self._pause_s = random.Random(_SEED), 0.0  # noqa: S311 - moments, not secrets
        self._wanted, self._at, self._under_way = traffic.newest, time.monotonic(), False
        self._process = subprocess.Popen(
            [sys.executable, str(_SWAPPER), str(made.root), made.model],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._line()

    def step(self) -> bool:
        """Asked twenty times a second: swap again when the last has arrived; True when all have."""
        now = time.monotonic()
        if self._traffic.newest != self._wanted:
            return False
        if self._under_way:
            self.done += 1
            self.took_s.append(now - self._at)
            self._at, self._under_way, self._pause_s = now, False, self._draw.uniform(*_PAUSES_S)
        if self.done == self._swaps:
            return True
        if now - self._at >= self._pause_s:
            self._swap(now)
        return False

    def _swap(self, now: float) -> None:
        self._wanted, self._at, self._under_way = 3 - self._wanted, now, True
        if self._process.stdin is None:
            raise TypeError("the process was started without pipes")
        self._traffic.stored_at = time.perf_counter()
        self._process.stdin.write(f"{self._wanted}\n")
        self._process.stdin.flush()

    def _line(self) -> None:
        if self._process.stdout is None:
            raise TypeError("the process was started without pipes")
        self._process.stdout.readline()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=30)


def main() -> int:
    """Swap, measure, print."""
    parser = options(str(__doc__).split("\n", 1)[0], peers=False)
    parser.add_argument("--swaps", type=int, default=0, help="how many (100; quick: 6)")
    parser.add_argument("--connections", type=int, default=16, help="at a time")
    parser.add_argument("--model", choices=("hgb", "lightgbm"), default="hgb", help="what is served")
    asked = parser.parse_args()
    end_with_servers()
    swaps = asked.swaps or (6 if asked.quick else 100)
    HOME.mkdir(exist_ok=True)
    versions = {number: forest(asked.model, number) for number in (1, 2)}
    with tempfile.TemporaryDirectory(dir=HOME) as folder:
        progress("training two versions …")
        made = workspace(Path(folder), versions[1])
        made.train(versions[2], 2)
        with Server(made.serving(HOME / "log/swaps.log")) as server:
            traffic = TwoVersions(versions)
            quiet, busy, swapper = _measure(
                server, made, traffic, swaps, asked.connections, quick=asked.quick
            )
    return publish(
        asked,
        [_table(quiet, busy, swapper, list(traffic.slow.values()))],
        _targets(quiet, busy, swapper, swaps),
        {
            "quiet": quiet.plain(),
            "swapping": busy.plain(),
            "swaps": swapper.done,
            "took_s": swapper.took_s,
            "slow": list(traffic.slow.values()),
        },
    )


def _measure(
    server: Server,
    made: Workspace,
    traffic: TwoVersions,
    swaps: int,
    connections: int,
    *,
    quick: bool,
) -> tuple[Figures, Figures, Swapper]:
    run(server.address, traffic, connections=connections, seconds=3)
    with Swapper(made, traffic, swaps) as swapper:
        progress("the usual latency …")
        quiet = run(server.address, traffic, connections=connections, seconds=3 if quick else _QUIET_S)
        progress(f"{swaps} swaps …")
        busy = run(server.address, traffic, connections=connections, seconds=swaps * 10, stop=swapper.step)
    return quiet, busy, swapper


def _table(quiet: Figures, busy: Figures, swapper: Swapper, slow: Sequence[tuple[float, float]]) -> Table:
    rows = [_row("no swaps", quiet), _row(f"{swapper.done} swaps", busy)]
    slowest = max(swapper.took_s, default=float("nan"))
    return Table(
        title="Hot swaps under load (simulated rows)",
        head=("", "requests", "errors", "p50 ms", "p99 ms", "worst ms"),
        rows=rows,
        notes=(
            f"From a stored release to its first answer: at most {slowest:.2f} s.",
            _told(slow),
        ),
    )


def _told(slow: Sequence[tuple[float, float]]) -> str:
    """Which releases somebody had to wait for, and when."""
    if not slow:
        return f"No answer took longer than {LONGER_MS:g} ms while versions were swapped."
    took, after = (median(column) for column in zip(*slow, strict=True))
    return (
        f"{len(slow)} releases had answers that took longer than {LONGER_MS:g} ms: "
        f"the worst of each {took * 1e3:.0f} ms, {after:.2f} s after it was stored (medians)."
    )


def _row(name: str, one: Figures) -> tuple[str, ...]:
    found = one.quantiles()
    times = (f"{found[key]:.1f}" for key in ("p50_ms", "p99_ms", "max_ms"))
    return (name, f"{one.answered:,}", str(one.errors), *times)


def _targets(quiet: Figures, busy: Figures, swapper: Swapper, swaps: int) -> list[Target]:
    worst, usual = busy.quantiles()["max_ms"], quiet.quantiles()["p99_ms"]
    return [
        Target(says=f"all {swaps} swaps arrive", measured=str(swapper.done), met=swapper.done == swaps),
        Target(says="0 errors", measured=str(busy.errors), met=busy.errors == 0),
        Target(
            says=f"the worst request takes at most {LONGER_MS:g} ms more than the usual p99",
            measured=f"{worst - usual:.1f} ms",
            met=worst - usual <= LONGER_MS,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
