"""Move what servers captured into the lake, exactly once, and count it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from keepfit.predictions.capture_codec import Frame, LabelsFrame, PredictionsFrame
from keepfit.predictions.chunk import Chunk
from keepfit.predictions.frames import labels_table, predictions_table
from keepfit.predictions.ledger import Ledger
from keepfit.workflows.ports import Ports


def drain_capture(ports: Ports, *, now: datetime) -> Ledger:
    """Drain every capture log as far as it goes; the counts of what was new.

    Rows enter the lake under a batch number that is used up only together with the position in the log, so that
    a crash in between repeats the append under the same number, which the lake ignores.
    """
    new = Ledger()
    for log in ports.capture.logs():
        for chunk in ports.capture.read(log, ports.ledger.position(log)):
            new += _drain(ports, log, chunk, now)
    return new


def _drain(ports: Ports, log: str, chunk: Chunk, now: datetime) -> Ledger:
    counts = {model: _append(ports, log, model, frames) for model, frames in _by_model(chunk.frames).items()}
    for model, lost in chunk.lost.items():
        counts[model] = counts.get(model, Ledger()) + lost
    for name in chunk.damaged:
        ports.tell(
            f"a damaged part of the capture log '{log}' was set aside as {name}; the rest is kept", now
        )
    ports.ledger.record(chunk.position, counts, at=now)
    ports.capture.discard(chunk.position)
    return sum(counts.values(), Ledger())


def _by_model(frames: Sequence[Frame]) -> dict[str, list[Frame]]:
    found: dict[str, list[Frame]] = defaultdict(list)
    for frame in frames:
        found[frame.model].append(frame)
    return found


def _append(ports: Ports, log: str, model: str, frames: Sequence[Frame]) -> Ledger:
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
