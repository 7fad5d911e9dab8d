"""A request and a reply, as the routes see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request whose body was read.

    Attributes:
        method: in capitals.
        path: decoded, without the query.
        headers: by lower-case name.
        body: the whole body.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in small letters; empty when none was given.

        >>> Request(method="POST", path="/", headers={"content-type": "Text/CSV; charset=utf-8"}).media_type
        'text/csv'
        """
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The charset of the content type, in small letters; `utf-8` when none was given."""
        for parameter in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip('"').lower()
        return "utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes back."""

    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(value: Any, status: HTTPStatus = HTTPStatus.OK) -> Reply:
    """A reply of one JSON value."""
    return Reply(body=orjson.dumps(value), status=status)
