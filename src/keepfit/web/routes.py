"""The paths of the inference server, and the few lines that each stands for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version as installed_version
from typing import Final

from keepfit.serving import kserve_v1, oip
from keepfit.serving.dataplane import DataPlane
from keepfit.serving.labels import decode_labels
from keepfit.serving.refusals import NotReadyError
from keepfit.web.calls import Call, Parts, infer, invocations, predict, require, version_of
from keepfit.web.message import JSON, Reply, Request, json_reply
from keepfit.web.metrics import metrics_reply
from keepfit.web.statuses import MethodNotAllowedError, UnknownPathError

_VERSION_HERE: Final = installed_version("keepfit")
#: With a model's metadata: which generation of its route the server follows, so that a caller can see a release arrive.
GENERATION_HEADER: Final = "x-keepfit-generation"

#: What is done at a path: a reply at once, or a call that waits for its turn with others.
Handler = Callable[[DataPlane, Request, Parts], Reply]
Decoder = Callable[[DataPlane, Request, Parts], Call]


def live(_plane: DataPlane, _request: Request, _parts: Parts) -> Reply:
    """The process answers."""
    return json_reply({"live": True})


def ready(plane: DataPlane, _request: Request, _parts: Parts) -> Reply:
    """Every model that has a released version can answer; what a person should see to all the same is told."""
    found = plane.readiness()
    if found.ready:
        return json_reply({"ready": True, **({"warnings": found.warnings} if found.warnings else {})})
    return json_reply({"ready": False, "error": "; ".join(found.reasons)}, HTTPStatus.SERVICE_UNAVAILABLE)


def server_metadata(_plane: DataPlane, _request: Request, _parts: Parts) -> Reply:
    """What this server is."""
    return json_reply(oip.server_metadata(_VERSION_HERE))


def list_models(plane: DataPlane, _request: Request, _parts: Parts) -> Reply:
    """The models there are, as KServe lists them."""
    return json_reply({"models": list(plane.models())})


def model_metadata(plane: DataPlane, _request: Request, parts: Parts) -> Reply:
    """What a model takes and gives."""
    version = version_of(parts)
    signature, versions = plane.signature(parts["model"], version)
    described = oip.metadata(parts["model"], signature, versions if version is None else [version])
    described["parameters"] = oip.called(plane.loaded(parts["model"], version))
    return json_reply(described, headers={GENERATION_HEADER: str(plane.generation(parts["model"]))})


def model_ready(plane: DataPlane, _request: Request, parts: Parts) -> Reply:
    """Whether a model, or one of its versions, can answer."""
    try:
        plane.check_ready(parts["model"], version_of(parts))
    except NotReadyError as error:
        body = {"name": parts["model"], "ready": False, "error": str(error)}
        return json_reply(body, HTTPStatus.SERVICE_UNAVAILABLE)
    return json_reply({"name": parts["model"], "ready": True})


def label(plane: DataPlane, request: Request, parts: Parts) -> Reply:
    """Labels of predictions."""
    require(request, JSON)
    batch = decode_labels(request.body)
    return json_reply(
        {"accepted": plane.label(parts["model"], ids=batch.ids, values=batch.values, times=batch.times)}
    )


def repository_index(plane: DataPlane, request: Request, _parts: Parts) -> Reply:
    """Every version that is or should be served, and its state."""
    require(request, JSON)
    return json_reply(oip.index(plane.index(), ready=oip.wants_ready(request.body)))


def load(plane: DataPlane, request: Request, parts: Parts) -> Reply:
    """A model in memory; Triton's clients read the status alone, KServe answers in these words."""
    require(request, JSON)
    oip.check_change(request.body)
    plane.load(parts["model"])
    return json_reply({"name": parts["model"], "load": True})


def unload(plane: DataPlane, request: Request, parts: Parts) -> Reply:
    """A model out of memory, until somebody asks for it."""
    require(request, JSON)
    oip.check_change(request.body)
    plane.unload(parts["model"])
    return json_reply({"name": parts["model"], "unload": True})


def alive(_plane: DataPlane, _request: Request, _parts: Parts) -> Reply:
    """KServe's liveness."""
    return Reply(body=kserve_v1.alive())


def list_models_v1(plane: DataPlane, _request: Request, _parts: Parts) -> Reply:
    """The models there are, in KServe's first protocol."""
    return Reply(body=kserve_v1.models(plane.models()))


def model_ready_v1(plane: DataPlane, _request: Request, parts: Parts) -> Reply:
    """Whether a model can answer, in KServe's first protocol."""
    try:
        plane.check_ready(parts["model"])
    except NotReadyError:
        return Reply(body=kserve_v1.model(parts["model"], ready=False), status=HTTPStatus.SERVICE_UNAVAILABLE)
    return Reply(body=kserve_v1.model(parts["model"], ready=True))


def events(plane: DataPlane, request: Request, parts: Parts) -> Reply:
    """CloudEvents of KServe's inference logger: what another server predicted."""
    recorded = plane.observe(request.headers, request.body, parts.get("model"))
    return json_reply({"recorded": dict(recorded)}, HTTPStatus.ACCEPTED)


def metrics(plane: DataPlane, request: Request, _parts: Parts) -> Reply:
    """The numbers of all workers, for Prometheus."""
    body, media_type = metrics_reply(plane.totals(), request.headers.get("accept", ""))
    return Reply(body=body, media_type=media_type)


