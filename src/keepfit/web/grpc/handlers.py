"""The methods as gRPC calls them: with a caller's deadline and its trace, errors as status codes, and all of it counted."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from time import perf_counter_ns
from typing import Any, Final, NoReturn, Protocol

import grpc

from keepfit.web.grpc.codes import code_of, said, trailers
from keepfit.web.grpc.descriptor import SERVICE
from keepfit.web.grpc.service import Caller, Method, Service
from keepfit.web.message import Reply, Request
from keepfit.web.observer import Observer
from keepfit.web.routes import Found, Route
from keepfit.web.statuses import MISSED, error_reply

_log = logging.getLogger(__name__)

#: The one method that is counted as predictions are; the others are among HTTP's health checks.
_INFER: Final = "ModelInfer"


class Context(Protocol):
    """What is used of `grpc.aio.ServicerContext`."""

    def invocation_metadata(self) -> Sequence[tuple[str, str | bytes]] | None:
        """The caller's metadata."""

    def time_remaining(self) -> float | None:
        """Seconds until the caller's deadline."""

    def peer(self) -> str:
        """The caller's address."""

    def set_trailing_metadata(self, metadata: tuple[tuple[str, str], ...]) -> None:
        """What to send after the reply."""

    async def abort(
        self, code: grpc.StatusCode, details: str, metadata: tuple[tuple[str, str], ...]
    ) -> NoReturn:
        """End the call with a status."""


@dataclass(frozen=True, slots=True)
class Called(Found):
    """A method as the observer sees it."""

    @property
    def infers(self) -> bool:
        """Whether predictions are asked for."""
        return self.route.protocol == "grpc"


def handlers(service: Service, observer: Observer) -> Any:
    """The service as a generic handler, to be added to a server; messages go through as bytes."""
    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            name: grpc.unary_unary_rpc_method_handler(_behaviour(name, method, observer))
            for name, method in service.methods().items()
        },
    )


def _behaviour(name: str, method: Method, observer: Observer) -> Callable[[bytes, Context], Awaitable[bytes]]:
    route = Route(method="POST", path=f"/{SERVICE}/{name}", protocol="grpc" if name == _INFER else "other")

    async def call(body: bytes, context: Context) -> bytes:
        began = perf_counter_ns()
        headers = _texts(context.invocation_metadata())
        caller = Caller(context.time_remaining(), {})
        trace = observer.trace(headers)
        request = Request(method="POST", path=route.path, headers=headers)
        found = Called(route, caller.parts)
        try:
            reply = await _replied(method, body, caller, route.path)
        except asyncio.CancelledError:
            # A caller that went away is not answered; one whose deadline came was answered too late.
            if _is_over(context):
                missed = Reply(body=b"", status=MISSED)
                observer.finished(
                    request, found, missed, perf_counter_ns() - began, client_of(context.peer()), trace
                )
            raise
        trace = observer.spanned(trace, request, found, reply, perf_counter_ns() - began)
        observer.finished(request, found, reply, perf_counter_ns() - began, client_of(context.peer()), trace)
        after = trailers(reply)
        if trace is not None:
            after = (*after, ("traceparent", trace.header))
        if reply.status is not HTTPStatus.OK:
            await context.abort(code_of(reply.status), said(reply), after)
        if after:
            context.set_trailing_metadata(after)
        return reply.body

    return call


async def _replied(method: Method, body: bytes, caller: Caller, path: str) -> Reply:
    """An answer to every request, whatever becomes of it."""
    try:
        return await method(body, caller)
    except Exception as error:  # noqa: BLE001 - every request gets an answer
        reply = error_reply(error)
        if reply.status >= 500 and reply.status != HTTPStatus.SERVICE_UNAVAILABLE:
            _log.warning("%s: %d", path, reply.status, exc_info=True)
        return reply


def _texts(metadata: Sequence[tuple[str, str | bytes]] | None) -> Mapping[str, str]:
    return {name: value for name, value in metadata or () if isinstance(value, str)}


def _is_over(context: Context) -> bool:
    remaining = context.time_remaining()
    return remaining is not None and remaining <= 0


@lru_cache(maxsize=1_024)
def client_of(peer: str) -> tuple[str, int] | None:
    """A caller's address and port; None when it has none.

    >>> client_of("ipv4:127.0.0.1:50051"), client_of("ipv6:%5B::1%5D:50051"), client_of("unix:/run/keepfit")
    (('127.0.0.1', 50051), ('::1', 50051), None)
    """
    kind, _, place = peer.partition(":")
    host, _, port = place.rpartition(":")
    if kind not in {"ipv4", "ipv6"} or not port.isdigit():
        return None
    return host.removeprefix("%5B").removesuffix("%5D").strip("[]"), int(port)
