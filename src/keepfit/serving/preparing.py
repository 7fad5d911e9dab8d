"""Bringing versions into memory before they take traffic: loaded, warmed up, and only then counted as there."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import nan
from threading import Lock
from time import perf_counter_ns

from keepfit.release.routing import Route
from keepfit.serving.encoding import MatrixEncoder
from keepfit.serving.following import Key
from keepfit.serving.loaded import LoadedModel, ModelLoader
from keepfit.serving.telemetry import Telemetry
from keepfit.serving.telemetry_snapshot import Count

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmed:
    """What was learned of a version while it was warmed up.

    Attributes:
        batchable: whether a row is given the same number in whatever company it comes.
        row_us: microseconds that one row alone takes; NaN when that was not measured.
    """

    batchable: bool
    row_us: float = nan


#: Lets a version predict before anybody waits for it. Raises whatever the version raises, or ValueError.
WarmUp = Callable[[LoadedModel], Warmed]


def not_warmed(_loaded: LoadedModel) -> Warmed:
    """No warm-up: for versions whose `predict` is known to be good, as in tests."""
    return Warmed(batchable=True)


@dataclass(frozen=True, slots=True)
class Ready:
    """A version that can take traffic.

    Attributes:
        loaded: the version.
        encoder: from checked rows to what it is given.
        batchable: whether its rows may be put to it together with those of other requests.
        row_us: microseconds that one row alone takes; NaN when not known.
        turn: held while it predicts: a version may answer callers in one thread and shadow others in another.
    """

    loaded: LoadedModel
    encoder: MatrixEncoder
    batchable: bool = True
    row_us: float = nan
    turn: Lock = field(default_factory=Lock, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What became of the versions of a change.

    Attributes:
        versions: those that can take traffic.
        failed: why the others cannot, in words.
    """

    versions: Mapping[Key, Ready] = field(default_factory=dict)
    failed: Mapping[Key, str] = field(default_factory=dict)

    def __or__(self, other: "Prepared") -> "Prepared":
        """Both together."""
        return Prepared(versions={**self.versions, **other.versions}, failed={**self.failed, **other.failed})


@dataclass(frozen=True, slots=True)
class Preparer:
    """Loads and warms up versions; see `Warmed` for what the latter tells.

    Attributes:
        loader: brings them into memory.
        warm_up: lets them predict.
        telemetry: told what was loaded, how long that took, and what could not be; one of its own when none is given.
    """

    loader: ModelLoader
    warm_up: WarmUp = not_warmed
    telemetry: Telemetry = field(default_factory=lambda: Telemetry("server"))

    def route(
        self, route: Route, held: Mapping[int, Ready], paused: frozenset[Key] = frozenset()
    ) -> Prepared:
        """The versions of a route; nothing more is loaded once its champion has failed.

        Args:
            route: what is to be served.
            held: its versions that are in memory already.
            paused: versions that are not tried this time.
        """
        versions: dict[Key, Ready] = {}
        failed: dict[Key, str] = {}
        for number in route.versions:
            key = (route.model, number)
            if number in held:
                versions[key] = held[number]
            elif key not in paused:
                found = self._tried(key)
                if isinstance(found, Ready):
                    versions[key] = found
                else:
                    failed[key] = found
            if number == route.champion and key not in versions:
                break
        return Prepared(versions=versions, failed=failed)

    def _tried(self, key: Key) -> Ready | str:
        try:
            return self.version(*key)
        except Exception as error:  # noqa: BLE001 - an artifact may raise anything while it is loaded
            model, number = key
            self.telemetry.count(model, Count.LOAD_FAILURES)
            _log.warning("version %d of '%s' cannot be loaded", number, model, exc_info=True)
            return f"version {number} of '{model}' cannot be loaded: {str(error) or type(error).__name__}"

    def version(self, model: str, number: int) -> Ready:
        """One version, loaded and warmed up. Raises whatever stands in the way."""
        began = perf_counter_ns()
        loaded = self.loader.load(model, number)
        warmed = self.warm_up(loaded)
        self.telemetry.loaded(model, perf_counter_ns() - began)
        return Ready(loaded, MatrixEncoder(loaded.signature), warmed.batchable, warmed.row_us)
