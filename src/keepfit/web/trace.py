"""Trace context as W3C writes it: read from a request, and handed on with a span of our own.

W3C Recommendation "Trace Context" (2021). Its `traceparent` names the trace and the caller's span; `tracestate` is
what vendors add. A header that breaks the rules is as good as none: the request is answered all the same.
"""

import random
import re
from dataclasses import dataclass
from typing import Final

#: The headers of a request that tell of its trace.
TRACE_HEADERS: Final = ("traceparent", "tracestate")

_PARENT: Final = re.compile(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
)
_KEY: Final = r"[a-z0-9][a-z0-9_\-*/]{0,255}(?:@[a-z0-9][a-z0-9_\-*/]{0,255})?"
_VALUE: Final = r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
_MEMBER: Final = re.compile(f"({_KEY})={_VALUE}")
_MOST_MEMBERS: Final = 32
#: Bits of the flags that have a meaning: sampled, and that the trace's id is random. The others are sent as zero.
_KNOWN_FLAGS: Final = 0b11


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A request's place in a trace.

    Attributes:
        trace_id: 32 hexadecimal digits.
        parent_id: the caller's span, 16 digits.
        span_id: this server's span, 16 digits.
        flags: bit 0: the caller records this trace.
        state: the caller's tracestate, unchanged; empty when there is none that is valid.
    """

    trace_id: str
    parent_id: str
    span_id: str
    flags: int = 0
    state: str = ""

    @property
    def sampled(self) -> bool:
        """Whether the caller records this trace."""
        return bool(self.flags & 1)

    @property
    def header(self) -> str:
        """The `traceparent` of the reply, and of any call made for it.

        >>> TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "53995c3f42cd8ad8", 1).header
        '00-4bf92f3577b34da6a3ce929d0e0e4736-53995c3f42cd8ad8-01'
        """
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"


def read_trace(traceparent: str | None, tracestate: str | None = None) -> TraceContext | None:
    """A request's trace with a new span for this server; None when it has none that is valid.

    Args:
        traceparent: the header; of a later version of the standard only what is known is read.
        tracestate: the header, its several lines joined by commas; left out when it breaks the rules.

    >>> trace = read_trace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "vendor=1")
    >>> trace.trace_id, trace.parent_id, trace.sampled, trace.state
    ('4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7', True, 'vendor=1')
    >>> read_trace("00-00000000000000000000000000000000-00f067aa0ba902b7-01") is None
    True
    """
    if not traceparent:
        return None
    match = _PARENT.fullmatch(traceparent)
    if match is None:
        return None
    version, trace_id, parent_id, flags, more = match.groups()
    if more is not None and version == "00":
        return None
    return TraceContext(
        trace_id,
        parent_id,
        new_span_id(),
        int(flags, 16) & _KNOWN_FLAGS,
        tracestate if tracestate and is_tracestate(tracestate) else "",
    )


def new_span_id() -> str:
    """16 random hexadecimal digits, not all zero: an identifier, not a secret.

    >>> len(new_span_id())
    16
    """
    return f"{random.getrandbits(64) or 1:016x}"


def is_tracestate(text: str) -> bool:
    """Whether `text` is a list of at most 32 members `key=value` with different keys; empty members are allowed.

    >>> is_tracestate("rojo=00f067aa0ba902b7, tenant@congo=t61rc"), is_tracestate("a=1,a=2"), is_tracestate("A=1")
    (True, False, False)
    """
    members = [one.strip(" \t") for one in text.split(",")]
    matches = [_MEMBER.fullmatch(one) for one in members if one]
    keys = {match[1] for match in matches if match is not None}
    return 0 < len(keys) == len(matches) and len(members) <= _MOST_MEMBERS
