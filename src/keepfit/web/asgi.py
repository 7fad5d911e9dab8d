"""The ASGI application: small requests live on the event loop alone, long ones and slow models in a few threads."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final, TypeVar

from keepfit.serving.batch import Asked
from keepfit.serving.dataplane import DataPlane
from keepfit.serving.encodings import compressed, decompressed
from keepfit.serving.held import AsleepError
from keepfit.serving.result import InferenceResult
from keepfit.web.access_log import AccessLog
from keepfit.web.batcher import Batcher, Limits
from keepfit.web.calls import Call
from keepfit.web.message import Reply, Request, with_headers
from keepfit.web.observer import Observer
from keepfit.web.quick import Exchange
from keepfit.web.routes import Found, find
from keepfit.web.spans import Spans
from keepfit.web.statuses import TooLargeError, error_reply
from keepfit.web.trace import TraceContext

if TYPE_CHECKING:
    from keepfit.web.grpc.server import GrpcServer

_log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_T = TypeVar("_T")

#: Longest body that is read, unless told otherwise.
MAX_BODY_BYTES: Final = 64 << 20
#: Longer bodies are decoded in a thread, and answers with more rows are written there: on the event loop others would wait.
_LONG_BODY: Final = 64 << 10
_LONG_ANSWER: Final = 4_096


class InferenceApp:
    """Serves a data plane.

    Args:
        plane: what answers.
        threads: how many long requests and slow models are worked on at once; the others wait.
        max_body_bytes: longer bodies are refused with 413.
        limits: how much is taken on before callers are told to come back later.
        access_log: where each request is told; None for nowhere.
        spans: where each request becomes a span; None for nowhere.
    """

    def __init__(
        self,
        plane: DataPlane,
        *,
        threads: int | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
        limits: Limits | None = None,
        access_log: AccessLog | None = None,
        spans: Spans | None = None,
    ) -> None:
        self._plane = plane
        self._max_body_bytes = max_body_bytes
        self._pool = ThreadPoolExecutor(
            threads or min(8, 1 + (os.cpu_count() or 1)), thread_name_prefix="keepfit-infer"
        )
        self._limits = limits or Limits()
        self._batcher = Batcher(plane.answer, self._pool, self._limits, plane.lanes)
        self._observer = Observer(plane.telemetry, access_log, spans)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        began = perf_counter_ns()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        method, path = scope["method"], scope["path"]
        try:
            body = await self._body(headers, receive)
        except TooLargeError as error:
            # The rest of the body is not read: the connection is of no more use.
            request = Request(method=method, path=path, headers=headers)
            reply, found = with_headers(error_reply(error), {"connection": "close"}), None
        else:
            if body is None:
                return
            request = Request(method=method, path=path, headers=headers, body=body)
            reply, found = await self._reply(request)
        reply, trace = self._traced(request, found, reply, began)
        await _send(reply, scope, send)
        self._observer.finished(request, found, reply, perf_counter_ns() - began, scope.get("client"), trace)

    def grpc(self, *, host: str, port: int, shared: bool) -> "GrpcServer":
        """The same data plane and the same batches over gRPC; to be started where this application runs.

        Raises:
            ConfigError: gRPC is not installed.
        """
        from keepfit.web.grpc import open_grpc

        return open_grpc(
            self._plane,
            batcher=self._batcher,
            threads=self._pool,
            observer=self._observer,
            host=host,
            port=port,
            patience_s=self._limits.timeout_s,
            max_message_bytes=self._max_body_bytes,
            shared=shared,
        )

    def close(self) -> None:
        """Finish what is being worked on, and end the threads."""
        self._pool.shutdown(wait=True)

    def quick(self, exchange: Exchange) -> bool:
        """Answer a small request for predictions without a task of its own; False for everything else."""
        began = perf_counter_ns()
        if len(exchange.body) > self._max_body_bytes:
            return False
        request = Request(method="POST", path=exchange.path, headers=exchange.headers, body=exchange.body)
        found = None
        try:
            found = find(request)
            if not found.infers:
                return False
            call, asked = self._ask(found, request)

            def settle(outcome: InferenceResult | Exception) -> None:
                answered = perf_counter_ns()
                reply = self._settled(call, outcome, request)
                self._end_quick(exchange, request, found, reply, began, answered)

            self._batcher.queue(asked, settle, timeout_s=call.timeout_s)
        except AsleepError:
            return False
        except Exception as error:  # noqa: BLE001 - every request gets an answer
            self._end_quick(exchange, request, found, self._refused(request, error), began, perf_counter_ns())
        return True

    def _settled(self, call: Call, outcome: InferenceResult | Exception, request: Request) -> Reply:
        if isinstance(outcome, Exception):
            return self._refused(request, outcome)
        try:
            return _written(call, outcome, request)
        except Exception as error:  # noqa: BLE001 - an answer that cannot be written is told too
            return self._refused(request, error)

    def _end_quick(
        self,
        exchange: Exchange,
        request: Request,
        found: Found | None,
        reply: Reply,
        began: int,
        answered: int,
    ) -> None:
        reply, trace = self._traced(request, found, reply, began)
        exchange.reply(reply)
        ended = perf_counter_ns()
        self._observer.finished(
            request, found, reply, ended - began, exchange.client, trace, ended - answered
        )

    def _traced(
        self, request: Request, found: Found | None, reply: Reply, began: int
    ) -> tuple[Reply, TraceContext | None]:
        trace = self._observer.trace(request.headers)
        if trace is None and not self._observer.makes_spans:
            return reply, None
        trace = self._observer.spanned(trace, request, found, reply, perf_counter_ns() - began)
        return reply if trace is None else with_headers(reply, {"traceparent": trace.header}), trace

    @staticmethod
    def _refused(request: Request, error: Exception) -> Reply:
        reply = error_reply(error)
        if reply.status >= 500 and reply.status != HTTPStatus.SERVICE_UNAVAILABLE:
            _log.warning("%s %s: %d", request.method, request.path, reply.status, exc_info=error)
        return reply

    async def _reply(self, request: Request) -> tuple[Reply, Found | None]:
        """An answer to every request, whatever becomes of it, and the route that it took; None for no route."""
        found = None
        try:
            found = find(request)
            if found.infers:
                return await self._infer(found, request), found
            if found.route.waits:
                # None of the few threads that predict: it may wait for a model to be loaded, there or in other workers.
                read = self._decompressed(request)
                return await asyncio.to_thread(found.reply, self._plane, read), found
            if len(request.body) <= _LONG_BODY:
                return found.reply(self._plane, self._decompressed(request)), found
            return await self._in_thread(lambda: found.reply(self._plane, self._decompressed(request))), found
        except Exception as error:  # noqa: BLE001 - every request gets an answer
            return self._refused(request, error), found

    async def _infer(self, found: Found, request: Request) -> Reply:
        try:
            if len(request.body) <= _LONG_BODY:
                call, asked = self._ask(found, request)
            else:
                call, asked = await self._in_thread(lambda: self._ask(found, request))
        except AsleepError as error:
            # Unloaded to make room: loaded again in a thread of its own, while everybody else is answered.
            loading = asyncio.wrap_future(error.loading)
            await asyncio.wait_for(asyncio.shield(loading), self._limits.timeout_s)
            return await self._infer(found, request)
        result = await self._batcher.submit(asked, timeout_s=call.timeout_s)
        if len(result.ids) <= _LONG_ANSWER:
            return self._encoded(call, result, request)
        return await self._in_thread(lambda: self._encoded(call, result, request))

    def _encoded(self, call: Call, result: InferenceResult, request: Request) -> Reply:
        began = perf_counter_ns()
        reply = _written(call, result, request)
        self._plane.telemetry.encoded(result.model, result.versions[0], perf_counter_ns() - began)
        return reply

    def _ask(self, found: Found, request: Request) -> tuple[Call, Asked]:
        call = found.call(self._plane, self._decompressed(request))
        return call, self._plane.ask(call.model, call.read, request_id=call.request_id, version=call.version)

    def _decompressed(self, request: Request) -> Request:
        encoding = request.headers.get("content-encoding")
        if encoding is None:
            return request
        body = decompressed(request.body, encoding, self._max_body_bytes)
        return Request(method=request.method, path=request.path, headers=request.headers, body=body)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def _body(self, headers: dict[str, str], receive: Receive) -> bytes | None:
        """The whole body; None when the caller went away."""
        announced = headers.get("content-length", "0")
        self._check_size(int(announced) if announced.isdigit() else 0)
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            return bytes(message.get("body", b""))
        chunks: list[bytes] = []
        size = 0
        while message["type"] != "http.disconnect":
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            self._check_size(size)
            if not message.get("more_body"):
                return b"".join(chunks)
            message = await receive()
        return None

    def _check_size(self, size: int) -> None:
        if size > self._max_body_bytes:
            raise TooLargeError(
                f"the body is longer than {self._max_body_bytes:,} bytes", hint="send smaller batches"
            )


def _written(call: Call, result: InferenceResult, request: Request) -> Reply:
    """The reply, compressed where the caller takes that and it is worth it."""
    reply = call.reply(result)
    accepted = request.headers.get("accept-encoding")
    if accepted is None:
        return reply
    body, encoding = compressed(reply.body, accepted)
    if encoding is None:
        return reply
    return with_headers(reply, {"content-encoding": encoding}, body=body)


async def _send(reply: Reply, scope: Scope, send: Send) -> None:
    headers = [
        (b"content-type", reply.media_type.encode("latin-1")),
        (b"content-length", b"%d" % len(reply.body)),
        *_encoded(reply.headers.items()),
    ]
    await send({"type": "http.response.start", "status": int(reply.status), "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})


def _encoded(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
