"""Move what servers captured into the lake, exactly once, and count it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from keepfit.predictions.capture_codec import Frame, LabelsFrame, PredictionsFrame
from keepfit.predictions.chunk import CaptureSource, Chunk
from keepfit.predictions.frames import labels_table, predictions_table
from keepfit.predictions.ledger import Ledger, LedgerStore
from keepfit.predictions.store import PredictionStore


class DrainPorts(Protocol):
    """What a drain needs; `keepfit.workflows.ports.Ports` has it."""

    @property
    def capture(self) -> CaptureSource:
        """Where servers wrote."""
        ...

    @property
    def ledger(self) -> LedgerStore:
        """Where it is counted, and how far each log was drained."""
        ...

    @property
    def predictions(self) -> PredictionStore:
        """Where rows go."""
        ...

    @property
    def tell(self) -> Callable[[str, datetime], None]:
        """Told what went wrong with a log."""
        ...


def drain_capture(ports: DrainPorts, *, now: datetime) -> Ledger:
    """Drain every capture log as far as it goes; the counts of what was new.

    One drains at a time: the others wait, and go on where it ended. Rows enter the lake under a batch number that is
    used up only together with the position in the log, so that a crash in between repeats the append under the same
    number, which the lake ignores.
    """
    new = Ledger()
    for log in ports.capture.logs():
        with ports.capture.draining():
            for chunk in _chunks(ports, log):
                new += _drain(ports, log, chunk, now)
    return new


def _chunks(ports: DrainPorts, log: str) -> Iterable[Chunk]:
    """Nothing when another drain emptied the log while we waited for it."""
    return ports.capture.read(log, ports.ledger.position(log)) if log in ports.capture.logs() else ()


def _drain(ports: DrainPorts, log: str, chunk: Chunk, now: datetime) -> Ledger:
    counts = {model: _append(ports, log, model, frames) for model, frames in _by_model(chunk.frames).items()}
    for model, lost in chunk.lost.items():
        counts[model] = counts.get(model, Ledger()) + lost
    for message in _told(log, chunk):
        ports.tell(message, now)
    ports.ledger.record(chunk.position, counts, at=now)
    ports.capture.discard(chunk.position)
    return sum(counts.values(), Ledger())


def _told(log: str, chunk: Chunk) -> Iterable[str]:
    for name in chunk.damaged:
        yield f"a damaged part of the capture log '{log}' was set aside as {name}; the rest is kept"
    for name in chunk.given_up:
        lost = sum(one.dropped for one in chunk.lost.values())
        yield (
            f"{lost:,} predictions of the capture log '{log}' were given up: its room was full before they were "
            f"drained ({name}); the ledger counts them as dropped"
        )


def _by_model(frames: Sequence[Frame]) -> dict[str, list[Frame]]:
    found: dict[str, list[Frame]] = defaultdict(list)
    for frame in frames:
        found[frame.model].append(frame)
    return found


def _append(ports: DrainPorts, log: str, model: str, frames: Sequence[Frame]) -> Ledger:
    batch = ports.ledger.next_batch(log, model)
    answers = [frame for frame in frames if isinstance(frame, PredictionsFrame)]
    labels = [frame for frame in frames if isinstance(frame, LabelsFrame)]
    counted = Ledger(
        received=sum(frame.received for frame in answers),
        sampled_out=sum(frame.sampled_out for frame in answers),
        dropped=sum(frame.dropped for frame in answers),
    )
    if answers:
        added = ports.predictions.append_predictions(model, predictions_table(answers), batch=batch)
        distinct = counted.received - added.duplicates
        counted = replace(counted, stored=added.stored, duplicates=added.duplicates, received=distinct)
    if labels:
        counted = replace(
            counted, labels=ports.predictions.append_labels(model, labels_table(labels), batch=batch).stored
        )
    return counted
