"""The versions that a server holds: one immutable picture, replaced whole when a route changes."""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol

from keepfit.errors import NotFoundError
from keepfit.ids import did_you_mean
from keepfit.registry.encode import FeatureEncoder
from keepfit.registry.signature import Feature
from keepfit.release.routing import Route
from keepfit.serving.loaded import LoadedModel, ModelLoader
from keepfit.serving.refusals import NotReadyError
from keepfit.serving.request import Accepts

_log = logging.getLogger(__name__)
#: A version that keeps failing is tried again after 1, 2, 4 … refreshes, at most this many.
_LONGEST_WAIT = 64


class RouteSource(Protocol):
    """Where routes come from; `keepfit.release.record.ReleaseStore` is one."""

    def routes(self) -> Sequence[Route]:
        """The present route of every model."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why something that should be served is not.

    Attributes:
        model: whose; empty when routes cannot be read at all.
        version: the version that cannot be loaded; None when it is not about one.
        reason: in words.
    """

    model: str
    version: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A loaded version and the encoder of its features."""

    loaded: LoadedModel
    encoder: FeatureEncoder


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldModel:
    """A model as it is served at present.

    Attributes:
        route: the route that is followed: the source's, without the versions that failed to load.
        versions: every version of the route, by number.
        accepts: the columns that requests may have; None while there is no champion.
    """

    route: Route
    versions: Mapping[int, Ready] = field(default_factory=dict)
    accepts: Accepts | None = None

    @property
    def name(self) -> str:
        """The model's name."""
        return self.route.model


@dataclass(frozen=True, slots=True)
class _Failure:
    generation: int
    attempts: int
    wait: int
    reason: str


@dataclass(slots=True)
class Holding:
    """Follows a source of routes: `refresh` in one thread, `find` in any number."""

    source: RouteSource
    loader: ModelLoader
    _models: Mapping[str, HeldModel] = field(default_factory=dict)
    _failures: dict[tuple[str, int], _Failure] = field(default_factory=dict)
    _problems: tuple[Problem, ...] = ()
    _settled: dict[str, int] = field(default_factory=dict)
    _refreshed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refresh(self) -> bool:
        """Follow routes that changed; whether anything that is served did.

        New versions are loaded here, in the caller's thread, while requests go on with the old ones. A version that fails to
        load takes no traffic: without its champion a model keeps the route it had; a canary or a shadow is left out. It
        is tried again at later refreshes.
        """
        with self._lock:
            try:
                routes = self.source.routes()
            except Exception as error:  # noqa: BLE001 - whatever it is, serving goes on with what is held
                _log.exception("routes cannot be read")
                self._problems = (
                    Problem(model="", version=None, reason=f"routes cannot be read: {_said(error)}"),
                )
                return False
            before = self._models
            after = {route.model: self._follow(route, before.get(route.model)) for route in routes}
            self._failures = {key: failure for key, failure in self._failures.items() if key[0] in after}
            self._models = MappingProxyType(after)
            self._problems = tuple(
                Problem(model=model, version=number, reason=failure.reason)
                for (model, number), failure in sorted(self._failures.items())
            )
            self._refreshed = True
            return {name: held.route for name, held in before.items()} != {
                name: held.route for name, held in after.items()
            }

    def find(self, model: str) -> HeldModel:
        """The model as it is served now.

        Raises:
            NotFoundError: nobody knows it.
        """
        held = self._models.get(model)
        if held is None:
            raise NotFoundError(f"unknown model '{model}'", hint=did_you_mean(model, self._models))
        return held

    def ready(self, model: str) -> tuple[HeldModel, Accepts]:
        """The model as it is served now, and what it takes.

        Raises:
            NotFoundError: nobody knows it.
            NotReadyError: it has no version that could answer.
        """
        held = self.find(model)
        if held.accepts is None:
            failed = [one.reason for one in self._problems if one.model == model]
            raise NotReadyError(failed[0] if failed else f"model '{model}' has no released version yet")
        return held, held.accepts

    def names(self) -> tuple[str, ...]:
        """The models there are, sorted."""
        return tuple(sorted(self._models))

    def problems(self) -> tuple[Problem, ...]:
        """Why anything that should be served is not, as of the last refresh."""
        return self._problems

    def is_ready(self) -> bool:
        """Whether routes were read, and every model with a champion can answer."""
        lacking = {one.model for one in self._problems}
        return self._refreshed and not any(
            held.accepts is None and name in lacking for name, held in self._models.items()
        )

    def _follow(self, route: Route, held: HeldModel | None) -> HeldModel:
        if held is not None and self._settled.get(route.model) == route.generation:
            return held
        self._forget_failures(route)
        versions: dict[int, Ready] = {}
        for number in route.versions:
            ready = self._ready(route, number, held)
            if ready is not None:
                versions[number] = ready
            elif number == route.champion:
                self._settled.pop(route.model, None)
                nothing = replace(route, champion=None, canary=None, shadows=())
                return held if held is not None else HeldModel(route=nothing)
        if len(versions) == len(route.versions):
            self._settled[route.model] = route.generation
        else:
            self._settled.pop(route.model, None)
        return _held(_without_missing(route, versions), versions)

    def _forget_failures(self, route: Route) -> None:
        """A new generation is a new chance, and versions that are no longer wanted are no problem."""
        self._failures = {
            key: failure
            for key, failure in self._failures.items()
            if key[0] != route.model or (key[1] in route.versions and failure.generation == route.generation)
        }

    def _ready(self, route: Route, number: int, held: HeldModel | None) -> Ready | None:
        if held is not None and number in held.versions:
            return held.versions[number]
        key = (route.model, number)
        failure = self._failures.get(key)
        if failure is not None and failure.wait > 1:
            self._failures[key] = replace(failure, wait=failure.wait - 1)
            return None
        try:
            loaded = self.loader.load(route.model, number)
            ready = Ready(loaded, FeatureEncoder(loaded.signature))
        except Exception as error:  # noqa: BLE001 - an artifact may raise anything while it is loaded
            attempts = failure.attempts + 1 if failure else 1
            if failure is None:
                _log.exception("version %d of '%s' cannot be loaded", number, route.model)
            self._failures[key] = _Failure(
                generation=route.generation,
                attempts=attempts,
                wait=min(2 ** (attempts - 1), _LONGEST_WAIT),
                reason=f"version {number} of '{route.model}' cannot be loaded: {_said(error)}",
            )
            return None
        self._failures.pop(key, None)
        return ready


def _without_missing(route: Route, versions: Mapping[int, Ready]) -> Route:
    canary = route.canary if route.canary in versions else None
    shadows = tuple(number for number in route.shadows if number in versions)
    return replace(
        route, canary=canary, percent=route.percent if canary is not None else 0.0, shadows=shadows
    )


def _held(route: Route, versions: Mapping[int, Ready]) -> HeldModel:
    if route.champion is None:
        return HeldModel(route=route, versions=versions)
    champion = versions[route.champion].loaded.signature
    optional: dict[str, Feature] = {}
    for ready in versions.values():
        for feature in ready.loaded.signature.features:
            if feature.name not in champion.feature_names:
                optional.setdefault(feature.name, feature)
    return HeldModel(route=route, versions=versions, accepts=Accepts(signature=champion, optional=optional))


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
