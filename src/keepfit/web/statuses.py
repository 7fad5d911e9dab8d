"""Which HTTP status each exception has, and how it is said: `{"error": "…"}`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import orjson

from keepfit.errors import CaptureError, KeepfitError, NotFoundError, RequestError
from keepfit.serving.encodings import BodyTooLargeError, ContentEncodingError
from keepfit.serving.refusals import DeadlineError, NotReadyError, OverloadedError, PredictionFailedError
from keepfit.web.message import Reply


class UnknownPathError(RequestError):
    """There is nothing at this path."""


class MethodNotAllowedError(RequestError):
    """The path is right, and the method is not."""

    def __init__(self, message: str, *, allowed: str) -> None:
        super().__init__(message)
        self.allowed = allowed


class MediaTypeError(RequestError):
    """The body is in a form that is not read here."""


class TooLargeError(RequestError):
    """The body is longer than what is read."""


#: The status of an exception is that of the first of its classes, from the most special on, that is named here.
STATUSES: Final[Mapping[type[BaseException], HTTPStatus]] = {
    RequestError: HTTPStatus.BAD_REQUEST,
    NotFoundError: HTTPStatus.NOT_FOUND,
    UnknownPathError: HTTPStatus.NOT_FOUND,
    MethodNotAllowedError: HTTPStatus.METHOD_NOT_ALLOWED,
    TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    BodyTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    MediaTypeError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ContentEncodingError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    NotReadyError: HTTPStatus.SERVICE_UNAVAILABLE,
    OverloadedError: HTTPStatus.SERVICE_UNAVAILABLE,
    DeadlineError: HTTPStatus.GATEWAY_TIMEOUT,
    CaptureError: HTTPStatus.SERVICE_UNAVAILABLE,
    TimeoutError: HTTPStatus.GATEWAY_TIMEOUT,
    PredictionFailedError: HTTPStatus.INTERNAL_SERVER_ERROR,
}


#: Refused for now, and given up after too long a wait.
REFUSED: Final = HTTPStatus.SERVICE_UNAVAILABLE
MISSED: Final = HTTPStatus.GATEWAY_TIMEOUT
#: After how many seconds a caller who was refused for now may try again.
RETRY_AFTER_S: Final = "1"


def status_of(error: BaseException) -> HTTPStatus:
    """The status that an exception is answered with; 500 for one that nobody expected.

    >>> status_of(NotReadyError("no released version yet")).value, status_of(ZeroDivisionError()).value
    (503, 500)
    """
    for kind in type(error).__mro__:
        if kind in STATUSES:
            return STATUSES[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def error_reply(error: Exception) -> Reply:
    """The reply to a request that raised; what nobody expected is not told to the caller.

    >>> error_reply(NotFoundError("unknown model taxi", hint="did you mean taxi-eta?")).body
    b'{"error":"unknown model taxi; did you mean taxi-eta?"}'
    """
    status = status_of(error)
    return Reply(body=orjson.dumps({"error": _said(error)}), status=status, headers=_headers(error, status))


def _headers(error: Exception, status: HTTPStatus) -> Mapping[str, str]:
    if isinstance(error, MethodNotAllowedError):
        return {"allow": error.allowed}
    return {"retry-after": RETRY_AFTER_S} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}


def _said(error: Exception) -> str:
    if not isinstance(error, KeepfitError):
        return "internal error; the server's log has the reason"
    return f"{error}; {error.hint}" if error.hint else str(error)
