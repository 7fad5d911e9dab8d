"""The two studies of verdicts: windows are drawn, judged and counted, by keepfit here and by peers in their processes."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

import engine
import numpy as np
import pyarrow.parquet as pq
import trips
from contenders import Contender, Running
from report import progress
from shifts import HEALTHY, SHIFTS, Shift, window
from tally import Tally, merged

import data

#: References that the windows are spread over.
REFERENCES: Final = 10
#: References of real days, and days judged against each.
STREAMS: Final = 40
DAYS_EACH: Final = 5

#: How real days come.
AS_THEY_CAME: Final = "as they came"
MANY_IN_ONE: Final = "many days in one"
ONE_EACH: Final = "one day each"

_SEED: Final = 7
_OURS: Final = "keepfit"

_Task = TypeVar("_Task")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Windows of one size against one reference.

    Attributes:
        n: rows of a window.
        index: which reference.
        healthy: how many windows are healthy.
        shifted: how many have each change.
    """

    n: int
    index: int
    healthy: int
    shifted: int

    @property
    def seed(self) -> list[int]:
        """Of the reference."""
        return [_SEED, self.n, self.index]

    def windows(self) -> Iterator[tuple[Shift, list[int]]]:
        """The kind and the seed of every window."""
        for number, kind in enumerate((HEALTHY, *SHIFTS)):
            for place in range(self.shifted if number else self.healthy):
                yield kind, [*self.seed, number, place]


def parts(n: int, *, healthy: int, shifted: int) -> list[Part]:
    """So many windows, spread over the references."""
    references = min(REFERENCES, healthy)
    return [
        Part(n=n, index=index, healthy=healthy // references, shifted=shifted // references)
        for index in range(references)
    ]


def ours(todo: Sequence[Part], processes: int) -> list[Tally]:
    """What keepfit says of simulated windows; one tally a size."""
    return _spread(_judge_part, todo, processes)


def theirs(peer: Contender, todo: Sequence[Part]) -> list[Tally]:
    """A peer's verdicts on the same windows; one tally for each of its methods.

    Raises:
        FailedError: it cannot be installed, or died.
    """
    found: dict[str, Tally] = {}
    methods = [*peer.methods, f"window={todo[0].n}"]
    with Running(peer, data.columns(), methods) as process, TemporaryDirectory(dir=data.HOME) as folder:
        path = Path(folder) / "rows.parquet"
        for part in todo:
            progress(f"{peer.name}, {part.n:,} rows: reference {part.index + 1} of {len(todo)}")
            pq.write_table(data.healthy(part.seed, data.REFERENCE_ROWS, wide=True), path)
            spent = process.ask("fit", path=str(path))["cpu_s"]
            for kind, seed in part.windows():
                pq.write_table(window(seed, part.n, kind), path)
                answer = process.ask("judge", path=str(path))
                spent += answer["cpu_s"]
                for method, alarms in answer["alarms"].items():
                    tally = found.setdefault(method, Tally(method=method, n=part.n))
                    tally.add(kind, dict.fromkeys(alarms, "drift"))
            for tally in found.values():
                tally.cpu_s += spent
    return list(found.values())


def real(sizes: Sequence[int], streams: int, processes: int) -> list[Tally]:
    """What keepfit says of days of taxi trips: as they came, and of both bootstraps at every size."""
    todo = [(kind, n, index) for kind in (MANY_IN_ONE, ONE_EACH) for n in sizes for index in range(streams)]
    return _spread(_judge_days, [(AS_THEY_CAME, 0, 0), *todo], processes)


def _spread(work: Callable[[_Task], Tally], todo: Sequence[_Task], processes: int) -> list[Tally]:
    if processes == 1:
        return merged(work(one) for one in todo)
    # Polars' threads do not survive a fork.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return merged(pool.map(work, todo))


def _judge_part(part: Part) -> Tally:
    kinds = data.columns()
    reference = data.healthy(part.seed, data.REFERENCE_ROWS, wide=True)
    tally = Tally(method=_OURS, n=part.n)
    began = time.process_time()
    judge = engine.judge(reference, kinds)
    tally.cpu_s += time.process_time() - began
    for number, (kind, seed) in enumerate(part.windows()):
        rows = window(seed, part.n, kind)
        began = time.process_time()
        alarms = judge.alarms(rows, engine.day_after(number))
        tally.cpu_s += time.process_time() - began
        tally.add(kind, alarms)
    return tally


def _judge_days(task: tuple[str, int, int]) -> Tally:
    kind, n, index = task
    days = trips.stretch()
    if kind == AS_THEY_CAME:
        streams = list(trips.as_they_came(days))
    else:
        rng = np.random.default_rng([_SEED, n, index])
        streams = [trips.bootstrapped(days, rng, n=n, windows=DAYS_EACH, whole=kind == MANY_IN_ONE)]
    tally = Tally(method=kind, n=n)
    began = time.process_time()
    for stream in streams:
        judge = engine.judge(stream.reference, trips.KINDS, time="pickup_at")
        for when, rows in stream.windows.items():
            tally.add(HEALTHY, judge.alarms(rows, engine.day(when)))
    tally.cpu_s += time.process_time() - began
    return tally
