"""Heads of requests that were read before: a caller that keeps its connection sends the same bytes over and over.

To read a head takes as long as to read the numbers in the body. What it says depends on nothing but its bytes, so that
those of a head that was read need only be recognised.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from keepfit.serving.encodings import ENCODING_HEADERS
from keepfit.web.calls import INFER_HEADERS
from keepfit.web.trace import TRACE_HEADERS

RawHeaders = Iterable[tuple[bytes, bytes]]

_END: Final = b"\r\n\r\n"
#: Longer heads are not kept, nor more of them: bodies of different lengths have heads of their own.
_LONGEST: Final = 2_048
_MOST: Final = 1_024
#: The headers that a request for predictions is read by, as they are sent: the others need not be decoded.
_READ: Final = {name.encode(): name for name in (*INFER_HEADERS, *TRACE_HEADERS, *ENCODING_HEADERS)}
#: A head with one of these says more than what is asked, or is never seen again: a trace is another one each time.
_LEFT: Final = frozenset(
    {b"transfer-encoding", b"expect", b"upgrade", *(name.encode() for name in TRACE_HEADERS)}
)


class Head(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a head says.

    Attributes:
        path: decoded, without the query.
        headers: those that are read, by lower-case name.
        end: where the body begins.
        length: of the body.
    """

    path: str
    headers: Mapping[str, str]
    end: int
    length: int


class Heads:
    """Those of whole requests that came in one piece each, over HTTP/1.1 connections that are kept."""

    def __init__(self) -> None:
        self._known: dict[bytes, Head] = {}

    def of(self, data: bytes) -> Head | None:
        """The head of the request that `data` is, all of it and nothing else; None when it was not read before."""
        head = self._known.get(data[: data.find(_END, 0, _LONGEST) + len(_END)])
        return head if head is not None and len(data) == head.end + head.length else None

    def learn(self, data: bytes, path: str, headers: RawHeaders, length: int) -> None:
        """Keep what was read of a request.

        Args:
            data: what came in; kept only if it is this request, all of it and nothing else.
            path, headers: as they were read.
            length: of the body.
        """
        end = data.find(_END, 0, _LONGEST) + len(_END)
        if end < len(_END) or len(data) != end + length or not _is_plain(headers, length):
            return
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[data[:end]] = Head(path=path, headers=read_headers(headers), end=end, length=length)


def read_headers(headers: RawHeaders) -> dict[str, str]:
    """The headers that a request for predictions is read by.

    >>> read_headers([(b"host", b"x"), (b"accept", b"*/*")])
    {'accept': '*/*'}
    """
    return {_READ[name]: value.decode("latin-1") for name, value in headers if name in _READ}


def _is_plain(headers: RawHeaders, length: int) -> bool:
    """Whether a body of this length is all that the connection has to do."""
    lengths = 0
    for name, value in headers:
        if name in _LEFT or (name == b"connection" and value.lower() != b"keep-alive"):
            return False
        if name == b"content-length":
            lengths += 1
            if value != b"%d" % length:
                return False
    return lengths == 1
