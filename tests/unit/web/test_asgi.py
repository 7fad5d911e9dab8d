"""The application, spoken to in ASGI's own terms."""

import asyncio
import json

import pytest

from keepfit.web.asgi import InferenceApp


@pytest.fixture
def call(world):
    """Send a request in chunks; the status, the headers and the body that come back."""
    app = InferenceApp(world.plane(), max_body_bytes=1_000)

    def go(method, path, *chunks, headers=(), leave=False):
        messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
        messages.append({"type": "http.disconnect"} if leave else {"type": "http.request", "body": b""})
        sent = []

        async def receive():
            return messages.pop(0)

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "headers": list(headers)}
        asyncio.run(app(scope, receive, send))
        if not sent:
            return None
        start, body = sent
        return start["status"], dict(start["headers"]), body["body"]

    yield go
    app.close()


def test_a_body_in_chunks_is_put_together(call):
    """And answered as JSON with its length."""
    body = json.dumps({"labels": [{"id": "a", "value": 1}]}).encode()
    status, headers, answer = call("POST", "/v2/models/taxi/labels", body[:7], body[7:])
    assert (status, answer) == (200, b'{"accepted":1}')
    assert headers[b"content-type"] == b"application/json"
    assert headers[b"content-length"] == str(len(answer)).encode()


def test_every_error_is_json(call):
    """With its status."""
    for method, path, expected in [
        ("GET", "/nothing", 404),
        ("PUT", "/invocations", 405),
        ("POST", "/invocations", 400),
    ]:
        status, headers, body = call(method, path, b"{}", headers=[(b"x-keepfit-model", b"taxi")])
        assert (status, list(json.loads(body)), headers[b"content-type"]) == (
            expected,
            ["error"],
            b"application/json",
        )


@pytest.mark.parametrize("headers", [[], [(b"Content-Length", b"2000")]])
def test_a_body_that_is_too_long_is_refused(call, headers):
    """By what it announces, or by what comes."""
    status, answered, body = call("POST", "/invocations", b"x" * 600, b"x" * 600, headers=headers)
    assert (status, answered[b"connection"]) == (413, b"close")
    assert json.loads(body) == {"error": "the body is longer than 1,000 bytes; send smaller batches"}


def test_a_caller_that_leaves_is_not_answered(call, world):
    """And half a body is not taken for a whole one."""
    assert call("POST", "/v2/models/taxi/labels", b'{"ids":', leave=True) is None
    assert world.frames == []


def test_a_head_request_has_no_body(call):
    """Its length is told all the same."""
    status, headers, body = call("HEAD", "/v2/health/live")
    assert (status, headers[b"content-length"], body) == (200, b"13", b"")


def test_what_is_no_http_is_left_alone(world):
    """A lifespan message, for instance."""
    asyncio.run(InferenceApp(world.plane())({"type": "lifespan"}, None, None))
