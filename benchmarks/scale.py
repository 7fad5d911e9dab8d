"""Does cost grow no faster than the rows, and memory not at all? One, five and twenty million rows from Parquet.

    python benchmarks/scale.py [--repeat 1] [--quick] [--json | --markdown]

Files of 40 columns (simulated), written block by block, are each held against the same reference of 100,000 rows in a
process of their own: read, profiled, judged. The time that a file may take is that of the smallest, in proportion.
"""

import sys
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final

from contenders import KEEPFIT, FailedError, Running
from report import Table, Target, options, progress, publish

import data

SIZES: Final = (1_000_000, 5_000_000, 20_000_000)
QUICK_SIZES: Final = (50_000, 250_000)
MOST_TO_LINEAR: Final = 1.2
MOST_MEMORY_MB: Final = 1_000

Turns = Mapping[int, Sequence[Mapping[str, Any]]]


def main() -> int:
    """Measure, print, and say whether the targets are met."""
    parser = options(__doc__.split("\n", 1)[0], peers=False)
    parser.add_argument("--repeat", type=int, default=1, help="turns of each file")
    parser.add_argument("--sizes", help="numbers of rows, with commas between")
    asked = parser.parse_args()
    sizes = (
        [int(one) for one in asked.sizes.split(",")] if asked.sizes else QUICK_SIZES if asked.quick else SIZES
    )
    turns: dict[int, list[dict[str, Any]]] = {n: [] for n in sizes}
    for turn in range(asked.repeat):
        for n in sizes:
            progress(f"turn {turn + 1} of {asked.repeat}: {n:,} rows")
            turns[n].append(_measure(n))
    return publish(
        asked,
        [_table(turns)],
        [] if asked.quick else _targets(turns),
        {"turns": {str(n): one for n, one in turns.items()}},
    )


def _measure(n: int) -> dict[str, Any]:
    tiny = str(data.made("tiny", 2_000, seed=1))
    path = data.made("current", n, seed=data.SEED + 1)
    try:
        with Running(KEEPFIT, data.columns()) as process:
            process.ask("files", reference=tiny, current=tiny)
            return process.ask("files", reference=str(data.reference()), current=str(path))
    except FailedError as error:
        raise SystemExit(f"keepfit failed on {n:,} rows: {error}") from error


def _middle(turns: Sequence[Mapping[str, Any]], name: str) -> float:
    return median(float(turn[name]) for turn in turns)


def _to_linear(turns: Turns, n: int, name: str) -> float:
    """Time in that of the smallest file, in proportion to the rows."""
    least = min(turns)
    return _middle(turns[n], name) / n / (_middle(turns[least], name) / least)


def _table(turns: Turns) -> Table:
    return Table(
        title="Files of 40 columns against a reference of 100,000 rows (simulated)",
        head=("rows", "wall s", "CPU s", "CPU ns a value", "CPU to linear", "wall to linear", "peak MB"),
        rows=[
            (
                f"{n:,}",
                f"{_middle(one, 'wall_s'):.2f}",
                f"{_middle(one, 'cpu_s'):.2f}",
                f"{_middle(one, 'cpu_s') / n / 40 * 1e9:.1f}",
                f"{_to_linear(turns, n, 'cpu_s'):.2f}",
                f"{_to_linear(turns, n, 'wall_s'):.2f}",
                f"{_middle(one, 'peak_mb'):,.0f}",
            )
            for n, one in turns.items()
        ],
    )


def _targets(turns: Turns) -> list[Target]:
    largest = max(turns)
    linear, memory = _to_linear(turns, largest, "cpu_s"), _middle(turns[largest], "peak_mb")
    return [
        Target(
            says=f"CPU for {largest:,} rows at most {MOST_TO_LINEAR} times linear",
            measured=f"{linear:.2f} times",
            met=linear <= MOST_TO_LINEAR,
        ),
        Target(
            says=f"memory for {largest:,} rows under {MOST_MEMORY_MB:,} MB",
            measured=f"{memory:,.0f} MB",
            met=memory < MOST_MEMORY_MB,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
