"""SageMaker's files: Data Capture as predictions, ground truth as labels. One JSON object a line."""

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

import msgspec

from keepfit.clock import EPOCH, parse_time
from keepfit.errors import RequestError
from keepfit.predictions.capture_codec import LabelsFrame, PredictionsFrame
from keepfit.registry.signature import Signature
from keepfit.serving import kserve_v1, mlflow, oip
from keepfit.serving.columns import check_labels
from keepfit.serving.ingest.observed import Observed, columns_of, frame_of
from keepfit.serving.ingest.replies import csv_predictions, json_predictions
from keepfit.serving.json_body import parse
from keepfit.serving.payload import Payload
from keepfit.serving.request import Accepts
from keepfit.serving.table_csv import read_csv

SOURCE: Final = "sagemaker"
T = TypeVar("T")


class _Data(msgspec.Struct, frozen=True):
    data: str
    encoding: str = "CSV"
    observedContentType: str | None = None  # noqa: N815 - SageMaker's word


class _Captured(msgspec.Struct, frozen=True):
    endpointInput: _Data | None = None  # noqa: N815
    endpointOutput: _Data | None = None  # noqa: N815
    batchTransformInput: _Data | None = None  # noqa: N815
    batchTransformOutput: _Data | None = None  # noqa: N815


class _Metadata(msgspec.Struct, frozen=True):
    eventId: str  # noqa: N815
    inferenceId: str | None = None  # noqa: N815
    inferenceTime: str | None = None  # noqa: N815


class _CaptureLine(msgspec.Struct, frozen=True):
    captureData: _Captured  # noqa: N815
    eventMetadata: _Metadata  # noqa: N815


