"""One table of statuses."""

import json

import pytest

from keepfit import errors
from keepfit.serving.refusals import NotReadyError, PredictionFailedError
from keepfit.web.statuses import (
    MediaTypeError,
    MethodNotAllowedError,
    TooLargeError,
    UnknownPathError,
    error_reply,
    status_of,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.RequestError("x"), 400),
        (errors.NotFoundError("x"), 404),
        (UnknownPathError("x"), 404),
        (MethodNotAllowedError("x", allowed="GET"), 405),
        (TooLargeError("x"), 413),
        (MediaTypeError("x"), 415),
        (PredictionFailedError("x"), 500),
        (errors.ArtifactError("x"), 500),
        (ZeroDivisionError("x"), 500),
        (NotReadyError("x"), 503),
        (errors.CaptureError("x"), 503),
    ],
)
def test_each_error_has_its_status(error, status):
    """The most special class decides."""
    assert status_of(error) == status
    assert error_reply(error).status == status


def test_the_hint_is_told_too():
    """Behind the message."""
    reply = error_reply(errors.NotFoundError("unknown model 'tax'", hint="did you mean 'taxi'?"))
    assert json.loads(reply.body) == {"error": "unknown model 'tax'; did you mean 'taxi'?"}


def test_what_nobody_expected_is_not_told():
    """A caller learns nothing of the server's inside; its log has it."""
    assert b"secret" not in error_reply(OSError("/secret/path")).body


def test_a_wrong_method_is_told_the_right_ones():
    """As HTTP asks for."""
    assert error_reply(MethodNotAllowedError("x", allowed="GET, POST")).headers == {"allow": "GET, POST"}
