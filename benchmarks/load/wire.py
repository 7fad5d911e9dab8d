"""HTTP/1.1 by hand: requests encoded once, replies taken apart with as few steps as a client can do with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"
_CHUNKED: Final = b"transfer-encoding: chunked"
#: "100 Continue" stands before the reply proper.
_INTERIM: Final = b"HTTP/1.1 1"
_CLOSE: Final = b"connection: close"
_NO_BODY: Final = frozenset({204, 304})


class BrokenReplyError(Exception):
    """What came back is no HTTP/1.1."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        status: the HTTP status.
        head: status line and headers, in lower case.
        body: without the framing of chunks.
    """

    status: int
    head: bytes
    body: bytes

    @property
    def closes(self) -> bool:
        """Whether the server said that it closes the connection."""
        return _CLOSE in self.head

    def header(self, name: str) -> str:
        """A header's value in lower case; empty when there is none."""
        for line in self.head.split(b"\r\n")[1:]:
            found, _, value = line.partition(b":")
            if found.strip() == name.lower().encode():
                return value.strip().decode("latin-1")
        return ""


def encode(
    method: str,
    path: str,
    body: bytes = b"",
    *,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    r"""A request as it is sent.

    >>> encode("GET", "/ping").split(b"\r\n")[0]
    b'GET /ping HTTP/1.1'
    """
    lines = [f"{method} {path} HTTP/1.1", "host: localhost"]
    if body or method == "POST":
        lines += [f"content-type: {media_type}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode("latin-1") + _END + body


class ReplyParser:
    r"""Gathers the bytes of one reply after another; there is never more than one under way on a connection.

    >>> parser = ReplyParser()
    >>> parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
    >>> parser.feed(b"k").body
    b'ok'
    >>> parser.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n").body
    b'ok'
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes, *, bodiless: bool = False) -> Reply | None:
        """The reply once it is whole; None before. That to a HEAD is `bodiless`: it ends with its headers.

        Raises:
            BrokenReplyError: it cannot be read.
        """
        if self._held:
            data = self._held + data
        end = data.find(_END)
        while end >= 0 and data.startswith(_INTERIM):
            data = data[end + 4 :]
            end = data.find(_END)
        reply = None if end < 0 else _whole(data, end, bodiless=bodiless)
        self._held = data if reply is None else b""
        return reply

    def finish(self) -> Reply | None:
        """The reply whose end is that of the connection, if there is one."""
        data, self._held = self._held, b""
        end = data.find(_END)
        if end < 0:
            return None
        head = data[:end].lower()
        if _LENGTH in head or _CHUNKED in head:
            return None
        return Reply(_status(head), head, data[end + 4 :])


def _whole(data: bytes, end: int, *, bodiless: bool) -> Reply | None:
    head = data[:end].lower()
    if bodiless:
        return Reply(_status(head), head, b"")
    place = head.find(_LENGTH)
    if place >= 0:
        stop = head.find(b"\r\n", place)
        total = end + 4 + int(head[place + len(_LENGTH) : stop if stop >= 0 else end])
        return Reply(_status(head), head, data[end + 4 : total]) if len(data) >= total else None
    if _CHUNKED in head:
        body = _unchunked(data, end + 4)
        return None if body is None else Reply(_status(head), head, body)
    status = _status(head)
    return Reply(status, head, b"") if status in _NO_BODY else None


def _status(head: bytes) -> int:
    if not head.startswith(b"http/1.") or not head[9:12].isdigit():
        raise BrokenReplyError(f"no status line: {head[:60]!r}")
    return int(head[9:12])


def _unchunked(data: bytes, place: int) -> bytes | None:
    parts: list[bytes] = []
    while True:
        stop = data.find(b"\r\n", place)
        if stop < 0:
            return None
        try:
            size = int(data[place:stop].split(b";")[0], 16)
        except ValueError:
            raise BrokenReplyError(f"no length of a chunk: {data[place:stop][:60]!r}") from None
        if len(data) < stop + size + 4:
            return None
        if not size:
            return b"".join(parts)
        parts.append(data[stop + 2 : stop + 2 + size])
        place = stop + size + 4
