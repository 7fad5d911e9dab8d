"""The ASGI application: reads bodies on the event loop, does everything else in a few threads."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from keepfit.serving.dataplane import DataPlane
from keepfit.web.message import Reply, Request
from keepfit.web.routes import answer
from keepfit.web.statuses import TooLargeError, error_reply

_log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: Longest body that is read, unless told otherwise.
MAX_BODY_BYTES: Final = 64 << 20


class InferenceApp:
    """Serves a data plane.

    Args:
        plane: what answers.
        threads: how many requests are worked on at once; the others wait.
        max_body_bytes: longer bodies are refused with 413.
    """

    def __init__(
        self, plane: DataPlane, *, threads: int | None = None, max_body_bytes: int = MAX_BODY_BYTES
    ) -> None:
        self._plane = plane
        self._max_body_bytes = max_body_bytes
        self._pool = ThreadPoolExecutor(
            threads or min(8, os.cpu_count() or 1), thread_name_prefix="keepfit-infer"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        try:
            body = await self._body(headers, receive)
        except TooLargeError as error:
            # The rest of the body is not read: the connection is of no more use.
            await _send(error_reply(error), scope, send, close=True)
            return
        if body is None:
            return
        request = Request(method=scope["method"], path=scope["path"], headers=headers, body=body)
        if request.method in {"GET", "HEAD"}:
            # Health and metadata are quick, and must not wait behind large batches.
            reply = self._answer(request)
        else:
            reply = await asyncio.get_running_loop().run_in_executor(self._pool, self._answer, request)
        await _send(reply, scope, send)

    def close(self) -> None:
        """Finish what is being worked on, and end the threads."""
        self._pool.shutdown(wait=True)

    def _answer(self, request: Request) -> Reply:
        try:
            return answer(self._plane, request)
        except Exception as error:  # noqa: BLE001 - every request gets an answer
            reply = error_reply(error)
            if reply.status >= 500:
                _log.warning("%s %s: %d", request.method, request.path, reply.status, exc_info=True)
            return reply

    async def _body(self, headers: dict[str, str], receive: Receive) -> bytes | None:
        """The whole body; None when the caller went away."""
        announced = headers.get("content-length", "0")
        self._check_size(int(announced) if announced.isdigit() else 0)
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            self._check_size(size)
            if not message.get("more_body"):
                return b"".join(chunks)

    def _check_size(self, size: int) -> None:
        if size > self._max_body_bytes:
            raise TooLargeError(
                f"the body is longer than {self._max_body_bytes:,} bytes", hint="send smaller batches"
            )


async def _send(reply: Reply, scope: Scope, send: Send, *, close: bool = False) -> None:
    headers = {"content-type": reply.media_type, "content-length": str(len(reply.body)), **reply.headers}
    if close:
        headers["connection"] = "close"
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": int(reply.status), "headers": encoded})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})
