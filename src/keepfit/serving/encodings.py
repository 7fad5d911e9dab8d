"""Compressed bodies: gzip and deflate, in and out.

Only replies of status 200 to a POST should be compressed: Triton's client decompresses nothing else.
"""

import zlib
from functools import lru_cache
from typing import Final

from keepfit.errors import RequestError
from keepfit.serving.preferences import weights

#: The headers of a request by which its body and its reply may be compressed.
ENCODING_HEADERS: Final = ("accept-encoding", "content-encoding")

_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB: Final = zlib.MAX_WBITS
_RAW_DEFLATE: Final = -zlib.MAX_WBITS
#: The window bits that zlib writes each with; HTTP's "deflate" is the zlib format (RFC 9110, 8.4.1.2).
_WRITES: Final = {"gzip": _GZIP, "deflate": _ZLIB}
_READS: Final = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}
#: Smaller replies fit one packet either way.
_AT_LEAST: Final = 1400


class ContentEncodingError(RequestError):
    """The body is compressed in a way that is not read here."""


class BodyTooLargeError(RequestError):
    """The body is longer than the limit once it is decompressed."""


def decompressed(body: bytes, content_encoding: str | None, limit: int) -> bytes:
    """The body as it was before its `Content-Encoding` (gzip, deflate or identity).

    Args:
        body: as it came.
        content_encoding: the header's value; None when there is none.
        limit: bytes; no more than this is ever decompressed, whatever the body holds.

    Raises:
        ContentEncodingError: another encoding, or several.
        BodyTooLargeError: it would be longer than `limit`.
        RequestError: the body is damaged, cut off, or goes on after its end.

    >>> decompressed(zlib.compress(b"{}"), "deflate", limit=10)
    b'{}'
    """
    if not content_encoding:
        return body
    encoding = content_encoding.strip().lower()
    if encoding in {"", "identity"}:
        return body
    bits = _READS.get(encoding)
    if bits is None:
        raise ContentEncodingError(
            f"content encoding '{content_encoding}' is not read here", hint="send gzip, deflate or none"
        )
    # Some clients write deflate without zlib's two bytes in front; those begin with 8 in the lower half byte.
    if bits == _ZLIB and body[:1] and body[0] & 0x0F != 8:
        bits = _RAW_DEFLATE
    return _inflated(body, bits, encoding, limit)


def compressed(
    body: bytes, accept_encoding: str | None, at_least: int = _AT_LEAST
) -> tuple[bytes, str | None]:
    """The body as the caller's `Accept-Encoding` wants it, and the `Content-Encoding` to send; None for as it is.

    Args:
        body: the reply.
        accept_encoding: the header's value; None when there is none.
        at_least: bytes; shorter bodies are left alone.

    >>> compressed(b"ab" * 1000, "gzip, deflate, br")[1]
    'gzip'
    """
    if not accept_encoding or len(body) < at_least:
        return body, None
    encoding = _chosen(accept_encoding)
    if encoding is None:
        return body, None
    packed = zlib.compress(body, level=1, wbits=_WRITES[encoding])
    return (packed, encoding) if len(packed) < len(body) else (body, None)


def _inflated(body: bytes, bits: int, encoding: str, limit: int) -> bytes:
    reader = zlib.decompressobj(bits)
    try:
        read = reader.decompress(body, limit + 1)
    except zlib.error as error:
        raise RequestError(f"the body is not {encoding}: {error}") from None
    if len(read) > limit:
        raise BodyTooLargeError(
            f"the body has more than {limit:,} bytes once decompressed", hint="send smaller batches"
        )
    if not reader.eof:
        raise RequestError(f"the {encoding} body is cut off")
    if reader.unused_data:
        raise RequestError(f"the {encoding} body goes on after its end")
    return read


@lru_cache(maxsize=256)
def _chosen(accept_encoding: str) -> str | None:
    """The encoding that is wanted most; gzip where both are wanted alike."""
    wanted = weights(accept_encoding)
    anything = wanted.get("*", 0.0)
    best = max(_WRITES, key=lambda name: wanted.get(name, anything))
    return best if wanted.get(best, anything) > 0 else None
