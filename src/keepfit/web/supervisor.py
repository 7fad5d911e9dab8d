"""The process that tells several workers on one port what to serve.

A new route is served by all workers or by none: each brings its versions into memory and says so; when all have, all
are told to switch, which takes each a few microseconds. A version that one of them cannot load takes no
traffic in any.
"""

import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from keepfit.app.server_files import Addresses
from keepfit.app.serving_sources import Place
from keepfit.errors import ServerError
from keepfit.serving.following import Change, Follower, Key, Problem
from keepfit.serving.held import RouteSource
from keepfit.web.change_round import ChangeRound
from keepfit.web.crew import Crew
from keepfit.web.listener import address_of, name_of, reserve
from keepfit.web.messages import (
    Begin,
    Commit,
    Committed,
    Done,
    Order,
    Prepare,
    Prepared,
    Report,
    Serving,
    Tell,
    Wanted,
)
from keepfit.web.wishes import Wishes

_log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 0.25


class Supervisor:
    """Serves a place with several processes from `run` until `stop`, or SIGTERM, SIGINT or SIGHUP.

    Args:
        place: what is served.
        source: its routes.
        host, port: where; port 0 for any free one.
        grpc_port: where workers speak gRPC too; 0 for nowhere.
        workers: how many processes.
        refresh_s: how often routes are looked at.
        metrics: the folder in which they keep their numbers.
        stop_s: workers that were told to end are killed after so many seconds.
        on_start: told where they answer once the first worker answers.

    Raises:
        ServerError: the port cannot be had.
    """

    def __init__(
        self,
        place: Place,
        source: RouteSource,
        *,
        host: str,
        port: int,
        workers: int,
        metrics: Path,
        stop_s: float,
        grpc_port: int = 0,
        refresh_s: float = 0.5,
        on_start: Callable[[Addresses], None] = lambda _addresses: None,
    ) -> None:
        self._source, self._refresh_s, self._say_started = source, refresh_s, on_start
        self._stop_s = stop_s
        self._reserved = reserve(host, port)
        self._grpc_reserved = self._reserve_grpc(host, grpc_port) if grpc_port else None
        self.addresses = Addresses(
            http=address_of(self._reserved),
            grpc="" if self._grpc_reserved is None else name_of(self._grpc_reserved),
        )
        port = self._reserved.getsockname()[1]

        def begin(slot: int) -> Begin:
            return Begin(
                slot=slot, host=host, port=port, grpc_port=grpc_port, place=place, metrics=str(metrics)
            )

        self._crew = Crew(workers, begin)
        self._follower = Follower()
        self._unreadable: tuple[Problem, ...] = ()
        self._told: tuple[Problem, ...] = ()
        self._round: ChangeRound | None = None
        self._newcomers: set[int] = set()
        self._wishes = Wishes()
        self._rounds, self._look_at = 0, 0.0
        self._is_serving = False
        self._asked_to_stop = 0

    def run(self) -> None:
        """Serve until told to stop; no worker is left behind, however this ends.

        Raises:
            ServerError: a worker died several times in a row before it served.
        """
        with _signals(self.stop):
            try:
                while not self._asked_to_stop:
                    self._step()
                self._crew.drain(self._stop_s, hurry=lambda: self._asked_to_stop > 1)
            finally:
                self._crew.end()
                self._reserved.close()
                if self._grpc_reserved is not None:
                    self._grpc_reserved.close()

    def _reserve_grpc(self, host: str, port: int) -> socket.socket:
        try:
            return reserve(host, port)
        except ServerError as error:
            self._reserved.close()
            raise ServerError(str(error), hint="choose another [serving] grpc_port") from None

    def stop(self) -> None:
        """Let workers finish, and `run` return; a second time: at once. From any thread, or a signal's handler."""
        self._asked_to_stop += 1

    def _step(self) -> None:
        self._newcomers |= self._crew.start_due()
        for worker, report in self._crew.hear(_LOOK_EVERY_S):
            self._heard(worker.slot, report)
        for slot in self._crew.bury():
            self._newcomers.discard(slot)
            self._wishes.leave(slot)
            if self._round is not None:
                self._round.leave(slot, loading=self._loading(self._round.change))
        if self._round is not None:
            self._go_on(self._round)
        if self._round is None:
            self._begin_round()
        self._grant_wishes()

    def _heard(self, slot: int, report: Report) -> None:
        match report:
            case Prepared(number=number, failed=failed):
                if self._round is not None and self._round.number == number:
                    self._round.prepared(slot, failed)
            case Committed(number=number):
                if self._round is not None and self._round.number == number:
                    self._round.committed(slot)
            case Wanted():
                self._wish(slot, report)
            case Done():
                self._wishes.done(slot, report)
            case Serving() if not self._is_serving:
                self._is_serving = True
                self._say_started(self.addresses)
            case _:
                pass

    def _wish(self, slot: int, wanted: Wanted) -> None:
        """Before a model is loaded, what of it failed is tried again, as in any other round."""
        self._wishes.add(slot, wanted)
        if wanted.load:
            self._follower.again(wanted.model)
            self._look_at = 0.0

    def _grant_wishes(self) -> None:
        if self._round is None:
            slots = set(self._crew.workers) - self._newcomers
            for order in self._wishes.begin(slots):
                self._order(slots, order)
        for asker, told in self._wishes.granted():
            self._order({asker}, told)

    def _begin_round(self) -> None:
        """New workers first serve what the others do; then everybody follows what changed."""
        if self._newcomers and self._follower.has_settled:
            change = Change(routes=tuple(self._follower.following.values()))
            self._prepare(change, self._newcomers, catches_up=True)
            self._newcomers = set()
        elif time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + self._refresh_s
            change_due = self._look()
            if change_due is not None and self._crew.workers:
                self._prepare(change_due, set(self._crew.workers), catches_up=False)
                self._newcomers = set()

    def _look(self) -> Change | None:
        try:
            routes = self._source.routes()
        except Exception as error:  # noqa: BLE001 - whatever it is, serving goes on with what is held
            reason = f"routes cannot be read: {str(error) or type(error).__name__}"
            if not self._unreadable:
                _log.exception("routes cannot be read")
            self._unreadable = (Problem(model="", version=None, reason=reason),)
            self._tell_problems()
            return None
        self._unreadable = ()
        change = self._follower.due(routes)
        if change is None:
            self._tell_problems()
        return change

    def _prepare(self, change: Change, members: set[int], *, catches_up: bool) -> None:
        self._rounds += 1
        self._round = ChangeRound(self._rounds, change, set(members), catches_up=catches_up)
        self._ask(self._round)

    def _ask(self, current: ChangeRound) -> None:
        ahead = not current.catches_up and self._follower.has_settled
        asked = current.next_to_ask(one_ahead=ahead)
        paused = current.change.paused | current.failed.keys()
        self._order(asked, Prepare(current.number, current.change.routes, tuple(sorted(paused))))

    def _loading(self, change: Change) -> set[Key]:
        """The versions of a change that are not served yet."""
        wanted = {(route.model, number) for route in change.routes for number in route.versions}
        served = {
            (route.model, number) for route in self._follower.following.values() for number in route.versions
        }
        return wanted - served - change.paused

    def _go_on(self, current: ChangeRound) -> None:
        if not current.members and not current.has_begun_to_commit:
            # Nobody is left to tell; what they died of is not tried at once again.
            if current.failed and not current.catches_up:
                self._follower.settle(current.change, current.failed, deadly=current.deadly)
            self._round = None
        elif current.is_committed:
            self._round = None
        elif not current.has_begun_to_commit:
            self._ask(current)
            if current.is_prepared:
                self._commit(current)

    def _commit(self, current: ChangeRound) -> None:
        current.has_begun_to_commit = True
        routes = current.change.routes
        if not current.catches_up:
            routes = self._follower.settle(current.change, current.failed, deadly=current.deadly)
        for slot in current.failed_in & current.members if current.catches_up else ():
            # It cannot serve what the others serve: it is started again, later each time.
            worker = self._crew.workers[slot]
            worker.last_words = "; ".join(current.failed.values())
            worker.kill()
            current.leave(slot)
        for problem in set(self._problems()) - set(self._told):
            _log.warning("not served by any worker: %s", problem.reason)
        self._told = self._problems()
        self._order(current.members, Commit(current.number, routes, self._told))

    def _tell_problems(self) -> None:
        problems = self._problems()
        if problems != self._told:
            self._told = problems
            self._order(set(self._crew.workers) - self._newcomers, Tell(problems))

    def _problems(self) -> tuple[Problem, ...]:
        return (*self._unreadable, *self._follower.problems())

    def _order(self, slots: set[int], order: Order) -> None:
        for slot in sorted(slots):
            self._crew.workers[slot].tell(order)


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """SIGTERM, Ctrl-C and a closed terminal ask for a stop; outside the main thread none of them is heard."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop()

    wanted = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        wanted.append(signal.SIGHUP)
    before = {number: signal.signal(number, ask) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
