"""granian on a port: HTTP is read and written by a thread of its own, in Rust; requests are answered on the event loop.

Granian opens its sockets itself, and always lets others share the port. So the port is reserved first, by a socket that does
not listen: that tells which port it is, and keeps others away. The embedded server takes the event loop as it finds it.
"""

import asyncio
import contextlib
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from keepfit.errors import ServerError
from keepfit.web.front import Stall
from keepfit.web.listener import BACKLOG, address_of, hold, reserve
from keepfit.web.rsgi import Rsgi

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task

_log = logging.getLogger(__name__)

#: Connections that are held at once; by default so few that kept-alive ones would keep new ones waiting.
_MOST_CONNECTIONS: Final = 65_536
#: Granian would put handlers of its own in the place of those of the process.
_LOGGING: Final[dict[str, Any]] = {
    "incremental": True,
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {}},
}
_LOOK_EVERY_S: Final = 0.01
#: Seconds in which what follows a reply, counting it say, is done.
_LAST_S: Final = 1.0


class GranianFront:
    """Implements `keepfit.web.front.Front`."""

    def __init__(self, stall: Stall) -> None:
        if not sys.platform.startswith("linux"):
            raise ServerError(
                "granian shares its port with whoever asks, which is kept in order on Linux only",
                hint='use [serving] http = "uvicorn"',
            )
        self._stall = stall
        self._socket = (hold if stall.shared else reserve)(stall.host, stall.port)
        self.address = address_of(self._socket)
        self._loop: AbstractEventLoop | None = None
        self._wanted = threading.Event()
        self._asked = asyncio.Event()
        self._in_a_hurry = asyncio.Event()

    def run(self) -> None:
        """See `Front`."""
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve())

    def stop(self) -> None:
        """See `Front`."""
        self._wanted.set()
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._asked.set)

    def close(self) -> None:
        """See `Front`."""
        self._socket.close()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._wanted.is_set():
            return
        self._hear_signals(self._loop)
        server = self._server()
        serving = self._loop.create_task(server.serve())
        try:
            await self._until_it_answers(serving)
            if serving.done():
                raise _ended(serving)
            if self._stall.grpc is not None:
                await self._stall.grpc.start()
            self._stall.started()
            await _first(serving, self._asked.wait())
            if not self._asked.is_set():
                raise _ended(serving)
        finally:
            await self._drain(server, serving)

    def _server(self) -> Server:
        host, port = self._socket.getsockname()[:2]
        return Server(
            Rsgi(self._stall.app),
            address=host,
            port=port,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            backpressure=_MOST_CONNECTIONS,
            log_level=LogLevels.error,
            log_dictconfig=_LOGGING,
        )

    async def _until_it_answers(self, serving: "Task[None]") -> None:
        host, port = self._socket.getsockname()[:2]
        while not serving.done():
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(_LOOK_EVERY_S)
            else:
                writer.close()
                return

    async def _drain(self, server: Server, serving: "Task[None]") -> None:
        """Take no more connections, answer what was asked on those there are, and close them."""
        server.stop()  # type: ignore[no-untyped-call]
        grpc = self._stall.grpc
        ending = (
            [serving] if grpc is None else [serving, asyncio.ensure_future(grpc.stop(self._stall.stop_s))]
        )
        done = asyncio.wait(ending, timeout=self._stall.stop_s)
        await _first(asyncio.ensure_future(done), self._in_a_hurry.wait())
        if not serving.done():
            _cut_off(asyncio.get_running_loop())
            return
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        if rest:
            await asyncio.wait(rest, timeout=_LAST_S)

    def _hear_signals(self, loop: "AbstractEventLoop") -> None:
        """The first asks for a stop, a second one does not wait for requests under way."""
        if threading.current_thread() is not threading.main_thread():
            return

        def ask() -> None:
            (self._in_a_hurry if self._asked.is_set() else self._asked).set()

        for number in (signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, ask)


def _ended(serving: "Task[None]") -> ServerError:
    error = None if serving.cancelled() else serving.exception()
    return ServerError(f"granian ended by itself{'' if error is None else f': {error}'}")


def _cut_off(loop: "AbstractEventLoop") -> None:
    """Requests are given up, which is told once: granian would tell it of each, with a traceback."""
    _log.warning("requests that were not answered within the time of a stop are given up")
    logging.getLogger("_granian").setLevel(logging.CRITICAL + 1)
    loop.set_exception_handler(lambda _loop, _context: None)


async def _first(*ways: "asyncio.Future[Any] | Any") -> None:
    """Wait until one of them has come to its end; those that were made for this are given up."""
    tasks = [asyncio.ensure_future(one) for one in ways]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task, way in zip(tasks, ways, strict=True):
        if task is not way:
            task.cancel()
