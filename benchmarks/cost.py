"""What does one comparison of two Parquet files cost? keepfit and its peers, side by side, in one run.

    python benchmarks/cost.py [--peers evidently,nannyml] [--repeat 3] [--quick] [--json | --markdown]

A reference of 100,000 rows and a file of 1,000,000 rows of 40 columns (simulated, see `data.py`). Each measurement is a
process of its own: it imports, compares two small files, and then reads both files and judges all columns, which is
what is measured (to write a report of it is not): wall time, CPU time (user and system, all threads and children) and the
most memory it held. The contenders take turns, so that a busy minute of the machine hits all of them alike; the median
of the turns counts.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from contenders import KEEPFIT, PEERS, PYARROW, Contender, FailedError, Running
from report import Table, Target, chosen, options, progress, publish

import data

#: The most CPU that keepfit may take, in that of reading the same columns.
LARGEST_TO_READING: Final = 2.5


@dataclass(slots=True, kw_only=True)
class Cost:
    """Of one contender.

    Attributes:
        turns: what each process measured.
        versions: of its packages.
        error: why there are none.
    """

    turns: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    def median(self, name: str) -> float:
        """Of the turns."""
        return median(float(turn[name]) for turn in self.turns)


def main() -> int:
    """Measure, print, and say whether the targets are met."""
    parser = options(__doc__.split("\n", 1)[0])
    parser.add_argument("--repeat", type=int, default=0, help="turns of each contender (3; quick: 1)")
    asked = parser.parse_args()
    contenders = (PYARROW, KEEPFIT, *chosen(PEERS, asked.peers))
    repeat = asked.repeat or (1 if asked.quick else 3)
    small = (data.made("tiny", 2_000, seed=1), data.made("tiny", 2_000, seed=2))
    files = (data.reference(quick=asked.quick), data.current(quick=asked.quick))
    costs = {one.name: Cost() for one in contenders}
    for turn in range(repeat):
        for one in contenders:
            progress(f"turn {turn + 1} of {repeat}: {one.name}")
            _take_turn(one, costs[one.name], small, files)
    alive = [one for one in contenders if costs[one.name].turns]
    return publish(
        asked,
        [_table(alive, costs), *_failures(costs)],
        [] if asked.quick else _targets(alive, costs),
        {"files": [path.name for path in files], "costs": {name: _plain(one) for name, one in costs.items()}},
    )


def _plain(cost: Cost) -> dict[str, Any]:
    """For JSON."""
    return {"turns": cost.turns, "versions": cost.versions, "error": cost.error}


def _take_turn(one: Contender, cost: Cost, small: tuple[Path, Path], files: tuple[Path, Path]) -> None:
    if cost.error:
        return
    try:
        with Running(one, data.columns()) as process:
            cost.versions = process.ask("versions")
            process.ask("files", reference=str(small[0]), current=str(small[1]))
            cost.turns.append(process.ask("files", reference=str(files[0]), current=str(files[1])))
    except FailedError as error:
        cost.error = str(error)


def _table(contenders: Sequence[Contender], costs: Mapping[str, Cost]) -> Table:
    ours = costs[KEEPFIT.name]
    rows = []
    for one in contenders:
        cost = costs[one.name]
        wall, cpu = cost.median("wall_s"), cost.median("cpu_s")
        ratios = (
            ("1", "1")
            if one is KEEPFIT or not ours.turns
            else (f"{wall / ours.median('wall_s'):.3g}", f"{cpu / ours.median('cpu_s'):.3g}")
        )
        rows.append(
            (_named(one, cost), f"{wall:.2f}", f"{cpu:.2f}", f"{cost.median('peak_mb'):,.0f}", *ratios)
        )
    return Table(
        title="Two Parquet files in, drift of every column out (simulated; medians)",
        head=("", "wall s", "CPU s", "peak MB", "times the wall", "times the CPU"),
        rows=rows,
    )


def _named(one: Contender, cost: Cost) -> str:
    version = next(iter(cost.versions["packages"].values()))
    return f"{one.name} ({version})"


def _failures(costs: Mapping[str, Cost]) -> list[Table]:
    failed = [(name, " ".join(cost.error.split())) for name, cost in costs.items() if cost.error]
    return [Table(title="Could not be measured", head=("", "why"), rows=failed)] if failed else []


def _targets(contenders: Sequence[Contender], costs: Mapping[str, Cost]) -> list[Target]:
    """The promises are of wall time, what somebody waits; the ratio of CPU times is told beside."""
    ours = costs[KEEPFIT.name]
    if not ours.turns:
        return [Target(says="keepfit runs", measured=ours.error, met=False)]
    wall, cpu = ours.median("wall_s"), ours.median("cpu_s")
    found = []
    for one in contenders:
        if one.target is not None:
            slower, dearer = costs[one.name].median("wall_s") / wall, costs[one.name].median("cpu_s") / cpu
            found.append(
                Target(
                    says=f"{one.name} takes at least {one.target:g} times as long",
                    measured=f"{slower:.3g} times (CPU: {dearer:.3g})",
                    met=slower >= one.target,
                )
            )
    reading = cpu / costs[PYARROW.name].median("cpu_s")
    return [
        *found,
        Target(
            says=f"CPU at most {LARGEST_TO_READING} times that of reading with pyarrow alone",
            measured=f"{reading:.2f} times",
            met=reading <= LARGEST_TO_READING,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
