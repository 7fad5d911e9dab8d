"""What does a look at a day cost? Twenty-four hourly profiles from the store, merged, all tests done.

    python benchmarks/window_check.py [--repeat 5] [--quick] [--json | --markdown]

Forty features (simulated), a reference of 100,000 rows over four weeks, evidence of ten days hour by hour in the
lake's table. A process opens the store, and reads, merges and judges one day after the other: the first one is cold,
the others are warm, the last one again is already in memory. In an ordinary stream nothing has changed, in the
other one every column has, which makes every test speak. CPU time of all threads; the median of the processes counts.

The first day has no target. In it the libraries of both tables are loaded, and what the reference's windows do to each other
is worked out, once for the thousands of days that a process looks at.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import engine
from report import Table, Target, options, progress, publish
from shifts import moved

import data

DAYS: Final = 10
ROWS_AN_HOUR: Final = 500
MOST_MS: Final = 20.0
KINDS: Final = ("ordinary", "everything moved")

_SEED: Final = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a process measured, in milliseconds.

    Attributes:
        stream: which.
        cold, cold_wall: of the first day, CPU and wall.
        warm, warm_wall: of the days after, the median.
        again: of the last day once more.
        judging: of merging and testing a warm day, without the store.
        alarms: of the last day.
    """

    stream: str
    cold: float
    cold_wall: float
    warm: float
    warm_wall: float
    again: float
    judging: float
    alarms: int


def main() -> int:
    """Measure, print, and say whether the targets are met."""
    parser = options(__doc__.split("\n", 1)[0], peers=False)
    parser.add_argument("--repeat", type=int, default=5, help="processes for each stream")
    asked = parser.parse_args()
    looks = _measured(asked)
    return publish(
        asked,
        [_table(looks)],
        [] if asked.quick else _targets(looks),
        {"looks": [asdict(one) for one in looks]},
    )


def _measured(asked: argparse.Namespace) -> list[Look]:
    days, repeat = (3, 1) if asked.quick else (DAYS, asked.repeat)
    with TemporaryDirectory() as folder:
        judge = engine.judge(data.healthy([_SEED], data.REFERENCE_ROWS), data.columns())
        engine.keep(Path(folder), judge)
        for stream in KINDS:
            progress(f"writing the evidence of {days} days: {stream}")
            _write(Path(folder), judge, stream, days)
        looks = []
        for turn in range(repeat):
            for stream in KINDS:
                progress(f"turn {turn + 1} of {repeat}: {stream}")
                with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                    looks.append(pool.submit(_look, folder, stream, days).result())
        return looks


def _write(folder: Path, judge: engine.Judge, stream: str, days: int) -> None:
    make = moved if stream == "everything moved" else data.healthy
    engine.put(
        folder,
        judge,
        _name(stream),
        ((hour, make([_SEED, KINDS.index(stream), hour], ROWS_AN_HOUR)) for hour in range(24 * days)),
    )


def _name(stream: str) -> str:
    return stream.replace(" ", "-")


def _look(folder: str, stream: str, days: int) -> Look:
    judge, store = engine.kept(Path(folder)), engine.store(Path(folder))
    spent, judging = [], []
    for number in [*range(days), days - 1]:
        cpu, wall = time.process_time(), time.perf_counter()
        hours = engine.hours(store, _name(stream), number)
        between = time.process_time()
        alarms = engine.judge_hours(judge, hours, number)
        judging.append(1000 * (time.process_time() - between))
        spent.append((1000 * (time.process_time() - cpu), 1000 * (time.perf_counter() - wall)))
    return Look(
        stream=stream,
        cold=spent[0][0],
        cold_wall=spent[0][1],
        warm=median(cpu for cpu, _ in spent[1:-1]),
        warm_wall=median(wall for _, wall in spent[1:-1]),
        again=spent[-1][0],
        judging=median(judging[1:-1]),
        alarms=len(alarms),
    )


def _of(looks: list[Look], stream: str, name: str) -> float:
    return median(float(getattr(one, name)) for one in looks if one.stream == stream)


def _table(looks: list[Look]) -> Table:
    names = ("cold", "warm", "again", "judging", "cold_wall", "warm_wall")
    return Table(
        title="A day of 24 hourly profiles of 40 features: read, merged, judged (milliseconds)",
        head=("", *(name.replace("_wall", ", wall") for name in names), "alarms"),
        rows=[
            (
                stream,
                *(f"{_of(looks, stream, name):.1f}" for name in names),
                f"{_of(looks, stream, 'alarms'):.0f}",
            )
            for stream in KINDS
        ],
        notes=(
            "CPU time of all threads where it does not say wall. Judging is the part of a warm day without the store.",
        ),
    )


def _targets(looks: list[Look]) -> list[Target]:
    return [
        Target(
            says=f"{name}, {stream}: under {MOST_MS:g} ms",
            measured=f"{_of(looks, stream, name):.1f} ms",
            met=_of(looks, stream, name) < MOST_MS,
        )
        for stream in KINDS
        for name in ("warm", "again")
    ]


if __name__ == "__main__":
    sys.exit(main())
