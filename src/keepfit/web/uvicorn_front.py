"""uvicorn on a port, with the quick way for small requests, and gRPC beside it."""

import asyncio
import contextlib
import math
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from types import FrameType

import uvicorn

from keepfit.web.front import Stall
from keepfit.web.listener import address_of, join, listen
from keepfit.web.quick import QuickProtocol


class UvicornFront:
    """Implements `keepfit.web.front.Front`."""

    def __init__(self, stall: Stall) -> None:
        self._socket = (join if stall.shared else listen)(stall.host, stall.port)
        self.address = address_of(self._socket)
        self._server = _Server(stall)

    def run(self) -> None:
        """See `Front`."""
        with _signals_that_return():
            self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """See `Front`."""
        self._server.should_exit = True

    def close(self) -> None:
        """See `Front`."""
        self._socket.close()


class _Server(uvicorn.Server):
    """uvicorn, which says when it has begun to answer, and gRPC beside it."""

    def __init__(self, stall: Stall) -> None:
        super().__init__(
            uvicorn.Config(
                stall.app,
                loop="auto" if sys.platform == "win32" else "uvloop",
                http=QuickProtocol,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=math.ceil(stall.keep_alive_s),
                timeout_graceful_shutdown=math.ceil(stall.stop_s),
            )
        )
        self._stall = stall

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            if self._stall.grpc is not None:
                await self._stall.grpc.start()
            self._stall.started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._stall.grpc is None:
            await super().shutdown(sockets)
        else:
            await asyncio.gather(super().shutdown(sockets), self._stall.grpc.stop(self._stall.stop_s))


@contextlib.contextmanager
def _signals_that_return() -> Iterator[None]:
    """Uvicorn raises the signal that ended it once more; here that must not end the process before files are closed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ignore(_number: int, _frame: FrameType | None) -> None:
        return None

    before = {number: signal.signal(number, ignore) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
