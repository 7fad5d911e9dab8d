"""Following routes: which change is due, and what is served when versions of it cannot be."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from keepfit.release.routing import Route

#: A version of a model.
Key = tuple[str, int]
#: A version that keeps failing is tried again after 1, 2, 4 … looks at the routes, at most this many.
LONGEST_WAIT: Final = 64
_FOR_EVER: Final = 1 << 62


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be served from now on.

    Attributes:
        routes: the route of every model.
        paused: versions that failed lately, and are not tried this time.
    """

    routes: tuple[Route, ...]
    paused: frozenset[Key] = frozenset()


@dataclass(frozen=True, slots=True)
class _Failure:
    generation: int
    attempts: int
    wait: int
    reason: str


@dataclass(slots=True)
class Follower:
    """Compares routes with what became of them; for one thread.

    Attributes:
        following: the routes that are served: those that were asked for, without the versions that failed.
    """

    following: dict[str, Route] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)
    _failures: dict[Key, _Failure] = field(default_factory=dict)
    _settled: bool = False

    @property
    def has_settled(self) -> bool:
        """Whether any change was carried out yet."""
        return self._settled

    def due(self, routes: Sequence[Route]) -> Change | None:
        """What has to be done to serve these routes; None when nothing has, or not yet."""
        self._forget(routes)
        changed = not self._settled or set(self._seen) != {route.model for route in routes}
        paused: set[Key] = set()
        for route in routes:
            changed |= self._seen.get(route.model) != route.generation
            for number in route.versions:
                failure = self._failures.get((route.model, number))
                if failure is None:
                    continue
                if failure.wait > 1:
                    self._failures[route.model, number] = replace(failure, wait=failure.wait - 1)
                    paused.add((route.model, number))
                else:
                    changed = True
        return Change(routes=tuple(routes), paused=frozenset(paused)) if changed else None

    def settle(
        self, change: Change, failed: Mapping[Key, str], *, deadly: Collection[Key] = ()
    ) -> tuple[Route, ...]:
        """The routes to serve after a change was prepared.

        A champion that failed leaves the route that is served as it is; another version is left out.

        Args:
            change: what was asked for.
            failed: why versions cannot be served, in words.
            deadly: those of them that may have killed the process that loaded them: they wait for the next generation.
        """
        missing = change.paused | failed.keys()
        served = {
            route.model: without(route, missing, self.following.get(route.model)) for route in change.routes
        }
        for route in change.routes:
            for number in route.versions:
                self._note(route, number, failed.get((route.model, number)), served[route.model])
        for key in deadly:
            self._failures[key] = replace(self._failures[key], wait=_FOR_EVER)
        self._seen = {route.model: route.generation for route in change.routes}
        self.following, self._settled = served, True
        return tuple(served.values())

    def again(self, model: str) -> None:
        """Try the versions of a model that failed at the next look; those that somebody died of wait for the next generation."""
        for key, failure in self._failures.items():
            if key[0] == model and failure.wait <= LONGEST_WAIT:
                self._failures[key] = replace(failure, wait=1)

    def problems(self) -> tuple[Problem, ...]:
        """Why versions of the routes are not served, by model and version."""
        return tuple(
            Problem(model=model, version=number, reason=failure.reason)
            for (model, number), failure in sorted(self._failures.items())
        )

    def _forget(self, routes: Iterable[Route]) -> None:
        """A new generation is a new chance, and versions that are no longer wanted are no problem."""
        wanted = {(route.model, number): route.generation for route in routes for number in route.versions}
        self._failures = {
            key: failure for key, failure in self._failures.items() if wanted.get(key) == failure.generation
        }

    def _note(self, route: Route, number: int, reason: str | None, served: Route) -> None:
        key = (route.model, number)
        if reason is None:
            if served.generation == route.generation and number in served.versions:
                self._failures.pop(key, None)
            return
        attempts = self._failures[key].attempts + 1 if key in self._failures else 1
        wait = min(2 ** (attempts - 1), LONGEST_WAIT)
        self._failures[key] = _Failure(route.generation, attempts, wait, reason)


def without(route: Route, missing: Iterable[Key], before: Route | None) -> Route:
    """A route as it can be served when some versions are missing.

    Args:
        route: as it was asked for.
        missing: versions, of any models, that cannot be served.
        before: the route that is served at present; it stays when the champion is missing.

    >>> asked = Route(model="eta", generation=2, champion=1, canary=2, percent=10.0)
    >>> without(asked, [("eta", 2)], None)
    Route(model='eta', generation=2, champion=1, canary=None, percent=0.0, shadows=(), previous=None, constant=None, split_by=None)
    """
    gone = {number for model, number in missing if model == route.model}
    if route.champion in gone:
        nothing = replace(route, champion=None, canary=None, percent=0.0, shadows=(), previous=None)
        return before if before is not None else nothing
    canary = None if route.canary in gone else route.canary
    return replace(
        route,
        canary=canary,
        percent=0.0 if canary is None else route.percent,
        shadows=tuple(number for number in route.shadows if number not in gone),
        previous=None if route.previous in gone else route.previous,
    )
