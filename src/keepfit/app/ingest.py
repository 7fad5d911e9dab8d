"""Files that SageMaker wrote, into the lake: what its endpoints answered, and what was true."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from keepfit.app.logging import chosen_model, who_answered
from keepfit.app.workspace import Workspace
from keepfit.clock import microseconds
from keepfit.definition import Model
from keepfit.errors import DataError
from keepfit.predictions.capture_codec import LabelsFrame, PredictionsFrame
from keepfit.predictions.frames import labels_table
from keepfit.predictions.ledger import Ledger
from keepfit.serving.ingest.sagemaker import Skipped, capture_frames, hour_in, truth_labels
from keepfit.workflows.log_rows import log_label_rows, log_prediction_frames

#: Rows that are taken into the lake at a time.
_MOST_ROWS: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A line that says nothing that can be recorded."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What came of some files.

    Attributes:
        files: how many were read.
        counts: what was new, and what was known already.
        left_out: lines that say nothing that can be recorded.
    """

    files: int
    counts: Ledger
    left_out: tuple[LeftOut, ...]


def ingest_capture(
    workspace: Workspace, path: Path, *, model: str | None, version: int | None, now: datetime
) -> Ingested:
    """Record the predictions of Data Capture files; the same file again counts nothing twice.

    Args:
        workspace: with the model.
        path: a JSON-lines file, or a folder, of which all are read.
        model: whose; None when there is one only.
        version: the version that answered; the champion when None.
        now: when they came to keepfit.

    Raises:
        DataError: there is no such file, or it cannot be read; files that came before it are recorded.
        NotFoundError: no such model or version, or the model has no champion.
    """
    declared = chosen_model(workspace, model)
    registered = who_answered(workspace, declared, version)
    files, left_out, counts = _files(path), list[LeftOut](), Ledger()
    waiting: list[PredictionsFrame] = []
    for file in files:
        made = capture_frames(
            _lines(file),
            declared.name,
            registered.signature,
            version=registered.number,
            received_at=microseconds(now),
            event_time=hour_in(str(file)),
        )
        for one in made:
            if isinstance(one, Skipped):
                left_out.append(LeftOut(file=str(file), line=one.line, reason=one.reason))
            else:
                waiting.append(one)
        if sum(len(frame.prediction_id) for frame in waiting) >= _MOST_ROWS:
            counts += _record(workspace, declared, waiting, now)
            waiting = []
    counts += _record(workspace, declared, waiting, now)
    return Ingested(files=len(files), counts=counts, left_out=tuple(left_out))


def ingest_ground_truth(workspace: Workspace, path: Path, *, model: str | None, now: datetime) -> Ingested:
    """Record the labels of ground-truth files; the same file again counts nothing twice.

    A label became known in the hour that the file's path tells, as SageMaker writes it, else when the file was changed last.

    Args:
        workspace, path, model, now: see `ingest_capture`.

    Raises:
        DataError: there is no such file, or it cannot be read; files that came before it are recorded.
        NotFoundError: no such model.
    """
    declared = chosen_model(workspace, model)
    files, left_out, counts = _files(path), list[LeftOut](), Ledger()
    for file in files:
        collected_at = hour_in(str(file.resolve()))
        labels, skipped = truth_labels(
            _lines(file),
            declared.name,
            collected_at=file.stat().st_mtime_ns // 1000 if collected_at is None else collected_at,
            received_at=microseconds(now),
        )
        left_out += (LeftOut(file=str(file), line=one.line, reason=one.reason) for one in skipped)
        counts += _record_labels(workspace, declared, labels, now)
    return Ingested(files=len(files), counts=counts, left_out=tuple(left_out))


def _record(workspace: Workspace, model: Model, frames: list[PredictionsFrame], now: datetime) -> Ledger:
    if not frames:
        return Ledger()
    return log_prediction_frames(workspace.ports, model, frames, log=f"sagemaker/{model.name}", now=now)


def _record_labels(workspace: Workspace, model: Model, labels: LabelsFrame, now: datetime) -> Ledger:
    if not labels.prediction_id:
        return Ledger()
    rows = labels_table([labels])
    return log_label_rows(workspace.ports, model, rows, log=f"sagemaker/{model.name}", now=now)


def _files(path: Path) -> list[Path]:
    found = sorted(one for one in path.rglob("*.jsonl") if one.is_file()) if path.is_dir() else [path]
    if not found:
        raise DataError(
            f"there is no .jsonl file in {path}", hint="name the folder that SageMaker's files were copied to"
        )
    return found


def _lines(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as opened:
            yield from opened
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}") from error
