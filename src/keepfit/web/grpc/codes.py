"""Which gRPC status each HTTP status is, so that both protocols refuse the same things in the same words."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import grpc
import orjson

from keepfit.web.message import Reply

CODES: Final[Mapping[HTTPStatus, grpc.StatusCode]] = {
    HTTPStatus.OK: grpc.StatusCode.OK,
    HTTPStatus.BAD_REQUEST: grpc.StatusCode.INVALID_ARGUMENT,
    HTTPStatus.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: grpc.StatusCode.UNIMPLEMENTED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: grpc.StatusCode.RESOURCE_EXHAUSTED,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: grpc.StatusCode.INVALID_ARGUMENT,
    HTTPStatus.INTERNAL_SERVER_ERROR: grpc.StatusCode.INTERNAL,
    HTTPStatus.SERVICE_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT: grpc.StatusCode.DEADLINE_EXCEEDED,
}
#: Headers of 8 KiB in all is what gRPC lets through, and a byte that is no ASCII takes three of them.
_LONGEST_MESSAGE: Final = 2_000
#: By which a server tells clients that retry by themselves how long to wait (gRPC proposal A6).
_PUSHBACK: Final = "grpc-retry-pushback-ms"


def code_of(status: HTTPStatus) -> grpc.StatusCode:
    """The code of a status; INTERNAL for one that no reply should have.

    >>> code_of(HTTPStatus.NOT_FOUND).name
    'NOT_FOUND'
    """
    return CODES.get(status, grpc.StatusCode.INTERNAL)


def said(reply: Reply) -> str:
    """What the reply to a failed request says, as far as it fits in a header.

    >>> said(Reply(body=b'{"error": "unknown model"}', status=HTTPStatus.NOT_FOUND))
    'unknown model'
    """
    text = str(orjson.loads(reply.body)["error"])
    return text.encode()[:_LONGEST_MESSAGE].decode(errors="ignore")


def trailers(reply: Reply) -> tuple[tuple[str, str], ...]:
    """The reply's headers as trailing metadata; "try again later" in gRPC's own terms too.

    >>> trailers(Reply(body=b"", status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"retry-after": "1"}))
    (('retry-after', '1'), ('grpc-retry-pushback-ms', '1000'))
    """
    found = tuple(reply.headers.items())
    after = reply.headers.get("retry-after")
    return found if after is None else (*found, (_PUSHBACK, f"{after}000"))
