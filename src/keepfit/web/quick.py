"""The quick way of a request through uvicorn: no task, no ASGI messages, one write.

uvicorn makes a task for every request, which gets its body and gives its reply in messages, each of them checked. A small
request for predictions needs none of that: its body is there when its last byte is read, it queues for its turn, and its reply
goes out in one piece. Where a whole request comes in at once, with a head that was read before, it is not even parsed.
Everything else (long bodies, other paths, a model that has to be loaded first) takes uvicorn's
way, and so does whatever uvicorn does with connections: keeping them, pipelines, shutting down.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, Protocol, cast

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from keepfit.web.heads import Head, Heads, read_headers
from keepfit.web.message import Reply

#: Longer bodies take uvicorn's way, which stops reading while nobody takes them.
_LONGEST: Final = 48 << 10
#: Of all connections: what a head says depends on nothing but its bytes.
_HEADS: Final = Heads()


class QuickApp(Protocol):
    """An ASGI application that answers some requests the quick way."""

    def quick(self, exchange: "Exchange") -> bool:
        """Answer a request, now or later, by `exchange.reply`; False to have it called as ASGI applications are."""
        ...


class _NobodyWaits:
    """Stands for the event by which uvicorn wakes a task."""

    def set(self) -> None:
        """There is no task."""


_NOBODY_WAITS: Final = _NobodyWaits()


class Turn:
    """A request that was not parsed, as far as uvicorn looks at requests under way."""

    __slots__ = ("disconnected", "keep_alive", "message_event", "response_complete", "response_started")

    def __init__(self) -> None:
        self.keep_alive = True
        self.disconnected = self.response_started = self.response_complete = False
        self.message_event = _NOBODY_WAITS


class Exchange:
    """A request for predictions whose body was read, and the way back.

    Attributes:
        path: decoded, without the query.
        headers: those that such requests are read by.
        body: the whole body.
        client: the caller's address and port; None where there is none.
    """

    __slots__ = ("_protocol", "_turn", "body", "client", "headers", "path")

    def __init__(
        self,
        protocol: "QuickProtocol",
        turn: "RequestResponseCycle | Turn",
        path: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> None:
        self._protocol, self._turn = protocol, turn
        self.path, self.headers, self.body, self.client = path, headers, body, protocol.client

    def reply(self, reply: Reply) -> None:
        """Send a reply; nothing is sent where the caller has gone."""
        self._protocol.reply(self._turn, reply)


class QuickProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with the quick way for applications that have one."""

    _waiting: RequestResponseCycle | None = None
    #: Since when the connection has been idle, by the event loop's clock; None while it is not.
    _idle_since: float | None = None
    #: Whether a part of a request has come in, and the rest not yet.
    _within = False
    #: What came in last, as far as it began with a request.
    _came: bytes = b""

    def data_received(self, data: bytes) -> None:
        """Something came in."""
        between = not self._within
        if between and (self.cycle is None or self.cycle.response_complete) and not self.flow.write_paused:
            head = _HEADS.of(data)
            if head is not None and self._took(head, data):
                return
        self._came = data if between else b""
        super().data_received(data)

    def _took(self, head: Head, data: bytes) -> bool:
        """Whether a request that need not be parsed was taken; the parser never learns of it."""
        if not hasattr(self.app, "quick"):
            return False
        app: Any = self.app
        before, turn = self.cycle, Turn()
        self.cycle = cast("RequestResponseCycle", turn)
        self._idle_since = None
        if app.quick(Exchange(self, turn, head.path, head.headers, data[head.end :])):
            return True
        self.cycle = before
        return False

    def on_message_begin(self) -> None:
        """The first byte of a request was read."""
        self._within = True
        super().on_message_begin()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """The head of a request was read; of one that was pipelined the body too."""
        self._waiting = None
        is_quick = (
            cycle.scope["method"] == "POST"
            and hasattr(app, "quick")
            and _announced(cycle.scope["headers"]) <= _LONGEST
        )
        # Who does not read its replies waits, as ASGI applications do, before it is given more of them.
        if not is_quick or cycle.waiting_for_100_continue or self.flow.write_paused:
            super()._start_asgi_task(cycle, app)
        elif cycle.more_body:
            self._waiting = cycle
        elif not app.quick(self._exchange(cycle)):
            super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """Part of a body was read."""
        super().on_body(body)
        if self._waiting is not None and len(self._waiting.body) > _LONGEST:
            cycle, self._waiting = self._waiting, None
            super()._start_asgi_task(cycle, self.app)

    def on_message_complete(self) -> None:
        """The last byte of a request was read."""
        self._within = False
        super().on_message_complete()
        cycle, self._waiting = self._waiting, None
        if cycle is None or cycle.more_body:
            return
        app: Any = self.app
        exchange = self._exchange(cycle)
        if not app.quick(exchange):
            super()._start_asgi_task(cycle, app)
        elif cycle.keep_alive and cycle.scope["http_version"] == "1.1":
            _HEADS.learn(self._came, exchange.path, cycle.scope["headers"], len(exchange.body))

    def _exchange(self, cycle: RequestResponseCycle) -> Exchange:
        scope = cycle.scope
        return Exchange(self, cycle, scope["path"], read_headers(scope["headers"]), bytes(cycle.body))

    def reply(self, cycle: "RequestResponseCycle | Turn", reply: Reply) -> None:
        """Send a reply in one piece, and go on as after any other."""
        cycle.response_started = cycle.response_complete = True
        if not self.transport.is_closing():
            self.transport.write(_written(reply, self.server_state.default_headers, cycle.keep_alive))
            if not cycle.keep_alive:
                self.transport.close()
        self.on_response_complete()

    def on_response_complete(self) -> None:
        """A reply went out: go on with the next request, or wait for one.

        uvicorn starts a timer after every reply, and stops it when the next request comes; here one goes on for as
        long as the connection lives, and looks how long it has been idle.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_again(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has been idle for long enough."""
        self.timeout_keep_alive_task = None
        if self.transport.is_closing() or self._idle_since is None:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_again(left)
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def _unset_keepalive_if_required(self) -> None:
        """Something came in."""
        self._idle_since = None

    def _look_again(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is told so in the shape of every other error."""
        reply = Reply(body=orjson.dumps({"error": msg}), status=HTTPStatus.BAD_REQUEST)
        self.transport.write(_written(reply, self.server_state.default_headers, keep_alive=False))
        self.transport.close()


def _announced(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """The length of the body as its head tells it; 0 when that is not told."""
    for name, value in headers:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _written(reply: Reply, default: list[tuple[bytes, bytes]], keep_alive: bool) -> bytes:
    """Status line, headers and body. Names and values are our own, or were checked where they were read."""
    body = reply.body
    begin = _begin(int(reply.status), reply.media_type, tuple(default))
    if keep_alive and not reply.headers:
        return b"%b%d\r\n\r\n%b" % (begin, len(body), body)
    headers = "".join([f"{header}: {text}\r\n" for header, text in reply.headers.items()])
    end = b"\r\n" if keep_alive else b"connection: close\r\n\r\n"
    return b"%b%d\r\n%b%b%b" % (begin, len(body), headers.encode("latin-1"), end, body)


@lru_cache(maxsize=64)
def _begin(status: int, media_type: str, default: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """What replies begin with, up to the length of the body; it changes with the date, once a second."""
    lines = [*default, (b"content-type", media_type.encode()), (b"content-length", b"")]
    return STATUS_LINE[status] + b"\r\n".join(b"%b: %b" % line for line in lines)
