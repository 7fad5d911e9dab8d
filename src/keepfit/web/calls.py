"""Requests for predictions, in each protocol: how they are read, and how their answers are written."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from keepfit.errors import NotFoundError, RequestError
from keepfit.serving import kserve_v1, oip, sagemaker
from keepfit.serving.dataplane import DataPlane, Read
from keepfit.serving.result import InferenceResult
from keepfit.web.message import JSON, Reply, Request, parsed_type
from keepfit.web.statuses import MediaTypeError

#: The header that names the model of an `/invocations` request.
MODEL_HEADER: Final = "x-keepfit-model"
#: The header of a reply that names the request, in protocols whose bodies have no place for that; the rows of a request without
#: ids are `request:row`.
REQUEST_HEADER: Final = "x-keepfit-request-id"
#: The header by which a caller says how long it will wait for its turn, in milliseconds.
TIMEOUT_HEADER: Final = "x-keepfit-timeout-ms"
#: The header by which SageMaker's callers name a request, to send its ground truth later.
SAGEMAKER_ID: Final = "x-amzn-sagemaker-inference-id"
#: What curl calls a body whose type it was not told.
_CURL: Final = "application/x-www-form-urlencoded"
BINARY: Final = "application/octet-stream"
#: Every header that a request for predictions is read by here, in small letters; those of its encodings and its trace apart.
INFER_HEADERS: Final = (
    "accept",
    "content-type",
    MODEL_HEADER,
    oip.HEADER_LENGTH,
    SAGEMAKER_ID,
    TIMEOUT_HEADER,
)

Parts = Mapping[str, str]


class Call(msgspec.Struct, frozen=True, eq=False, gc=False, kw_only=True):
    """A request for predictions, as its protocol reads and answers it.

    Attributes:
        model: who is asked.
        read: makes columns of the body, by what the model accepts.
        reply: writes the answer.
        request_id: the caller's name for the request; None when it gave none.
        version: the version that is asked; None for whom the route says.
        timeout_s: how long the caller will wait for its turn; None for as long as the server lets it.
    """

    model: str
    read: Read
    reply: Callable[[InferenceResult], Reply]
    request_id: str | None = None
    version: int | None = None
    timeout_s: float | None = None


def infer(plane: DataPlane, request: Request, parts: Parts) -> Call:
    """Open Inference Protocol v2."""
    try:
        require(request, JSON, BINARY)
        asked = oip.decode(request.body, request.headers.get(oip.HEADER_LENGTH))
    except RequestError:
        plane.find(parts["model"])  # that a model is unknown is told before anything is said of the body
        raise

    def reply(result: InferenceResult) -> Reply:
        body, head = oip.encode(result, asked)
        if head is None:
            return Reply(body=body, result=result)
        return Reply(body=body, media_type=BINARY, headers={oip.HEADER_LENGTH: str(head)}, result=result)

    timeout_us = asked.timeout_us
    return Call(
        model=parts["model"],
        read=asked.payload,
        reply=reply,
        request_id=asked.id,
        version=version_of(parts),
        timeout_s=_timeout_s(request) if timeout_us is None else timeout_us / 1e6,
    )


def predict(plane: DataPlane, request: Request, parts: Parts) -> Call:
    """KServe's first protocol."""
    plane.find(parts["model"])
    require(request, JSON)
    return Call(
        model=parts["model"],
        read=kserve_v1.decode(request.body).payload,
        reply=lambda result: Reply(body=kserve_v1.encode(result), headers=_named(result), result=result),
        timeout_s=_timeout_s(request),
    )


def invocations(plane: DataPlane, request: Request, _parts: Parts) -> Call:
    """MLflow's scoring server, and SageMaker's."""
    require(request, *sagemaker.MEDIA_TYPES)
    accept = request.headers.get("accept")

    def reply(result: InferenceResult) -> Reply:
        body, media_type = sagemaker.encode(result, accept)
        return Reply(body=body, media_type=media_type, headers=_named(result), result=result)

    return Call(
        model=_model_of(plane, request),
        read=sagemaker.decode(request.body, _told(request), max_rows=plane.max_rows).payload,
        reply=reply,
        request_id=request.headers.get(SAGEMAKER_ID) or None,
        timeout_s=_timeout_s(request),
    )


def version_of(parts: Parts) -> int | None:
    """The version that a path names; None when it names none."""
    text = parts.get("version")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFoundError(f"'{text[:40]}' is not a version: versions are numbers")
    return int(text)


def require(request: Request, *media_types: str) -> None:
    """Refuse a body that is not read here; one whose type was forgotten, with curl say, is taken for the first."""
    if (refusal := _unread(request.headers.get("content-type", ""), media_types)) is not None:
        raise MediaTypeError(refusal)


@lru_cache(maxsize=256)
def _unread(content_type: str, media_types: tuple[str, ...]) -> str | None:
    """Why such a body is not read; None when it is."""
    media_type, charset = parsed_type(content_type)
    if media_type not in {"", _CURL, *media_types}:
        return f"content type '{media_type}' is not read here: send {' or '.join(media_types)}"
    if charset not in {"utf-8", "utf8"}:
        return f"charset '{charset}' is not read here: send UTF-8"
    return None


def _told(request: Request) -> str:
    media_type = request.media_type
    return JSON if media_type in {"", _CURL} else media_type


def _model_of(plane: DataPlane, request: Request) -> str:
    named = request.headers.get(MODEL_HEADER)
    if named is not None:
        return named
    models = plane.models()
    if len(models) == 1:
        return models[0]
    listed = ", ".join(models) or "none"
    raise RequestError(f"which model? Name it in the header {MODEL_HEADER}", hint=f"there are: {listed}")


def _timeout_s(request: Request) -> float | None:
    text = request.headers.get(TIMEOUT_HEADER)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise RequestError(f"the header {TIMEOUT_HEADER} is '{text[:40]}': give whole milliseconds")
    return int(text) / 1_000


def _named(result: InferenceResult) -> dict[str, str]:
    """An id that a caller chose is no place to smuggle headers in."""
    text = result.request_id
    if not (text.isascii() and text.isprintable()):
        text = "".join(one if one.isascii() and one.isprintable() else "?" for one in text)
    return {REQUEST_HEADER: text}
