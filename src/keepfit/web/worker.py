"""A worker: one of several processes on a port. `python -m keepfit.web.worker ORDERS REPORTS`, two inherited pipes.

It ends by itself when its supervisor does: the pipe of orders then comes to an end.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from keepfit.app.collector import collect_seldom
from keepfit.app.one_thread import use_one_thread
from keepfit.app.serving_sources import open_sources
from keepfit.errors import KeepfitError
from keepfit.serving.following import Change, Problem
from keepfit.serving.held import Holding
from keepfit.serving.preparing import Prepared as Loaded
from keepfit.web.messages import (
    Begin,
    Commit,
    Committed,
    Do,
    Done,
    Ended,
    Granted,
    Prepare,
    Prepared,
    Report,
    Serving,
    Tell,
    line,
    read_order,
)
from keepfit.web.server import InferenceServer
from keepfit.web.stand import Stand, open_stand
from keepfit.web.wishes import Wishing

#: How much longer than its requests a worker may take to end before it is ended by force.
STOP_MARGIN_S = 2.0
#: How often models that nobody asks for are looked for.
_TIDY_EVERY_S = 0.5


class Orders:
    """Carries out a supervisor's orders on what a process holds.

    Args:
        holding: what is served.
        report: tells the supervisor.
        granted: told when all workers have done what this one wanted.
    """

    def __init__(
        self,
        holding: Holding,
        report: "Reporter",
        granted: Callable[[Granted], None] = lambda _told: None,
    ) -> None:
        self._holding, self._report, self._granted = holding, report, granted
        self._number, self._loaded = 0, Loaded()

    def obey(self, text: bytes) -> bool:
        """Carry out the order of a line; whether something new is served."""
        match read_order(text):
            case Prepare(number=number, routes=routes, paused=paused):
                change = Change(routes=routes, paused=frozenset(paused))
                self._number, self._loaded = number, self._holding.prepare(change)
                self._report(Prepared(number, _problems(self._loaded)))
            case Commit(number=number, routes=routes, problems=problems):
                loaded = self._loaded if number == self._number else Loaded()
                self._holding.commit(loaded, routes, problems)
                self._loaded = Loaded()
                self._report(Committed(number))
                return True
            case Tell(problems=problems):
                self._holding.tell(problems)
            case Do() as order:
                self._report(Done(order.number, self._done(order)))
            case Granted() as told:
                self._granted(told)
        return False

    def _done(self, order: Do) -> str:
        """Load or unload a model; why it could not be done, empty when it was."""
        try:
            if order.load:
                self._holding.load(order.model, follow=False)
            else:
                self._holding.unload(order.model)
        except KeepfitError as error:
            return str(error)
        return ""


class Reporter:
    """Writes reports, from any thread; a supervisor that is gone hears nothing, and that is no error here."""

    def __init__(self, reports: BinaryIO) -> None:
        self._reports, self._lock = reports, threading.Lock()

    def __call__(self, report: Report) -> None:
        """Tell it."""
        with self._lock:
            try:
                self._reports.write(line(report))
                self._reports.flush()
            except BrokenPipeError:
                return


def main(arguments: Sequence[str]) -> int:
    """Serve until the orders end, or SIGTERM; the exit code is 0 unless something went wrong."""
    # Ctrl-C is the supervisor's to hear: it tells its workers what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    use_one_thread()
    orders, reports = os.fdopen(int(arguments[0]), "rb"), os.fdopen(int(arguments[1]), "wb")
    reporter = Reporter(reports)
    first = orders.readline()
    if not first:
        orders.close()
        reports.close()
        return 0
    try:
        begin = read_order(first)
        if not isinstance(begin, Begin):
            raise TypeError(f"the first order is to begin, not {begin}")  # noqa: TRY301 - told as any failure
        _serve(begin, orders, reporter)
    except KeepfitError as error:
        reporter(Ended(str(error), error.hint or ""))
        return 1
    except Exception as error:  # noqa: BLE001 - the supervisor is told, whatever it was
        traceback.print_exc()
        reporter(Ended(f"{type(error).__name__}: {error}"))
        return 1
    return 0


def _serve(begin: Begin, lines: BinaryIO, reporter: Reporter) -> None:
    sources = open_sources(begin.place)
    wishing = Wishing(reporter)
    with open_stand(sources, Path(begin.metrics), slot=begin.slot, all_workers=wishing) as stand:
        orders = Orders(stand.holding, reporter, wishing.granted)
        for text in lines:
            if orders.obey(text):
                break
        else:
            return
        server = InferenceServer(
            stand.plane,
            access_log=stand.access_log,
            spans=stand.spans,
            host=begin.host,
            port=begin.port,
            grpc_port=begin.grpc_port,
            shared=True,
            http=stand.settings.http,
            limits=stand.limits,
            max_body_bytes=stand.settings.body_limit,
            stop_s=stand.stop_s,
            refresh_s=None,
            keep_alive_s=stand.keep_alive_s,
            on_start=lambda _addresses: _begin(reporter),
        )
        _in_background(lambda: _follow(lines, orders, server, stand.stop_s))
        _in_background(lambda: _tidy(stand))
        server.run()


def _begin(reporter: Reporter) -> None:
    collect_seldom()
    reporter(Serving())


def _follow(lines: BinaryIO, orders: Orders, server: InferenceServer, stop_s: float) -> None:
    """Obey until the supervisor says no more; then end, by force when it takes too long."""
    try:
        for text in lines:
            orders.obey(text)
    finally:
        server.stop()
        threading.Event().wait(stop_s + STOP_MARGIN_S)
        os._exit(1)


def _tidy(stand: Stand) -> None:
    pause = threading.Event()
    while not pause.wait(_TIDY_EVERY_S):
        stand.holding.tidy()


def _in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


def _problems(loaded: Loaded) -> tuple[Problem, ...]:
    return tuple(
        Problem(model=model, version=number, reason=why) for (model, number), why in loaded.failed.items()
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
