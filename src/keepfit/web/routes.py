"""The paths of the inference server, and the few lines that each stands for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from importlib.metadata import version as installed_version
from typing import Final

from keepfit.errors import NotFoundError, RequestError
from keepfit.serving import mlflow, oip
from keepfit.serving.dataplane import DataPlane
from keepfit.serving.labels import decode_labels
from keepfit.serving.refusals import NotReadyError
from keepfit.web.message import JSON, Reply, Request, json_reply
from keepfit.web.statuses import MediaTypeError, MethodNotAllowedError, UnknownPathError

#: The header that names the model of an `/invocations` request.
MODEL_HEADER: Final = "x-keepfit-model"
#: The header of a reply that names the request; the rows of one without ids are `request:row`.
REQUEST_HEADER: Final = "x-keepfit-request-id"
#: With a model's metadata: which generation of its route the server follows, so that a caller can see a release arrive.
GENERATION_HEADER: Final = "x-keepfit-generation"

Parts = Mapping[str, str]
Handler = Callable[[DataPlane, Request, Parts], Reply]


def live(_plane: DataPlane, _request: Request, _parts: Parts) -> Reply:
    """The process answers."""
    return json_reply({"live": True})


def ready(plane: DataPlane, _request: Request, _parts: Parts) -> Reply:
    """Every model that has a released version can answer."""
    if plane.is_ready():
        return json_reply({"ready": True})
    reasons = "; ".join(one.reason for one in plane.problems()) or "routes have not been read yet"
    return json_reply({"ready": False, "error": reasons}, HTTPStatus.SERVICE_UNAVAILABLE)


def server_metadata(_plane: DataPlane, _request: Request, _parts: Parts) -> Reply:
    """What this server is."""
    return json_reply({"name": "keepfit", "version": installed_version("keepfit"), "extensions": []})


def list_models(plane: DataPlane, _request: Request, _parts: Parts) -> Reply:
    """The models there are, as KServe lists them."""
    return json_reply({"models": list(plane.models())})


def model_metadata(plane: DataPlane, _request: Request, parts: Parts) -> Reply:
    """What a model takes and gives."""
    version = _version(parts)
    signature, versions = plane.signature(parts["model"], version)
    reply = json_reply(oip.metadata(parts["model"], signature, versions if version is None else [version]))
    return replace(reply, headers={**reply.headers, GENERATION_HEADER: str(plane.generation(parts["model"]))})


def model_ready(plane: DataPlane, _request: Request, parts: Parts) -> Reply:
    """Whether a model, or one of its versions, can answer."""
    try:
        plane.signature(parts["model"], _version(parts))
    except NotReadyError as error:
        body = {"name": parts["model"], "ready": False, "error": str(error)}
        return json_reply(body, HTTPStatus.SERVICE_UNAVAILABLE)
    return json_reply({"name": parts["model"], "ready": True})


def infer(plane: DataPlane, request: Request, parts: Parts) -> Reply:
    """Open Inference Protocol v2."""
    plane.generation(parts["model"])  # that a model is unknown is told before anything is said of the body
    _require(request, JSON)
    asked = oip.decode(request.body)
    result = plane.infer_by(parts["model"], asked.columns, request_id=asked.id, version=_version(parts))
    return Reply(body=oip.encode(result, asked), headers={REQUEST_HEADER: _printable(result.request_id)})


def label(plane: DataPlane, request: Request, parts: Parts) -> Reply:
    """Labels of predictions."""
    _require(request, JSON)
    batch = decode_labels(request.body)
    return json_reply(
        {"accepted": plane.label(parts["model"], ids=batch.ids, values=batch.values, times=batch.times)}
    )


def invocations(plane: DataPlane, request: Request, _parts: Parts) -> Reply:
    """MLflow's scoring server, and SageMaker's."""
    _require(request, JSON, "text/csv")
    columns = mlflow.decode(request.body, csv=request.media_type == "text/csv")
    result = plane.infer_by(_model_of(plane, request), columns)
    return Reply(body=mlflow.encode(result), headers={REQUEST_HEADER: _printable(result.request_id)})


def ping(plane: DataPlane, _request: Request, _parts: Parts) -> Reply:
    """SageMaker's health check."""
    status = HTTPStatus.OK if plane.is_ready() else HTTPStatus.SERVICE_UNAVAILABLE
    return Reply(body=b"\n", status=status)


@dataclass(frozen=True, slots=True)
class Route:
    """A path, where `{name}` stands for one part of it, and what is done there."""

    method: str
    path: str
    handler: Handler

    def pattern(self) -> re.Pattern[str]:
        """The path as an expression."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path) + "/?")


_MODEL: Final = "/v2/models/{model}"
_VERSION: Final = _MODEL + "/versions/{version}"

ROUTES: Final = (
    Route("POST", f"{_MODEL}/infer", infer),
    Route("POST", f"{_VERSION}/infer", infer),
    Route("POST", f"{_MODEL}/labels", label),
    Route("POST", "/invocations", invocations),
    Route("GET", "/ping", ping),
    Route("GET", "/v2", server_metadata),
    Route("GET", "/v2/health/live", live),
    Route("GET", "/v2/health/ready", ready),
    Route("GET", "/v2/models", list_models),
    Route("GET", _MODEL, model_metadata),
    Route("GET", _VERSION, model_metadata),
    Route("GET", f"{_MODEL}/ready", model_ready),
    Route("GET", f"{_VERSION}/ready", model_ready),
)
_PATTERNS: Final = tuple((route, route.pattern()) for route in ROUTES)


def answer(plane: DataPlane, request: Request) -> Reply:
    """Find the route of a request and follow it.

    Raises:
        UnknownPathError: nothing is there.
        MethodNotAllowedError: something is, for another method.
        KeepfitError: whatever the data plane has to say.
    """
    method = "GET" if request.method == "HEAD" else request.method
    allowed: list[str] = []
    for route, pattern in _PATTERNS:
        match = pattern.fullmatch(request.path)
        if match is not None and route.method == method:
            return route.handler(plane, request, match.groupdict())
        if match is not None:
            allowed.append(route.method)
    if allowed:
        methods = ", ".join(sorted(allowed))
        raise MethodNotAllowedError(f"{request.path} takes {methods}, not {request.method}", allowed=methods)
    raise UnknownPathError(f"there is nothing at {request.path}")


def _version(parts: Parts) -> int | None:
    text = parts.get("version")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise NotFoundError(f"'{text}' is not a version: versions are numbers")
    return int(text)


def _model_of(plane: DataPlane, request: Request) -> str:
    named = request.headers.get(MODEL_HEADER)
    if named is not None:
        return named
    models = plane.models()
    if len(models) == 1:
        return models[0]
    listed = ", ".join(models) or "none"
    raise RequestError(f"which model? Name it in the header {MODEL_HEADER}", hint=f"there are: {listed}")


def _require(request: Request, *media_types: str) -> None:
    """A body without a type is taken for the first of them, as curl users forget it."""
    if request.media_type not in {"", *media_types}:
        raise MediaTypeError(
            f"content type '{request.media_type}' is not read here: send {' or '.join(media_types)}"
        )
    if request.charset not in {"utf-8", "utf8"}:
        raise MediaTypeError(f"charset '{request.charset}' is not read here: send UTF-8")
    if "inference-header-content-length" in request.headers:
        raise MediaTypeError("binary tensors are not read here: send the data as JSON")


def _printable(request_id: str) -> str:
    """An id that a caller chose is no place to smuggle headers in."""
    return "".join(one if one.isascii() and one.isprintable() else "?" for one in request_id)
