"""Are the verdicts right? False alarms in healthy windows, and how much of what changed is found.

    python benchmarks/verdicts.py [--peers evidently,nannyml] [--sizes 1000,5000] [--quick] [--json | --markdown]

Simulated: references of 100,000 rows of 40 columns, one of them with 10,000 categories; for every number of rows, 200
healthy windows and 100 of every change in `shifts.py`, spread over ten references, all of them drawn anew. Real: taxi
trips of a stable stretch, see `trips.py`. Defaults everywhere. A healthy window is falsely alarmed when anything in it is.
A change is found by the share of the changed columns that are named: an alarm elsewhere does not count.

The peers judge the same windows with their defaults, fewer where they are slow; the table says how many.
"""

import sys
from collections.abc import Sequence
from typing import Final

from contenders import PEERS, Contender, FailedError
from report import Table, Target, chosen, options, publish
from shifts import SHIFTS
from studies import MANY_IN_ONE, STREAMS, Part, ours, parts, real, theirs
from tally import Tally, share, wilson

SIZES: Final = (1_000, 5_000, 100_000)
HEALTHY_WINDOWS: Final = 200
SHIFTED_WINDOWS: Final = 100
#: Where the peers judge too.
PEER_SIZES: Final = (1_000, 5_000)
#: The part of the windows that peers judge; slow ones only with 5,000 rows.
_SLOW: Final = {"evidently": 0.1, "popmon": 0.1}
_OF_PEERS: Final = 0.25

MOST_FALSE_ALARMS: Final = 0.05
LEAST_RECALL: Final = 0.95
#: The changes that are promised to be found, and from how many rows on.
PROMISED: Final = SHIFTS[:5]
FOUND_FROM: Final = 5_000


def main() -> int:
    """Measure, print, and say whether the targets are met."""
    parser = options(__doc__.split("\n", 1)[0])
    parser.add_argument("--sizes", help="numbers of rows, with commas between")
    parser.add_argument("--processes", type=int, default=2, help="for keepfit's part")
    asked = parser.parse_args()
    wanted = [int(one) for one in asked.sizes.split(",")] if asked.sizes else SIZES
    sizes = [n for n in wanted if n <= FOUND_FROM or not asked.quick]
    scale = 0.1 if asked.quick else 1.0
    simulated = ours([one for n in sizes for one in _windows(n, scale)], asked.processes)
    stream = real(sizes, int(STREAMS * scale), asked.processes)
    failures: list[tuple[str, str]] = []
    for peer in chosen(PEERS, asked.peers):
        try:
            simulated += _judged_by(peer, sizes, scale)
        except FailedError as error:
            failures.append((peer.name, " ".join(str(error).split())))
    tables = [*(_table(simulated, n) for n in sizes), _real_table(stream)]
    if failures:
        tables.append(Table(title="Could not be measured", head=("", "why"), rows=failures))
    return publish(
        asked,
        tables,
        [] if asked.quick else _targets(simulated, stream),
        {"simulated": [one.plain() for one in simulated], "real": [one.plain() for one in stream]},
    )


def _windows(n: int, scale: float) -> list[Part]:
    healthy, shifted = (max(10, int(count * scale)) for count in (HEALTHY_WINDOWS, SHIFTED_WINDOWS))
    return parts(n, healthy=healthy, shifted=shifted)


def _judged_by(peer: Contender, sizes: Sequence[int], scale: float) -> list[Tally]:
    slow = peer.name in _SLOW
    part = _SLOW.get(peer.name, _OF_PEERS) * scale
    chosen_sizes = [n for n in sizes if n in (PEER_SIZES[-1:] if slow else PEER_SIZES)]
    return [one for n in chosen_sizes for one in theirs(peer, _windows(n, part))]


def _table(tallies: Sequence[Tally], n: int) -> Table:
    return Table(
        title=f"Windows of {n:,} rows of 40 columns (simulated)",
        head=("defaults", "false alarms", "with 10,000 categories", *(one.name for one in SHIFTS), "windows"),
        rows=[
            (
                one.method,
                share(one.alarmed_narrow / one.healthy),
                share(one.false_alarms),
                *(share(one.recall(shift.name)) for shift in SHIFTS),
                f"{one.healthy} + {max(one.windows.values(), default=0)} each",
            )
            for one in tallies
            if one.n == n
        ],
    )


def _real_table(tallies: Sequence[Tally]) -> Table:
    return Table(
        title="Days of taxi trips, March to May 2018, against the four weeks before",
        head=("", "rows a day", "false alarms", "95 % interval", "days", "blamed"),
        rows=[
            (
                one.method,
                f"{one.n:,}" if one.n else "about 320",
                share(one.false_alarms),
                " to ".join(share(end) for end in wilson(one.alarmed, one.healthy)),
                str(one.healthy),
                ", ".join(f"{name} {count}" for name, count in one.blamed.most_common(3)) or "nothing",
            )
            for one in tallies
        ],
        notes=(
            "As they came: what then happened is real, and so may be an alarm. See trips.py for the bootstraps.",
        ),
    )


def _targets(simulated: Sequence[Tally], stream: Sequence[Tally]) -> list[Target]:
    mine = [one for one in simulated if one.method == "keepfit"]
    found = [
        *(_few_false(f"simulated, {one.n:,} rows", one) for one in mine),
        *(
            _few_false(f"taxi, {one.method}, {one.n:,} rows", one)
            for one in stream
            if one.method == MANY_IN_ONE
        ),
    ]
    for one in mine:
        for shift in PROMISED if one.n >= FOUND_FROM else ():
            recall = one.recall(shift.name)
            found.append(
                Target(
                    says=f"{shift.name} found at {one.n:,} rows, at least {share(LEAST_RECALL)}",
                    measured=share(recall),
                    met=recall >= LEAST_RECALL,
                )
            )
    return found


def _few_false(where: str, one: Tally) -> Target:
    return Target(
        says=f"false alarms at most {share(MOST_FALSE_ALARMS)} ({where})",
        measured=share(one.false_alarms),
        met=one.false_alarms <= MOST_FALSE_ALARMS,
    )


if __name__ == "__main__":
    sys.exit(main())
