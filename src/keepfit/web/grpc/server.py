"""A port that speaks gRPC, on the event loop that HTTP is answered on."""

from typing import Any, Final

import grpc

from keepfit.errors import ServerError
from keepfit.web.grpc.handlers import handlers
from keepfit.web.grpc.service import Service
from keepfit.web.listener import listen
from keepfit.web.observer import Observer

_ELSEWHERE: Final = "choose another [serving] grpc_port"


class GrpcServer:
    """Serves the methods from `start` to `stop`.

    Args:
        service: what answers.
        observer: notes what became of requests.
        host: the address to listen on.
        port: the port; 0 for any that is free.
        shared: other processes listen on the port too, and the kernel deals connections out (`SO_REUSEPORT`).

    Attributes:
        address: as a client takes it, `127.0.0.1:8081`; empty before `start`.
    """

    def __init__(
        self, service: Service, observer: Observer, *, host: str, port: int, shared: bool = False
    ) -> None:
        self.address = ""
        self._service, self._observer = service, observer
        self._host, self._port, self._shared = host, port, shared
        self._server: Any = None

    async def start(self) -> None:
        """Begin to answer; on the event loop that answers from then on.

        Raises:
            ServerError: the port is in use, or cannot be had.
        """
        if not self._shared:
            # gRPC says no more than that it failed: whoever asks for the port first is told why it cannot be had.
            try:
                listen(self._host, self._port).close()
            except ServerError as error:
                raise ServerError(str(error), hint=_ELSEWHERE) from None
        server = grpc.aio.server(
            options=_options(self._service.max_message_bytes, shared=self._shared),
        )
        server.add_generic_rpc_handlers((handlers(self._service, self._observer),))
        host = f"[{self._host}]" if ":" in self._host else self._host
        try:
            port = server.add_insecure_port(f"{host}:{self._port}")
        except RuntimeError as error:
            raise ServerError(
                f"cannot listen on '{self._host}', port {self._port}: {error}", hint=_ELSEWHERE
            ) from None
        await server.start()
        self._server, self.address = server, f"{host}:{port}"

    async def stop(self, grace_s: float) -> None:
        """Take no more requests, and finish those under way; what is left after `grace_s` seconds is cancelled."""
        if self._server is not None:
            await self._server.stop(grace_s)


_NO_LIMIT: Final = -1


def _options(max_message_bytes: int, *, shared: bool) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", max_message_bytes),
        ("grpc.max_send_message_length", _NO_LIMIT),
        # It is on unless it is said to be off: two servers would share a port unawares.
        ("grpc.so_reuseport", int(shared)),
    ]
