"""The versions that a server holds: one immutable picture, replaced whole when a route changes."""

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import MappingProxyType
from typing import Final, Protocol

from keepfit.errors import NotFoundError
from keepfit.ids import did_you_mean
from keepfit.release.routing import Route
from keepfit.serving.following import Change, Follower, Problem, without
from keepfit.serving.held_model import HeldModel, next_held, put_to_sleep
from keepfit.serving.loaded import ModelLoader
from keepfit.serving.preparing import Prepared, Preparer, Ready, WarmUp, not_warmed
from keepfit.serving.recency import Recency
from keepfit.serving.refusals import DeadlineError, NotReadyError
from keepfit.serving.request import Accepts
from keepfit.serving.telemetry import Telemetry
from keepfit.serving.telemetry_snapshot import Count

__all__ = ["AsleepError", "HeldModel", "Holding", "Problem", "Ready", "RouteSource"]

_log = logging.getLogger(__name__)
#: Nobody waits longer than this many seconds for a model that was asked to be loaded.
LOAD_WITHIN_S: Final = 300.0
#: A model that could not be loaded on demand is not tried again before this many looks at the routes.
_LOOKS_BETWEEN_TRIES = 16


class RouteSource(Protocol):
    """Where routes come from; `keepfit.release.record.ReleaseStore` is one."""

    def routes(self) -> Sequence[Route]:
        """The present route of every model."""
        ...


class AsleepError(NotReadyError):
    """The model was unloaded to make room, and is being loaded again.

    Attributes:
        loading: the model once it is loaded; its exception is a NotReadyError.
    """

    def __init__(self, model: str, loading: "Future[HeldModel]") -> None:
        super().__init__(f"model '{model}' is being loaded", hint="ask again in a moment")
        self.loading = loading


