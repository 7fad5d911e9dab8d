"""The inference server: what speaks HTTP on a port, and a thread that follows the routes."""

import logging
import threading
from collections.abc import Callable

from keepfit.app.server_files import Addresses
from keepfit.serving.dataplane import DataPlane
from keepfit.web.access_log import AccessLog
from keepfit.web.asgi import MAX_BODY_BYTES, InferenceApp
from keepfit.web.batcher import Limits
from keepfit.web.front import KEEP_ALIVE_S, STOP_S, Http, Stall, open_front
from keepfit.web.spans import Spans

_log = logging.getLogger(__name__)


class InferenceServer:
    """Serves a data plane on a port from `run` until `stop`, or SIGTERM or SIGINT.

    Args:
        plane: what answers; its caller closes it, and the capture log, after `run` has returned.
        access_log: where each request is told; None for nowhere.
        spans: where each request becomes a span; None for nowhere.
        host: the address to listen on.
        port: the port; 0 for any that is free.
        grpc_port: where the protocol is spoken over gRPC too; 0 for nowhere.
        shared: the ports are reserved, and other processes listen on them too.
        http: what speaks HTTP.
        limits: how much is taken on before callers are told to come back later.
        max_body_bytes: longer bodies are refused.
        stop_s: seconds that requests under way are given to end once the server is told to stop.
        keep_alive_s: how long a connection may be idle before it is closed.
        refresh_s: how often routes are looked at; None when somebody else tells the plane what to serve.
        on_start: told where, once requests are answered.

    Raises:
        ServerError: the port is in use, or cannot be had.
        ConfigError: there is a port for gRPC, or granian is wanted, and that is not installed.
    """

    def __init__(
        self,
        plane: DataPlane,
        *,
        access_log: AccessLog | None = None,
        spans: Spans | None = None,
        host: str = "127.0.0.1",
        port: int = 8080,
        grpc_port: int = 0,
        shared: bool = False,
        http: Http = "uvicorn",
        limits: Limits | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
        stop_s: float = STOP_S,
        keep_alive_s: float = KEEP_ALIVE_S,
        refresh_s: float | None = 0.5,
        on_start: Callable[[Addresses], None] = lambda _addresses: None,
    ) -> None:
        self._plane, self._refresh_s, self._say_started = plane, refresh_s, on_start
        self._app = InferenceApp(
            plane, max_body_bytes=max_body_bytes, limits=limits, access_log=access_log, spans=spans
        )
        self._grpc = self._app.grpc(host=host, port=grpc_port, shared=shared) if grpc_port else None
        self._front = open_front(
            http,
            Stall(
                app=self._app,
                host=host,
                port=port,
                shared=shared,
                grpc=self._grpc,
                stop_s=stop_s,
                keep_alive_s=keep_alive_s,
                started=lambda: self._say_started(self.addresses),
            ),
        )
        self._stopped = threading.Event()
        self._follower = threading.Thread(target=self._follow_routes, name="keepfit-routes", daemon=True)

    @property
    def address(self) -> str:
        """As in `http://127.0.0.1:8080`, also before it runs."""
        return self._front.address

    @property
    def addresses(self) -> Addresses:
        """Where it answers; gRPC once it runs."""
        return Addresses(http=self._front.address, grpc="" if self._grpc is None else self._grpc.address)

    def run(self) -> None:
        """Load what is released, then answer until told to stop; requests under way are finished."""
        if self._refresh_s is not None:
            self._plane.refresh()
            self._follower.start()
        try:
            self._front.run()
        finally:
            self._stopped.set()
            if self._follower.is_alive():
                self._follower.join()
            self.close()

    def stop(self) -> None:
        """Let `run` return; from any thread."""
        self._front.stop()

    def close(self) -> None:
        """Let go of the port; for a server that is not to run."""
        self._front.close()
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
    InferenceServer(plane, host=host, port=port, on_start=lambda found: on_start(found.http)).run()
