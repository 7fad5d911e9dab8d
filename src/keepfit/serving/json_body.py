"""JSON as clients really send it: Python's own encoder writes NaN for a missing number, which is no JSON."""

import re
from typing import Any, Final

import orjson

from keepfit.errors import RequestError

_TEXT_OR_NAN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|NaN', re.DOTALL)


def parse(body: bytes) -> Any:
    """The value of a JSON body; a bare `NaN` is read as null, the missing value.

    Raises:
        RequestError: it is not JSON in UTF-8; says where.

    >>> parse(b'{"miles": [1.5, NaN]}')
    {'miles': [1.5, None]}
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        mended = nan_as_null(body)
        if mended is None:
            raise unreadable(error) from None
    try:
        return orjson.loads(mended)
    except orjson.JSONDecodeError as error:
        raise unreadable(error) from None


def nan_as_null(body: bytes) -> bytes | None:
    """The body with null for each bare `NaN`; None when it has none.

    >>> nan_as_null(b'["NaN", NaN]')
    b'["NaN", null]'
    """
    if b"NaN" not in body:
        return None
    return _TEXT_OR_NAN.sub(lambda found: b"null" if found[0] == b"NaN" else found[0], body)


def unreadable(error: Exception) -> RequestError:
    """The refusal of a body that cannot be parsed."""
    return RequestError(
        f"the request cannot be read: {error}", hint="send JSON in UTF-8; null is a missing value"
    )
