"""N connections, each with one request under way at a time, kept alive; the next leaves when the reply is there.

    figures = run(Address("127.0.0.1", 8080), Cycle(requests), connections=16, seconds=3)

Only addresses of this machine are driven, and every run ends: at its number of requests, or at its time.
"""

import asyncio
import ipaddress
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

import uvloop

from load.figures import Figures
from load.wire import BrokenReplyError, Reply, ReplyParser

#: How long a request under way may take once the time is over.
GRACE_S: Final = 30.0
#: Nothing runs longer or asks more often than this, whatever it was told.
LONGEST_S: Final = 3_600.0
MOST_REQUESTS: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens: an address of this machine.

    Raises:
        ValueError: it is another machine's.
    """

    host: str
    port: int

    def __post_init__(self) -> None:
        if not ipaddress.ip_address(self.host).is_loopback:
            raise ValueError(f"{self.host} is not an address of this machine: load is made on loopback only")


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent.

    Attributes:
        wire: its bytes.
        key: what it is to whoever made it: its place in a list, say.
    """

    wire: bytes
    key: int = 0


class Traffic(Protocol):
    """Where requests come from and what is done with replies."""

    def next(self) -> Request | None:
        """The next request; None ends the connection that asks."""
        ...

    def answered(self, request: Request, reply: Reply, began: float, ended: float) -> bool:
        """Whether the reply is right; times are those of `time.perf_counter`."""
        ...

    def lost(self, request: Request) -> None:
        """The connection ended before the reply."""
        ...


class Cycle:
    """The same requests over and over.

    Args:
        requests: to send.
        check: whether a reply to the request of a key is right; not asked when None.
        count: of requests, after which it ends.
    """

    def __init__(
        self,
        requests: Sequence[Request],
        *,
        check: Callable[[int, Reply], bool] | None = None,
        count: int = MOST_REQUESTS,
    ) -> None:
        self._requests, self._check, self._left, self._place = requests, check, count, 0

    def next(self) -> Request | None:
        """One after the other, then from the first again."""
        if self._left <= 0:
            return None
        self._left -= 1
        place = self._place
        self._place = place + 1 if place + 1 < len(self._requests) else 0
        return self._requests[place]

    def answered(self, request: Request, reply: Reply, began: float, ended: float) -> bool:  # noqa: ARG002
        """By `check`."""
        return self._check is None or reply.status != 200 or self._check(request.key, reply)

    def lost(self, request: Request) -> None:
        """Only counted, which the loop does."""


def run(
    address: Address,
    traffic: Traffic,
    *,
    connections: int,
    seconds: float,
    stop: Callable[[], bool] | None = None,
    reconnects: bool = True,
    pause_s: float = 0.0,
) -> Figures:
    """Drive a server until the time is over, the traffic ends, or `stop` says so (asked twenty times a second).

    Args:
        address: of the server.
        traffic: see `Traffic`.
        connections: how many there are at a time.
        seconds: how long; requests under way are waited for.
        stop: ends it early.
        reconnects: opens a connection anew that the server closed; without it the first loss ends the connection.
        pause_s: how long a connection rests between a reply and its next request.
    """
    loop = _Loop(address, traffic, min(seconds, LONGEST_S), reconnects=reconnects, pause_s=pause_s)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(loop.run(connections, stop or (lambda: False)))


class _Loop:
    """One run: its connections, and the figures they share."""

    def __init__(
        self, address: Address, traffic: Traffic, seconds: float, *, reconnects: bool, pause_s: float
    ) -> None:
        self.traffic = traffic
        self.figures = Figures()
        self.over = False
        self.pause_s = pause_s
        self._address, self._seconds, self._reconnects = address, seconds, reconnects
        self._failed: list[BaseException | None] = []

    async def run(self, connections: int, stop: Callable[[], bool]) -> Figures:
        asyncio.get_running_loop().set_exception_handler(self._fail)
        cpu, began = time.process_time(), time.perf_counter()
        tasks = [asyncio.create_task(self._keep()) for _ in range(connections)]
        pending = set(tasks)
        while pending and not self._failed and time.perf_counter() - began < self._seconds and not stop():
            _, pending = await asyncio.wait(pending, timeout=min(0.05, self._seconds))
        self.over = True
        if pending and not self._failed:
            _, pending = await asyncio.wait(pending, timeout=GRACE_S)
        self.figures.lost += len(pending)
        for one in pending:
            one.cancel()
        self._failed += [one.exception() for one in tasks if one.done() and not one.cancelled()]
        for failed in self._failed:
            if failed is not None:
                raise failed
        self.figures.seconds = time.perf_counter() - began
        self.figures.own_cpu_s = time.process_time() - cpu
        return self.figures

    def _fail(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What a connection's callback raised ends the run."""
        self._failed.append(context.get("exception") or RuntimeError(context["message"]))

    async def _keep(self) -> None:
        """A connection, opened anew for as long as there is something to send."""
        loop = asyncio.get_running_loop()
        while not self.over:
            try:
                _, one = await loop.create_connection(
                    lambda: _Connection(self), self._address.host, self._address.port
                )
            except OSError:
                if not self._reconnects:
                    return
                await asyncio.sleep(0.01)
                continue
            if await one.ended or not self._reconnects:
                return


class _Connection(asyncio.Protocol):
    """Sends a request, waits for its reply, sends the next."""

    def __init__(self, loop: _Loop) -> None:
        self._loop, self._parser = loop, ReplyParser()
        self._transport: asyncio.Transport | None = None
        self._request: Request | None = None
        self._began, self._bodiless = 0.0, False
        #: True when there is nothing more to send, False when the connection was lost.
        self.ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        try:
            reply = self._parser.feed(data, bodiless=self._bodiless)
        except BrokenReplyError:
            self._close()
            return
        if reply is not None:
            self._take(reply)
            if reply.closes:
                self._close()
            elif self._loop.pause_s:
                asyncio.get_running_loop().call_later(self._loop.pause_s, self._send)
            else:
                self._send()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        if self._request is not None:
            reply = self._parser.finish()
            if reply is not None:
                self._take(reply)
            else:
                self._loop.figures.lost += 1
                self._loop.traffic.lost(self._request)
        if not self.ended.done():
            self.ended.set_result(False)

    def _take(self, reply: Reply) -> None:
        if self._request is None:
            raise BrokenReplyError("a reply to nothing")
        now = time.perf_counter()
        figures = self._loop.figures
        figures.latencies_s.append(now - self._began)
        figures.statuses[reply.status] += 1
        if not self._loop.traffic.answered(self._request, reply, self._began, now):
            figures.wrong += 1
        self._request = None

    def _send(self) -> None:
        request = None if self._loop.over else self._loop.traffic.next()
        if request is None or self._transport is None:
            if not self.ended.done():
                self.ended.set_result(True)
            self._close()
            return
        self._request, self._began = request, time.perf_counter()
        self._bodiless = request.wire.startswith(b"HEAD ")
        self._transport.write(request.wire)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()