def version(_plane: DataPlane, _request: Request, _parts: Parts) -> Reply:
    """The version of this server, as MLflow's tells its own."""
    return Reply(body=_VERSION_HERE.encode(), media_type="text/plain")


def ping(plane: DataPlane, _request: Request, _parts: Parts) -> Reply:
    """SageMaker's health check, and MLflow's."""
    status = HTTPStatus.OK if plane.readiness().ready else HTTPStatus.SERVICE_UNAVAILABLE
    return Reply(body=b"\n", status=status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path, where `{name}` stands for one part of it, and what is done there.

    Attributes:
        method: in capitals.
        path: with its variable parts in braces.
        handler: replies at once; None where predictions are asked for.
        decoder: reads a request for predictions; None elsewhere.
        protocol: what its requests are counted as.
        waits: its handler waits for others, and needs a thread of its own.
    """

    method: str
    path: str
    handler: Handler | None = None
    decoder: Decoder | None = None
    protocol: str = "other"
    waits: bool = False

    def pattern(self) -> re.Pattern[str]:
        """The path as an expression."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path) + "/?")


@dataclass(frozen=True, slots=True)
class Found:
    """The route of a request, and the variable parts of its path."""

    route: Route
    parts: Parts

    @property
    def infers(self) -> bool:
        """Whether predictions are asked for."""
        return self.route.decoder is not None

    def call(self, plane: DataPlane, request: Request) -> Call:
        """Read a request for predictions."""
        if self.route.decoder is None:
            raise TypeError(f"{self.route.path} gives no predictions")
        return self.route.decoder(plane, request, self.parts)

    def reply(self, plane: DataPlane, request: Request) -> Reply:
        """Answer any other request."""
        if self.route.handler is None:
            raise TypeError(f"{self.route.path} gives predictions")
        return self.route.handler(plane, request, self.parts)


_MODEL: Final = "/v2/models/{model}"
_VERSION: Final = _MODEL + "/versions/{version}"
_REPOSITORY: Final = "/v2/repository/models/{model}"

ROUTES: Final = (
    Route(method="POST", path=f"{_MODEL}/infer", decoder=infer, protocol="v2"),
    Route(method="POST", path=f"{_VERSION}/infer", decoder=infer, protocol="v2"),
    Route(method="POST", path=f"{_MODEL}/labels", handler=label, protocol="labels"),
    Route(method="POST", path=f"{_MODEL}/events", handler=events, protocol="events"),
    Route(method="POST", path="/v2/events", handler=events, protocol="events"),
    Route(method="POST", path="/v2/repository/index", handler=repository_index),
    Route(method="POST", path=f"{_REPOSITORY}/load", handler=load, waits=True),
    Route(method="POST", path=f"{_REPOSITORY}/unload", handler=unload, waits=True),
    Route(method="POST", path="/v1/models/{model}:predict", decoder=predict, protocol="v1"),
    Route(method="POST", path="/invocations", decoder=invocations, protocol="invocations"),
    Route(method="GET", path="/", handler=alive),
    Route(method="GET", path="/v1/models", handler=list_models_v1),
    Route(method="GET", path="/v1/models/{model}", handler=model_ready_v1),
    Route(method="GET", path="/ping", handler=ping),
    Route(method="GET", path="/health", handler=ping),
    Route(method="GET", path="/version", handler=version),
    Route(method="GET", path="/metrics", handler=metrics),
    Route(method="GET", path="/v2", handler=server_metadata),
    Route(method="GET", path="/v2/health/live", handler=live),
    Route(method="GET", path="/v2/health/ready", handler=ready),
    Route(method="GET", path="/v2/models", handler=list_models),
    Route(method="GET", path=_MODEL, handler=model_metadata),
    Route(method="GET", path=_VERSION, handler=model_metadata),
    Route(method="GET", path=f"{_MODEL}/ready", handler=model_ready),
    Route(method="GET", path=f"{_VERSION}/ready", handler=model_ready),
)
_PATTERNS: Final = tuple((route, route.pattern()) for route in ROUTES)
#: What was found for a method and a path; bounded, as anybody may ask for anything.
_FOUND: Final[dict[tuple[str, str], Found]] = {}
_MOST_FOUND: Final = 4_096


def find(request: Request) -> Found:
    """The route of a request.

    Raises:
        UnknownPathError: nothing is there.
        MethodNotAllowedError: something is, for another method.
    """
    key = (request.method, request.path)
    found = _FOUND.get(key)
    if found is None:
        found = _search(*key)
        if len(_FOUND) >= _MOST_FOUND:
            _FOUND.clear()
        _FOUND[key] = found
    return found


def _search(asked: str, path: str) -> Found:
    method = "GET" if asked == "HEAD" else asked
    allowed: list[str] = []
    for route, pattern in _PATTERNS:
        match = pattern.fullmatch(path)
        if match is not None and route.method == method:
            return Found(route, match.groupdict())
        if match is not None:
            allowed.append(route.method)
    if allowed:
        methods = ", ".join(sorted(allowed))
        raise MethodNotAllowedError(f"{path} takes {methods}, not {asked}", allowed=methods)
    raise UnknownPathError(f"there is nothing at {path}")