class _TruthLine(msgspec.Struct, frozen=True):
    groundTruthData: _Data  # noqa: N815
    eventMetadata: _Metadata  # noqa: N815


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A line that says nothing that can be recorded.

    Attributes:
        line: counted from 1.
        reason: in words.
    """

    line: int
    reason: str


def capture_frames(
    lines: Iterable[bytes],
    model: str,
    signature: Signature,
    *,
    version: int,
    received_at: int,
    event_time: int | None = None,
) -> Iterator[PredictionsFrame | Skipped]:
    """The requests of a Data Capture file, one frame each; a line without an answer, or that is wrong, is skipped and told.

    The prediction id is the row's own where the model's id column was sent, else the inferenceId, else the eventId; rows of
    one request are `id:row`.

    Args:
        lines: of the file; empty ones are passed over.
        model: whose predictions.
        signature: of the version.
        version: that they are recorded for.
        received_at: now, in microseconds since 1970-01-01 UTC.
        event_time: of lines without an inferenceTime, likewise; now when None.
    """
    otherwise = received_at if event_time is None else event_time
    for number, line in _numbered(lines):
        try:
            read = _decoded(line, _CaptureLine)
            observed = _observed(read, signature, otherwise)
            yield frame_of(model, signature, observed, version=version, received_at=received_at)
        except RequestError as error:
            yield Skipped(line=number, reason=str(error))


def truth_labels(
    lines: Iterable[bytes], model: str, *, collected_at: int, received_at: int
) -> tuple[LabelsFrame, tuple[Skipped, ...]]:
    """The labels of a ground-truth file, and the lines that hold none.

    Args:
        lines: of the file; empty ones are passed over.
        model: whose predictions.
        collected_at: when the labels became known: the hour in the file's path; microseconds since 1970-01-01 UTC.
        received_at: now, likewise.
    """
    ids: list[str] = []
    labels: list[float] = []
    skipped: list[Skipped] = []
    for number, line in _numbered(lines):
        try:
            read = _decoded(line, _TruthLine)
            values = _truth(read.groundTruthData)
        except RequestError as error:
            skipped.append(Skipped(line=number, reason=str(error)))
            continue
        named = read.eventMetadata.inferenceId or read.eventMetadata.eventId
        ids += [named] if len(values) == 1 else [f"{named}:{row}" for row in range(len(values))]
        labels += values
    frame = LabelsFrame(
        model=model,
        prediction_id=ids,
        label=labels,
        label_time=[collected_at] * len(ids),
        received_at=[received_at] * len(ids),
    )
    return frame, tuple(skipped)


def hour_in(path: str) -> int | None:
    """The hour that SageMaker wrote into a path, `…/yyyy/mm/dd/hh/…`, in microseconds since 1970-01-01 UTC; None when there is none.

    >>> hour_in("truth/2020/01/31/08/file.jsonl")
    1580457600000000
    >>> hour_in("truth.jsonl") is None
    True
    """
    parts = path.replace("\\", "/").split("/")[:-1]
    if len(parts) < 4 or not all(one.isascii() and one.isdecimal() for one in parts[-4:]):
        return None
    year, month, day, hour = parts[-4:]
    try:
        return _microseconds(f"{year}-{month}-{day}T{hour}:00Z")
    except ValueError:
        return None


def _observed(read: _CaptureLine, signature: Signature, otherwise: int) -> Observed:
    data, about = read.captureData, read.eventMetadata
    asked = data.endpointInput or data.batchTransformInput
    answered = data.endpointOutput or data.batchTransformOutput
    if asked is None or answered is None:
        raise RequestError(
            f"the {'request' if asked is None else 'answer'} was not captured: set the capture of both, input and output"
        )
    payload = _payload(asked, signature)
    rows = len(next(iter(columns_of(payload, signature).values()), ()))
    return Observed(
        payload=payload,
        predictions=_predictions(answered, rows, signature),
        request_id=about.inferenceId or about.eventId,
        event_time=otherwise if about.inferenceTime is None else _time(about.inferenceTime),
        source=SOURCE,
    )


def _payload(given: _Data, signature: Signature) -> Payload:
    body, accepts = _bytes(given), Accepts(signature=signature)
    if _is_csv(given, body):
        return read_csv(body, accepts, header=None)
    read = parse(body)
    if isinstance(read, dict) and isinstance(read.get("inputs"), list) and "dataframe_split" not in read:
        first = next(iter(read["inputs"]), None)
        if isinstance(first, dict) and "datatype" in first:
            return oip.decode(body).payload(accepts)
    if isinstance(read, dict) and "instances" in read:
        return kserve_v1.decode(body).payload(accepts)
    return mlflow.decode(body).payload(accepts)


def _predictions(given: _Data, rows: int, signature: Signature) -> list[float]:
    body = _bytes(given)
    if _is_csv(given, body):
        return csv_predictions(body.decode("utf-8", "replace"), rows, signature)
    return json_predictions(body, signature)


def _bytes(given: _Data) -> bytes:
    encoding = given.encoding.upper()
    if encoding in {"CSV", "JSON"}:
        return given.data.encode()
    if encoding != "BASE64":
        raise RequestError(f"the encoding '{given.encoding}' is not read here: CSV, JSON and BASE64 are")
    try:
        return base64.b64decode(given.data, validate=True)
    except binascii.Error as error:
        raise RequestError(f"the BASE64 data cannot be read: {error}") from None


def _is_csv(given: _Data, body: bytes) -> bool:
    """By the encoding; of BASE64 by the content type, which may be missing, and then by the first character."""
    if given.encoding.upper() != "BASE64":
        return given.encoding.upper() == "CSV"
    content_type = (given.observedContentType or "").lower()
    return "csv" in content_type or ("json" not in content_type and body.lstrip()[:1] not in {b"{", b"["})


def _truth(given: _Data) -> list[float]:
    if given.encoding.upper() == "JSON":
        read = parse(given.data.encode())
        return check_labels("label", read if isinstance(read, list) else [read])
    try:
        texts = _bytes(given).decode("utf-8").replace("\n", ",").split(",")
        return check_labels("label", [float(text) for text in texts if text.strip()] or [None])
    except ValueError as error:
        raise RequestError(f"the label is no number: {error}") from None


def _time(text: str) -> int:
    try:
        return _microseconds(text)
    except ValueError as error:
        raise RequestError(f"inferenceTime: {error}") from None


def _microseconds(text: str) -> int:
    return (parse_time(text) - EPOCH) // timedelta(microseconds=1)


def _numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    return ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def _decoded(line: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RequestError(f"it is no line of SageMaker's: {error}") from None
