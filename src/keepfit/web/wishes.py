"""Models that callers want loaded or unloaded: a request reaches one worker, and all of them are to follow.

The worker that was asked tells its supervisor, which has all do it, and tells the worker when all have.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import count
from typing import Final

from keepfit.serving.held import LOAD_WITHIN_S
from keepfit.serving.refusals import DeadlineError, NotReadyError
from keepfit.web.messages import Do, Done, Granted, Wanted

#: Other workers may be busy with a release, and each has as long as one process alone.
_WITHIN_S: Final = 2 * LOAD_WITHIN_S


@dataclass(slots=True, eq=False)
class Wish:
    """One wish, as the supervisor sees it.

    Attributes:
        asker: the worker that was asked.
        wanted: what it said.
        waits_for: the workers that have not done it yet; None while nobody was told.
        error: why one of them could not; empty when all could.
    """

    asker: int
    wanted: Wanted
    waits_for: set[int] | None = None
    error: str = ""


class Wishes:
    """The wishes under way, in the supervisor."""

    def __init__(self) -> None:
        self._wishes: dict[int, Wish] = {}
        self._numbers = count(1)

    def add(self, asker: int, wanted: Wanted) -> None:
        """A worker was asked."""
        self._wishes[next(self._numbers)] = Wish(asker, wanted)

    def begin(self, slots: Iterable[int]) -> list[Do]:
        """What these workers are to be told now, each once: the wishes that nobody was told of."""
        told: list[Do] = []
        for number, wish in self._wishes.items():
            if wish.waits_for is None:
                wish.waits_for = set(slots)
                told.append(Do(number, wish.wanted.model, wish.wanted.load))
        return told

    def done(self, slot: int, done: Done) -> None:
        """A worker has done it, or could not."""
        wish = self._wishes.get(done.number)
        if wish is not None and wish.waits_for is not None:
            wish.waits_for.discard(slot)
            wish.error = wish.error or done.error

    def leave(self, slot: int) -> None:
        """A worker is gone: nobody waits for it, and it waits for nothing."""
        self._wishes = {number: wish for number, wish in self._wishes.items() if wish.asker != slot}
        for wish in self._wishes.values():
            if wish.waits_for is not None:
                wish.waits_for.discard(slot)

    def granted(self) -> list[tuple[int, Granted]]:
        """The wishes that all have done, each once, with the worker that waits."""
        found = [number for number, wish in self._wishes.items() if wish.waits_for == set()]
        wishes = [self._wishes.pop(number) for number in found]
        return [(wish.asker, Granted(wish.wanted.number, wish.error)) for wish in wishes]


class Wishing:
    """The wishes of a worker's callers, in the worker; any number of threads may wish.

    Args:
        report: tells the supervisor.
    """

    def __init__(self, report: Callable[[Wanted], None]) -> None:
        self._report = report
        self._waiting: dict[int, Future[str]] = {}
        self._numbers = count(1)

    def load(self, model: str) -> None:
        """Have all workers load a model; see `Holding.load`."""
        self._want(model, load=True)

    def unload(self, model: str) -> None:
        """Have all workers unload a model; see `Holding.unload`."""
        self._want(model, load=False)

    def granted(self, told: Granted) -> None:
        """The supervisor says that all have, or that one could not."""
        waiting = self._waiting.get(told.number)
        if waiting is not None:
            waiting.set_result(told.error)

    def _want(self, model: str, *, load: bool) -> None:
        number, waiting = next(self._numbers), Future[str]()
        self._waiting[number] = waiting
        self._report(Wanted(number, model, load))
        try:
            error = waiting.result(_WITHIN_S)
        except TimeoutError:
            raise DeadlineError(f"not all workers have done so within {_WITHIN_S:g} seconds") from None
        finally:
            del self._waiting[number]
        if error:
            raise NotReadyError(error)
