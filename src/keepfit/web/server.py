"""The inference server: a port, uvicorn on it, and a thread that follows the routes."""

import contextlib
import errno
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

from keepfit.errors import ServerError
from keepfit.serving.dataplane import DataPlane
from keepfit.web.asgi import MAX_BODY_BYTES, InferenceApp

_log = logging.getLogger(__name__)


class InferenceServer:
    """Serves a data plane on a port from `run` until `stop`, or SIGTERM or SIGINT.

    Args:
        plane: what answers; its caller closes it, and the capture log, after `run` has returned.
        host: the address to listen on.
        port: the port; 0 for any that is free.
        refresh_s: how often routes are looked at.
        max_body_bytes: longer bodies are refused.
        on_start: called with the address, as in `http://127.0.0.1:8080`, once requests are answered.

    Raises:
        ServerError: the port is in use, or cannot be had.
    """

    def __init__(
        self,
        plane: DataPlane,
        *,
        host: str = "127.0.0.1",
        port: int = 8080,
        refresh_s: float = 0.5,
        max_body_bytes: int = MAX_BODY_BYTES,
        on_start: Callable[[str], None] = lambda _address: None,
    ) -> None:
        self._plane, self._refresh_s = plane, refresh_s
        self._socket = _listen(host, port)
        self.address = _address(self._socket)
        self._app = InferenceApp(plane, max_body_bytes=max_body_bytes)
        self._stopped = threading.Event()
        self._server = _Server(
            uvicorn.Config(
                self._app,
                loop="auto" if sys.platform == "win32" else "uvloop",
                http="httptools",
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=20,
            ),
            started=lambda: on_start(self.address),
        )

    def run(self) -> None:
        """Load what is released, then answer until told to stop; requests under way are finished."""
        self._plane.refresh()
        follower = threading.Thread(target=self._follow_routes, name="keepfit-routes", daemon=True)
        follower.start()
        try:
            with _signals_that_return():
                self._server.run(sockets=[self._socket])
        finally:
            self._stopped.set()
            follower.join()
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
    refresh_s: float = 0.5,
    on_start: Callable[[str], None] = lambda _address: None,
) -> None:
    """Serve until SIGTERM or SIGINT; see `InferenceServer`."""
    InferenceServer(plane, host=host, port=port, refresh_s=refresh_s, on_start=on_start).run()


class _Server(uvicorn.Server):
    """uvicorn, which says when it has begun to answer."""

    def __init__(self, config: uvicorn.Config, *, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._say_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._say_started()


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65_535:
        raise ServerError(f"{port} is not a port: they run from 1 to 65535", hint="0 takes any that is free")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, ValueError) as error:
        raise ServerError(
            f"cannot listen on '{host}', port {port}: {error}", hint="choose another --host"
        ) from None
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":
            # Without it a port is refused for a minute after a server that had connections has ended.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise _refused(error, host, port) from None
    return listener


def _refused(error: OSError, host: str, port: int) -> ServerError:
    if error.errno == errno.EADDRINUSE:
        return ServerError(
            f"port {port} is in use", hint="choose another with --port, or 0 for any that is free"
        )
    if error.errno == errno.EACCES:
        return ServerError(
            f"no permission to listen on port {port}", hint="choose one above 1023 with --port"
        )
    return ServerError(
        f"cannot listen on '{host}', port {port}: {error}", hint="choose another --host or --port"
    )


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


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
