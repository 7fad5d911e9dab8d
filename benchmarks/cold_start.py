"""How long does a server take to come up? From the start of the process to the first answered inference.

    python benchmarks/cold_start.py [--starts 7] [--quick] [--json | --markdown]

`keepfit serve` with a LightGBM model, which is what is promised, and with a HistGradientBoosting model. An inference is asked again and
again, a few milliseconds apart, until it is answered; its value must be the model's own. Files are in the page cache.
"""

import http.client
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

import orjson
from bodies import oip, tensor
from forests import Forest, forest
from load.server import FailedError, Server, end_with_servers
from report import Table, Target, options, progress, publish
from workspaces import Workspace, workspace

from data import HOME

#: The most that a start with a LightGBM model may take.
LONGEST_S: Final = 1.5
_PAUSE_S: Final = 0.005
_PATIENCE_S: Final = 120.0
_KINDS: Final = ("lightgbm", "hgb")


def main() -> int:
    """Start, measure, print."""
    parser = options(str(__doc__).split("\n", 1)[0], peers=False)
    parser.add_argument("--starts", type=int, default=0, help="of each model (7; quick: 1)")
    asked = parser.parse_args()
    end_with_servers()
    starts = asked.starts or (1 if asked.quick else 7)
    HOME.mkdir(exist_ok=True)
    taken: dict[str, list[tuple[float, float]]] = {kind: [] for kind in _KINDS}
    with tempfile.TemporaryDirectory(dir=HOME) as folder:
        progress("training the workspaces …")
        held = {kind: forest(kind) for kind in _KINDS}
        made = {kind: workspace(Path(folder) / kind, held[kind]) for kind in _KINDS}
        for number in range(starts + 1):
            for kind in _KINDS:
                found = _start(made[kind], held[kind])
                progress(f"start {number} of {starts}, {kind}: {found[0]:.2f} s, {found[1]:.2f} s of CPU")
                taken[kind] += [found] if number else []  # the first fills the page cache
    return publish(asked, [_table(taken)], [] if asked.quick else [_target(taken)], {"starts": taken})


def _start(made: Workspace, held: Forest) -> tuple[float, float]:
    """Seconds until the first answer, and of processor time until then."""
    began = time.perf_counter()
    server = Server(made.serving(HOME / "log/cold_start.log")).start(wait=False)
    try:
        value = _first_answer(server, held)
        took = time.perf_counter() - began
        if abs(value - held.expected[0]) > 1e-6 * max(1.0, abs(held.expected[0])):
            raise FailedError(f"the first answer is {value}, not {held.expected[0]}")
        return took, server.usage().cpu_s
    finally:
        server.stop()


def _first_answer(server: Server, held: Forest) -> float:
    body, path = tensor(held.pool[:1]), oip(held.kind).path
    deadline = time.perf_counter() + _PATIENCE_S
    while time.perf_counter() < deadline:
        connection = http.client.HTTPConnection(server.address.host, server.address.port, timeout=_PATIENCE_S)
        try:
            connection.request("POST", path, body, {"content-type": "application/json"})
            reply = connection.getresponse()
            if reply.status == 200:
                return float(orjson.loads(reply.read())["outputs"][0]["data"][0])
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        if not server.alive():
            break
        time.sleep(_PAUSE_S)
    raise FailedError(f"no answer: {server.words()}")


def _table(taken: dict[str, list[tuple[float, float]]]) -> Table:
    rows = []
    for kind, found in taken.items():
        wall = [one[0] for one in found]
        rows.append(
            (
                kind,
                f"{median(wall):.2f}",
                f"{min(wall):.2f}",
                f"{max(wall):.2f}",
                f"{median(one[1] for one in found):.2f}",
            )
        )
    return Table(
        title="From the start of keepfit serve to its first answer",
        head=("", "s", "least", "most", "CPU s"),
        rows=rows,
        notes=("Medians; the CPU time is that of the whole tree of processes.",),
    )


def _target(taken: dict[str, list[tuple[float, float]]]) -> Target:
    found = median(one[0] for one in taken["lightgbm"])
    return Target(
        says=f"a start with a LightGBM model takes less than {LONGEST_S} s",
        measured=f"{found:.2f} s",
        met=found < LONGEST_S,
    )


if __name__ == "__main__":
    sys.exit(main())
