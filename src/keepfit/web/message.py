"""A request and a reply, as the routes see them."""

from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import msgspec
import orjson

from keepfit.serving.result import InferenceResult

JSON = "application/json"


class Request(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An HTTP request whose body was read.

    Attributes:
        method: in capitals.
        path: decoded, without the query.
        headers: by lower-case name.
        body: the whole body.
    """

    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @property
    def content_type(self) -> tuple[str, str]:
        """The media type and the charset, in small letters; empty and `utf-8` when none was given.

        >>> Request(method="POST", path="/", headers={"content-type": "Text/CSV; charset=UTF-8"}).content_type
        ('text/csv', 'utf-8')
        """
        return parsed_type(self.headers.get("content-type", ""))

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.content_type[0]


@lru_cache(maxsize=256)
def parsed_type(content_type: str) -> tuple[str, str]:
    """The media type and the charset of a `Content-Type`; see `Request.content_type`."""
    media_type, *parameters = content_type.split(";")
    charset = "utf-8"
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
            break
    return media_type.strip().lower(), charset


class Reply(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What goes back.

    Attributes:
        body: as it is sent.
        status: of HTTP.
        media_type: of the body.
        headers: further ones.
        result: the predictions that it tells; None when it tells none.
    """

    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    media_type: str = JSON
    headers: Mapping[str, str] = {}
    result: InferenceResult | None = None


def json_reply(
    value: Any, status: HTTPStatus = HTTPStatus.OK, *, headers: Mapping[str, str] | None = None
) -> Reply:
    """A reply of one JSON value."""
    return Reply(body=orjson.dumps(value), status=status, headers=headers or {})


def with_headers(reply: Reply, headers: Mapping[str, str], *, body: bytes | None = None) -> Reply:
    """The reply with further headers, and with another body where one is given."""
    return Reply(
        body=reply.body if body is None else body,
        status=reply.status,
        media_type=reply.media_type,
        headers={**reply.headers, **headers},
        result=reply.result,
    )
