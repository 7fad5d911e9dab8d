"""The inference server: a port, uvicorn on it, and a thread that follows the routes."""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Final

import uvicorn

from keepfit.serving.dataplane import DataPlane
from keepfit.web.access_log import AccessLog
from keepfit.web.asgi import MAX_BODY_BYTES, InferenceApp
from keepfit.web.listener import address_of, listen
from keepfit.web.quick import QuickProtocol
from keepfit.web.spans import Spans

if TYPE_CHECKING:
    from keepfit.web.grpc.server import GrpcServer

_log = logging.getLogger(__name__)

#: Seconds that requests under way are given to end once the server is told to stop.
DRAIN_S: Final = 18
#: Idle connections are kept a little longer than load balancers keep theirs (60 s in most), which otherwise send a request
#: into one that is just being closed, and tell their caller of a bad gateway.
KEEP_ALIVE_S: Final = 75


class InferenceServer:
    """Serves a data plane on a port from `run` until `stop`, or SIGTERM or SIGINT.

    Args:
        plane: what answers; its caller closes it, and the capture log, after `run` has returned.
        access_log: where each request is told; None for nowhere.
        spans: where each request becomes a span; None for nowhere.
        host: the address to listen on.
        port: the port; 0 for any that is free.
        listener: a socket that listens already; taken instead of the port.
        grpc_port: where the protocol is spoken over gRPC too; 0 for nowhere. It is shared when there is a listener.
        refresh_s: how often routes are looked at; None when somebody else tells the plane what to serve.
        max_body_bytes: longer bodies are refused.
        keep_alive_s: how long a connection may be idle before it is closed.
        on_start: called with the address, as in `http://127.0.0.1:8080`, once requests are answered.

    Raises:
        ServerError: the port is in use, or cannot be had.
        ConfigError: there is a port for gRPC, which is not installed.
    """

    def __init__(
        self,
        plane: DataPlane,
        *,
        access_log: AccessLog | None = None,
        spans: Spans | None = None,
        host: str = "127.0.0.1",
        port: int = 8080,
        listener: socket.socket | None = None,
        grpc_port: int = 0,
        refresh_s: float | None = 0.5,
        max_body_bytes: int = MAX_BODY_BYTES,
        keep_alive_s: int = KEEP_ALIVE_S,
        on_start: Callable[[str], None] = lambda _address: None,
    ) -> None:
        self._plane, self._refresh_s = plane, refresh_s
        self._socket = listener if listener is not None else listen(host, port)
        self.address = address_of(self._socket)
        self._app = InferenceApp(plane, max_body_bytes=max_body_bytes, access_log=access_log, spans=spans)
        shared = listener is not None
        grpc = self._app.grpc(host=host, port=grpc_port, shared=shared) if grpc_port else None
        self._stopped = threading.Event()
        self._follower = threading.Thread(target=self._follow_routes, name="keepfit-routes", daemon=True)
        self._server = _Server(
            uvicorn.Config(
                self._app,
                loop="auto" if sys.platform == "win32" else "uvloop",
                http=QuickProtocol,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=keep_alive_s,
                timeout_graceful_shutdown=DRAIN_S,
            ),
            started=lambda: on_start(self.address),
            grpc=grpc,
        )

    def run(self) -> None:
        """Load what is released, then answer until told to stop; requests under way are finished."""
        if self._refresh_s is not None:
            self._plane.refresh()
            self._follower.start()
        try:
            with _signals_that_return():
                self._server.run(sockets=[self._socket])
        finally:
            self._stopped.set()
            if self._follower.is_alive():
                self._follower.join()
            self.close()

    def stop(self) -> None:
        """Let `run` return; from any thread."""
        self._server.should_exit = True

    def close(self) -> None:
        """Let go of the port; for a server that is not to run."""
        self._socket.close()
        self._app.close()

    def _follow_routes(self) -> None:
        while not self._stopped.wait(self._refresh_s):
            try:
                self._plane.refresh()
            except Exception:  # noqa: BLE001 - the thread must outlive whatever it was
                _log.exception("routes could not be followed")


def serve(
    plane: DataPlane,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    on_start: Callable[[str], None] = lambda _address: None,
) -> None:
    """Serve until SIGTERM or SIGINT; see `InferenceServer`."""
    InferenceServer(plane, host=host, port=port, on_start=on_start).run()


class _Server(uvicorn.Server):
    """uvicorn, which says when it has begun to answer, and gRPC beside it."""

    def __init__(
        self, config: uvicorn.Config, *, started: Callable[[], None], grpc: "GrpcServer | None"
    ) -> None:
        super().__init__(config)
        self._say_started, self._grpc = started, grpc

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            if self._grpc is not None:
                await self._grpc.start()
            self._say_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._grpc is None:
            await super().shutdown(sockets)
        else:
            await asyncio.gather(super().shutdown(sockets), self._grpc.stop(DRAIN_S))


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
