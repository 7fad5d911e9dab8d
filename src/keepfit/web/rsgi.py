"""The ASGI application by granian's own interface: the body comes in one piece, and the reply goes out in one call."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from granian.rsgi import ProtocolClosed, ProtocolError  # type: ignore[attr-defined]

Message = MutableMapping[str, Any]
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


class Rsgi:
    """Calls an ASGI application; what granian calls is `__rsgi__`.

    Args:
        app: sends its reply in two messages, its head and its whole body.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        exchange = _Exchange(scope, protocol)
        await self._app(exchange.scope, exchange.receive, exchange.send)


class _Exchange:
    """One request and its reply."""

    __slots__ = ("_chunks", "_head", "_protocol", "_status", "scope")

    def __init__(self, scope: Any, protocol: Any) -> None:
        headers = scope.headers
        host, _, port = scope.client.rpartition(":")
        path = scope.path
        self.scope: Message = {
            "type": "http",
            "method": scope.method,
            "path": unquote(path) if "%" in path else path,
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
            "client": (host, int(port)) if port.isdigit() else None,
        }
        # A body that does not say how long it is could be longer than memory: it is read piece by piece.
        self._chunks = None if "content-length" in headers else aiter(protocol)
        self._protocol = protocol
        self._status = 200
        self._head: list[tuple[str, str]] = []

    async def receive(self) -> Message:
        """The body, or its next piece."""
        try:
            if self._chunks is None:
                return {"type": "http.request", "body": await self._protocol()}
            return {"type": "http.request", "body": await anext(self._chunks), "more_body": True}
        except StopAsyncIteration:
            return {"type": "http.request", "body": b""}
        except (ProtocolClosed, ProtocolError):
            return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """The head is kept until its body comes."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._head = [
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]
            ]
        else:
            self._protocol.response_bytes(self._status, self._head, message["body"])