class Holding:
    """Follows routes: `refresh`, or `prepare` and `commit`, in one thread; everything else in any number.

    Args:
        source: where routes come from.
        loader: brings versions into memory.
        warm_up: lets a version predict before it takes traffic.
        loaded_models: more models than this are not kept in memory: those that were not asked for longest are
            unloaded, and loaded again on demand. 0 for no limit.
        telemetry: told what was loaded, what could not be, and what was let go of; one of its own when None.
    """

    def __init__(
        self,
        source: RouteSource,
        loader: ModelLoader,
        *,
        warm_up: WarmUp = not_warmed,
        loaded_models: int = 0,
        telemetry: Telemetry | None = None,
    ) -> None:
        self._source, self._limit = source, loaded_models
        self._telemetry = telemetry or Telemetry("server")
        self._preparer = Preparer(loader, warm_up, self._telemetry)
        self._follower = Follower()
        self._models: Mapping[str, HeldModel] = {}
        self._problems: tuple[Problem, ...] = ()
        self._committed = False
        self._following, self._swapping = threading.Lock(), threading.Lock()
        self._recency, self._looks = Recency(), 0
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="keepfit-load")
        self._loading: dict[str, Future[HeldModel]] = {}
        self._tried: dict[str, int] = {}
        self._put_away: set[str] = set()

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
        """The model as it is served now, and what it takes; counts as a use of it.

        Raises:
            NotFoundError: nobody knows it.
            AsleepError: it is being loaded; the error holds the future.
            NotReadyError: it has no version that could answer.
        """
        held = self.find(model)
        held.use.count += 1
        if held.accepts is None:
            if held.asleep:
                raise AsleepError(model, self.wake(model))
            raise NotReadyError(self._failure(model) or f"model '{model}' has no released version yet")
        return held, held.accepts

    def names(self) -> tuple[str, ...]:
        """The models there are, sorted."""
        return tuple(sorted(self._models))

    def problems(self) -> tuple[Problem, ...]:
        """Why anything that should be served is not, as of the last look at the routes."""
        return self._problems

    def is_ready(self) -> bool:
        """Whether routes were read, and every model with a champion can answer, or be loaded."""
        lacking = {one.model for one in self._problems}
        return self._committed and not any(
            held.accepts is None and name in lacking for name, held in self._models.items()
        )

    def refresh(self) -> bool:
        """Follow routes that changed; whether anything that is served did.

        New versions are loaded here, in the caller's thread, while requests go on with the old ones. A version that fails to
        load takes no traffic: without its champion a model keeps the route it had; another version is left out. It
        is tried again at later refreshes.
        """
        with self._following:
            self.tidy()
            try:
                routes = self._source.routes()
            except Exception as error:  # noqa: BLE001 - whatever it is, serving goes on with what is held
                _log.exception("routes cannot be read")
                said = f"routes cannot be read: {str(error) or type(error).__name__}"
                self._problems = (Problem(model="", version=None, reason=said),)
                return False
            change = self._follower.due(routes)
            if change is None:
                self._problems = self._follower.problems()
                return False
            prepared = self.prepare(change)
            served = self._follower.settle(change, prepared.failed)
            return self.commit(prepared, served, self._follower.problems())

    def prepare(self, change: Change) -> Prepared:
        """Bring into memory what a change needs; what is served stays as it is.

        With a limit on loaded models, those that are asleep stay so, and new ones are loaded while there is room. What was
        unloaded on request sleeps until somebody asks for it.
        """
        before = self._models
        room = (
            self._limit - sum(1 for held in before.values() if held.versions)
            if self._limit
            else len(change.routes)
        )
        prepared = Prepared()
        for route in change.routes:
            held = before.get(route.model)
            awake = held is not None and bool(held.versions)
            if awake or (room > 0 and route.versions and route.model not in self._put_away):
                prepared |= self._preparer.route(
                    route, held.versions if held is not None else {}, change.paused
                )
                room -= not awake
        return prepared

    def commit(self, prepared: Prepared, routes: Sequence[Route], problems: tuple[Problem, ...] = ()) -> bool:
        """Serve these routes from now on; whether anything that is served changes. Takes microseconds.

        Args:
            prepared: the versions that were brought into memory.
            routes: what to serve, without the versions that failed anywhere.
            problems: why anything that should be served is not.
        """
        with self._swapping:
            before = self._models
            self._models = MappingProxyType(
                {route.model: next_held(route, before.get(route.model), prepared) for route in routes}
            )
            self._problems, self._committed = problems, True
            self._tried.clear()
            self._count_gone(before)
            self._put_away &= {route.model for route in routes}
            return {name: held.route for name, held in before.items()} != {
                route.model: route for route in routes
            }

    def tell(self, problems: tuple[Problem, ...]) -> None:
        """Replace what is said of what is not served."""
        with self._swapping:
            self._problems = problems

    def tidy(self) -> tuple[str, ...]:
        """Unload the models that were not asked for longest, beyond the limit; their names. Called now and then."""
        with self._swapping:
            self._looks += 1
            self._recency.look({name: held.use.count for name, held in self._models.items()})
            return self._unload()

    def wake(self, model: str) -> "Future[HeldModel]":
        """Load a model that is asleep, in a thread; all who ask meanwhile share one future.

        Its exception is a NotReadyError when the model cannot be loaded.
        """
        with self._swapping:
            loading = self._loading.get(model)
            if loading is None or loading.done():
                loading = self._loading[model] = self._threads.submit(self._wake, model)
            return loading

    def is_put_away(self, model: str) -> bool:
        """Whether it was unloaded on request, and nobody has asked for it since."""
        return model in self._put_away

    def is_loading(self, model: str) -> bool:
        """Whether it is being loaded on demand."""
        loading = self._loading.get(model)
        return loading is not None and not loading.done()

    def load(self, model: str, *, follow: bool = True) -> None:
        """Let a model serve that was unloaded, and try again what of it could not be loaded; returns when it serves.

        One that serves is left as it is: a version never changes.

        Args:
            model: which.
            follow: look at the routes for that; not where somebody else tells what to serve.

        Raises:
            NotFoundError: nobody knows it.
            NotReadyError: it cannot serve, and why.
            DeadlineError: it takes too long; it goes on being loaded.
        """
        asleep = self.find(model).asleep
        with self._swapping:
            self._tried.pop(model, None)
        if asleep:
            self._await(model)
        elif follow and self._failure(model):
            with self._following:
                self._follower.again(model)
            self.refresh()
        self.ready(model)

    def unload(self, model: str) -> None:
        """Take a model out of memory until somebody asks for it; requests under way are finished. Raises NotFoundError."""
        self.find(model)
        with self._swapping:
            held = self._models.get(model)
            if held is not None and held.versions:
                self._put_away.add(model)
                before = self._models
                self._models = MappingProxyType({**before, model: put_to_sleep(held)})
                self._count_gone(before)
                _log.info("unloaded %s, as was asked", model)

    def close(self) -> None:
        """End the thread that loads on demand."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _await(self, model: str) -> None:
        try:
            self.wake(model).result(LOAD_WITHIN_S)
        except TimeoutError:
            raise DeadlineError(
                f"model '{model}' is still being loaded after {LOAD_WITHIN_S:g} seconds"
            ) from None

    def _wake(self, model: str) -> HeldModel:
        while (held := self.find(model)).asleep:
            if self._looks < self._tried.get(model, 0):
                raise NotReadyError(self._failure(model) or f"model '{model}' cannot be loaded at present")
            prepared = self._preparer.route(held.route, {})
            self._swap_awake(held, prepared)
        return held

    def _swap_awake(self, asleep: HeldModel, prepared: Prepared) -> None:
        """What was loaded takes the place of the model that sleeps, unless its route changed meanwhile."""
        name, failed = asleep.name, prepared.failed
        problems = tuple(Problem(model=key[0], version=key[1], reason=why) for key, why in failed.items())
        with self._swapping:
            if self._models.get(name) is not asleep:
                return
            self._problems = (*(one for one in self._problems if one.model != name), *problems)
            if (name, asleep.route.champion) in failed:
                self._tried[name] = self._looks + _LOOKS_BETWEEN_TRIES
                raise NotReadyError(problems[0].reason)
            route = without(asleep.route, failed, None)
            self._models = MappingProxyType({**self._models, name: next_held(route, asleep, prepared)})
            self._put_away.discard(name)
            asleep.use.count += 1
            self._recency.look({one: held.use.count for one, held in self._models.items()})
            self._unload(besides=name)

    def _unload(self, besides: str = "") -> tuple[str, ...]:
        awake = [name for name, held in self._models.items() if held.versions and name != besides]
        keep = self._limit - (besides != "")
        if not self._limit or len(awake) <= keep:
            return ()
        gone = tuple(self._recency.least(awake, keep=keep))
        before = self._models
        self._models = MappingProxyType(
            {name: put_to_sleep(held) if name in gone else held for name, held in before.items()}
        )
        self._count_gone(before)
        _log.info("unloaded %s", ", ".join(gone))
        return gone

    def _count_gone(self, before: Mapping[str, HeldModel]) -> None:
        """Versions that were held before, and are not any more."""
        for name, held in before.items():
            now = self._models.get(name)
            gone = held.versions.keys() - (now.versions.keys() if now is not None else ())
            if gone:
                self._telemetry.count(name, Count.UNLOADS, len(gone))

    def _failure(self, model: str) -> str:
        return next((one.reason for one in self._problems if one.model == model), "")
