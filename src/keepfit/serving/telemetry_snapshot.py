"""The numbers of a server at a moment: they add up over its workers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

import msgspec

from keepfit.clock import EPOCH
from keepfit.errors import DataError
from keepfit.serving.telemetry_cells import ROW_EDGES, TIME_EDGES_NS, Cells, merged


class Count(IntEnum):
    """What is counted of each model; the value is its place in the model's counts.

    RECEIVED are predictions that callers were given, by this server or by one whose events came here; each is LOGGED, SAMPLED_OUT or
    DROPPED.
    """

    RECEIVED = 0
    LOGGED = 1
    SAMPLED_OUT = 2
    DROPPED = 3
    LABELS = 4
    REFUSED = 5
    MISSED = 6
    SHADOWS_SKIPPED = 7
    SWAPS = 8
    LOAD_FAILURES = 9
    EVENTS_EXPIRED = 10
    UNLOADS = 11


#: The stages of a batch, in the order in which a batch goes through them; `encode` is that of each of its requests.
STAGES: Final = ("decode", "queue", "predict", "capture", "encode")

#: model, version (0: none answered), protocol, status class as in `2xx`.
RequestKey = tuple[str, int, str, str]
#: model, version, stage.
StageKey = tuple[str, int, str]
#: model, version.
VersionKey = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Loaded:
    """A version that a worker holds in memory.

    Attributes:
        model, version: which.
        role: champion, canary, shadow or fallback.
        runtime: what computes its predictions, as in `scikit-learn`.
    """

    model: str
    version: int
    role: str
    runtime: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Gauges:
    """What one worker is like at a moment; of two of one worker the later counts.

    Attributes:
        at: the moment, in microseconds since 1970-01-01 UTC.
        queue_rows: rows that wait for a prediction.
        spool_bytes: bytes of the worker's own capture log that are not drained yet.
        generations: the generation of the route that is followed, by model.
        loaded: the versions in memory.
    """

    at: int
    queue_rows: int = 0
    spool_bytes: int = 0
    generations: tuple[tuple[str, int], ...] = ()
    loaded: tuple[Loaded, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Counters and histograms of one worker or of many, and the gauges of each: a commutative monoid.

    Attributes:
        requests: durations in ns, see `RequestKey`.
        stages: durations in ns, once a batch; for `encode` once a request.
        batches: rows of the batches, by version.
        loads: durations in ns of what was loaded, by model.
        counts: by model, one number for each `Count`.
        fallbacks: rows answered by a fallback, by the version that failed.
        gauges: by worker.

    >>> one = Snapshot(fallbacks={("taxi", 3): (2,)}, gauges={"web-0": Gauges(at=1, queue_rows=5)})
    >>> both = one + Snapshot(fallbacks={("taxi", 3): (1,)}, gauges={"web-1": Gauges(at=1)})
    >>> both.fallbacks, sorted(both.gauges)
    ({('taxi', 3): (3,)}, ['web-0', 'web-1'])
    """

    requests: Mapping[RequestKey, Cells] = field(default_factory=dict)
    stages: Mapping[StageKey, Cells] = field(default_factory=dict)
    batches: Mapping[VersionKey, Cells] = field(default_factory=dict)
    loads: Mapping[str, Cells] = field(default_factory=dict)
    counts: Mapping[str, Cells] = field(default_factory=dict)
    fallbacks: Mapping[VersionKey, Cells] = field(default_factory=dict)
    gauges: Mapping[str, Gauges] = field(default_factory=dict)

    def __add__(self, other: "Snapshot") -> "Snapshot":
        return Snapshot(
            requests=merged(self.requests, other.requests),
            stages=merged(self.stages, other.stages),
            batches=merged(self.batches, other.batches),
            loads=merged(self.loads, other.loads),
            counts=merged(self.counts, other.counts),
            fallbacks=merged(self.fallbacks, other.fallbacks),
            gauges=_latest(self.gauges, other.gauges),
        )

    def living(self, now: datetime, *, max_age: timedelta) -> "Snapshot":
        """Without the gauges of workers that have said nothing for longer than `max_age`: what they counted stays true.

        >>> Snapshot(gauges={"web-0": Gauges(at=0)}).living(EPOCH + timedelta(seconds=9), max_age=timedelta(seconds=5))
        Snapshot(requests={}, stages={}, batches={}, loads={}, counts={}, fallbacks={}, gauges={})
        """
        since = (now - max_age - EPOCH) // timedelta(microseconds=1)
        return replace(self, gauges={name: one for name, one in self.gauges.items() if one.at >= since})

    def counted(self, model: str, what: Count) -> int:
        """One count of a model."""
        return self.counts[model][what] if model in self.counts else 0


def _latest(one: Mapping[str, Gauges], other: Mapping[str, Gauges]) -> dict[str, Gauges]:
    return {
        **one,
        **{name: max(one[name], theirs) if name in one else theirs for name, theirs in other.items()},
    }


def packed(snapshot: Snapshot) -> bytes:
    """The snapshot as MessagePack; see `unpacked`."""
    return msgspec.msgpack.encode(snapshot)


def unpacked(data: bytes) -> Snapshot:
    """The snapshot that `packed` wrote.

    Raises:
        DataError: `data` is something else, or of another version of keepfit.

    >>> unpacked(packed(Snapshot(fallbacks={("taxi", 3): (5,)}))).fallbacks
    {('taxi', 3): (5,)}
    """
    try:
        read = msgspec.msgpack.decode(data, type=Snapshot)
    except msgspec.MsgspecError as error:
        raise DataError(f"the numbers of a worker cannot be read: {error}") from None
    for cells, length in _lengths(read):
        if len(cells) != length:
            raise DataError(
                f"the numbers of a worker have {len(cells)} cells where {length} were expected",
                hint="were they written by another version of keepfit?",
            )
    return read


def _lengths(read: Snapshot) -> Iterator[tuple[Cells, int]]:
    for durations in (read.requests, read.stages, read.loads):
        yield from ((cells, len(TIME_EDGES_NS) + 2) for cells in durations.values())
    yield from ((cells, len(ROW_EDGES) + 2) for cells in read.batches.values())
    yield from ((cells, len(Count)) for cells in read.counts.values())
    yield from ((cells, 1) for cells in read.fallbacks.values())
