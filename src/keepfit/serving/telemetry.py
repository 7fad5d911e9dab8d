"""The numbers of one worker while it runs: one call a request, one a batch, plain additions only.

What is called for each request or batch belongs to the event loop's thread; `snapshot` may be called from any. Under
the interpreter's lock no increment spans a call, so that other threads may count too. Names come from the
server's own routes, never from what a caller sent: an unknown model is counted as the model "".
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from keepfit.clock import EPOCH
from keepfit.serving.telemetry_cells import ROW_EDGES, TIME_EDGES_NS, Cells, added, empty_cells
from keepfit.serving.telemetry_snapshot import STAGES, Count, Gauges, Loaded, RequestKey, Snapshot, VersionKey

K = TypeVar("K")

#: Further series are not kept: a server that makes up names must not fill its memory with them.
MOST_SERIES: Final = 10_000

_RECEIVED, _LOGGED, _SAMPLED, _DROPPED = (
    int(one) for one in (Count.RECEIVED, Count.LOGGED, Count.SAMPLED_OUT, Count.DROPPED)
)
_ROWS: Final = len(STAGES)
_ENCODE: Final = STAGES.index("encode")
_NO_COUNTS: Final = (0,) * len(Count)


class Telemetry:
    """Counts what a worker does. Durations are nanoseconds, as `time.perf_counter_ns` has them.

    Args:
        worker: its name, as in `web-0`.
        before: what a former process of this name counted: counters go on from there.

    Attributes:
        queue_rows: rows waiting for a prediction; set by whoever holds the queue.
        spool_bytes: bytes of the worker's own capture log that are not drained; set now and then.

    >>> telemetry = Telemetry("web-0")
    >>> telemetry.request("taxi", 3, "v2", 200, 1_500_000)
    >>> telemetry.batch("taxi", 3, 8, predict_ns=900_000)
    >>> list(telemetry.snapshot(EPOCH).requests)
    [('taxi', 3, 'v2', '2xx')]
    """

    __slots__ = (
        "_batches",
        "_before",
        "_counts",
        "_fallbacks",
        "_generations",
        "_loaded",
        "_loads",
        "_requests",
        "queue_rows",
        "spool_bytes",
        "worker",
    )

    def __init__(self, worker: str, before: Snapshot | None = None) -> None:
        self.worker = worker
        self.queue_rows = 0
        self.spool_bytes = 0
        self._before = replace(before, gauges={}) if before else Snapshot()
        self._requests: dict[tuple[str, int, str, int], list[int]] = {}
        self._batches: dict[VersionKey, list[list[int]]] = {}
        self._loads: dict[str, list[int]] = {}
        self._counts: dict[str, list[int]] = {}
        self._fallbacks: dict[VersionKey, list[int]] = {}
        self._generations: dict[str, int] = {}
        self._loaded: tuple[Loaded, ...] = ()

    def request(self, model: str, version: int, protocol: str, status: int, duration_ns: int) -> None:
        """A request was answered.

        Args:
            model: who was asked; "" when nobody known was.
            version: who answered its first row; 0 when none did.
            protocol: `v2`, `v1`, `invocations`, `grpc`, `labels`, or whatever the routes call theirs.
            status: the HTTP status, or what it would have been.
            duration_ns: from its first byte to its reply.
        """
        cells = self._requests.get((model, version, protocol, status))
        if cells is None:
            cells = _new(self._requests, (model, version, protocol, status), empty_cells(TIME_EDGES_NS))
        cells[bisect_left(TIME_EDGES_NS, duration_ns)] += 1
        cells[-1] += duration_ns

    def batch(
        self,
        model: str,
        version: int,
        rows: int,
        decode_ns: int = -1,
        queue_ns: int = -1,
        predict_ns: int = -1,
        capture_ns: int = -1,
    ) -> None:
        """A version predicted a batch; what was not measured is left out.

        Args:
            model, version: who.
            rows: of all its requests.
            decode_ns: for all its requests together.
            queue_ns: how long the oldest of its requests waited.
            predict_ns: the model alone.
            capture_ns: until the capture log had the frame.
        """
        stages = self._batches.get((model, version))
        if stages is None:
            stages = _new(self._batches, (model, version), _empty_batch())
        cells = stages[_ROWS]
        cells[bisect_left(ROW_EDGES, rows)] += 1
        cells[-1] += rows
        durations = (decode_ns, queue_ns, predict_ns, capture_ns)
        for duration, cells in zip(durations, stages, strict=False):
            if duration >= 0:
                cells[bisect_left(TIME_EDGES_NS, duration)] += 1
                cells[-1] += duration

    def encoded(self, model: str, version: int, duration_ns: int) -> None:
        """The reply to one request was written; `version` answered its first row."""
        stages = self._batches.get((model, version))
        if stages is None:
            stages = _new(self._batches, (model, version), _empty_batch())
        cells = stages[_ENCODE]
        cells[bisect_left(TIME_EDGES_NS, duration_ns)] += 1
        cells[-1] += duration_ns

    def recorded(
        self, model: str, received: int, logged: int, sampled_out: int = 0, dropped: int = 0
    ) -> None:
        """Predictions were given to callers, and so many of them are in the log, sampled out, or lost."""
        counts = self._counts_of(model)
        counts[_RECEIVED] += received
        counts[_LOGGED] += logged
        counts[_SAMPLED] += sampled_out
        counts[_DROPPED] += dropped

    def count(self, model: str, what: Count, by: int = 1) -> None:
        """Something of a model happened: a label came, a request was refused or came too late, a swap, …"""
        self._counts_of(model)[what] += by

    def fell_back(self, model: str, version: int, rows: int) -> None:
        """A version failed, and its fallback answered these rows."""
        cells = self._fallbacks.get((model, version))
        if cells is None:
            cells = _new(self._fallbacks, (model, version), [0])
        cells[0] += rows

    def loaded(self, model: str, duration_ns: int) -> None:
        """A version was loaded and warmed up; see `Count.LOAD_FAILURES` for those that could not be, `UNLOADS` for the end."""
        cells = self._loads.get(model)
        if cells is None:
            cells = _new(self._loads, model, empty_cells(TIME_EDGES_NS))
        cells[bisect_left(TIME_EDGES_NS, duration_ns)] += 1
        cells[-1] += duration_ns

    def swapped(self, model: str, generation: int) -> None:
        """Requests of a model are answered by a new generation of its route from now on."""
        self._counts_of(model)[Count.SWAPS] += 1
        self._generations[model] = generation

    def hold(self, versions: Iterable[Loaded]) -> None:
        """These versions are in memory now, and no others."""
        self._loaded = tuple(sorted(versions))

    def snapshot(self, now: datetime) -> Snapshot:
        """All of it at this moment, with what was counted before."""
        batches = self._batches.copy()
        live = Snapshot(
            requests=_by_class(self._requests.copy()),
            stages={
                (*key, stage): cells
                for key, stages in batches.items()
                for stage, cells in zip(STAGES, map(tuple, stages[:_ROWS]), strict=True)
                if any(cells[:-1])
            },
            batches={key: tuple(stages[_ROWS]) for key, stages in batches.items()},
            loads=_frozen(self._loads),
            counts=_frozen(self._counts),
            fallbacks=_frozen(self._fallbacks),
            gauges={self.worker: self._gauges(now)},
        )
        return self._before + live

    def _gauges(self, now: datetime) -> Gauges:
        return Gauges(
            at=(now - EPOCH) // timedelta(microseconds=1),
            queue_rows=self.queue_rows,
            spool_bytes=self.spool_bytes,
            generations=tuple(sorted(self._generations.items())),
            loaded=self._loaded,
        )

    def _counts_of(self, model: str) -> list[int]:
        counts = self._counts.get(model)
        return _new(self._counts, model, list(_NO_COUNTS)) if counts is None else counts


C = TypeVar("C")


def _new(store: dict[K, C], key: K, cells: C) -> C:
    return store.setdefault(key, cells) if len(store) < MOST_SERIES else cells


def _empty_batch() -> list[list[int]]:
    return [*(empty_cells(TIME_EDGES_NS) for _ in STAGES), empty_cells(ROW_EDGES)]


def _frozen(store: dict[K, list[int]]) -> dict[K, Cells]:
    return {key: tuple(cells) for key, cells in store.copy().items()}


def _by_class(requests: dict[tuple[str, int, str, int], list[int]]) -> dict[RequestKey, Cells]:
    classes: dict[RequestKey, Cells] = {}
    for (model, version, protocol, status), cells in requests.items():
        key = (model, version, protocol, f"{status // 100}xx")
        classes[key] = added(classes[key], tuple(cells)) if key in classes else tuple(cells)
    return classes
