"""granian's own interface in front of an ASGI application."""

import asyncio
import json
from types import SimpleNamespace

import pytest
from granian.rsgi import ProtocolClosed

from keepfit.web.asgi import InferenceApp
from keepfit.web.rsgi import Rsgi

BODY = {
    "inputs": [
        {"name": "miles", "shape": [1], "datatype": "FP64", "data": [1.5]},
        {"name": "hour", "shape": [1], "datatype": "INT64", "data": [3]},
    ]
}


class Protocol:
    """What granian gives with a request: its body, whole or in pieces, and the way back."""

    def __init__(self, *chunks, error=None):
        self._chunks, self._error = chunks, error
        self.read = 0
        self.replies = []

    async def __call__(self):
        """The whole body."""
        if self._error is not None:
            raise self._error
        self.read += 1
        return b"".join(self._chunks)

    async def __aiter__(self):
        """Its pieces."""
        for chunk in self._chunks:
            self.read += 1
            yield chunk
        if self._error is not None:
            raise self._error

    def response_bytes(self, status, headers, body):
        """A reply."""
        self.replies.append((status, dict(headers), body))


@pytest.fixture
def ask(world):
    """Puts a request to the application; the reply."""
    app = InferenceApp(world.plane(), max_body_bytes=1_000)

    def asked(protocol, *, path="/v2/models/taxi/infer", method="POST", client="127.0.0.1:9", **headers):
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        scope = SimpleNamespace(method=method, path=path, headers=told, client=client)
        asyncio.run(Rsgi(app).__rsgi__(scope, protocol))
        return protocol.replies

    yield asked
    app.close()


def test_a_body_of_known_length_comes_in_one_piece(ask):
    """And the reply goes out in one, with the headers that ASGI has."""
    body = json.dumps(BODY).encode()
    ((status, headers, reply),) = ask(Protocol(body), content_length=str(len(body)))
    assert (status, headers["content-type"]) == (200, "application/json")
    assert headers["content-length"] == str(len(reply))
    assert json.loads(reply)["outputs"][0]["data"] == [3.0]


def test_a_body_in_pieces_is_read_piece_by_piece(ask):
    """Whole when all of them came; no more than the limit when they do not end."""
    body = json.dumps(BODY).encode()
    ((status, _, _),) = ask(Protocol(body[:20], body[20:]))
    assert status == 200
    endless = Protocol(*([b"x" * 300] * 100))
    ((status, headers, _),) = ask(endless)
    assert (status, headers["connection"]) == (413, "close")
    assert endless.read == 4


def test_a_body_that_announces_too_much_is_not_read(ask):
    """Its length is enough."""
    protocol = Protocol(b"x" * 2_000)
    ((status, _, _),) = ask(protocol, content_length="2000")
    assert (status, protocol.read) == (413, 0)


@pytest.mark.parametrize("headers", [{"content_length": "500"}, {}])
def test_who_went_away_is_not_answered(ask, world, headers):
    """And what came of the body is not predicted."""
    assert ask(Protocol(json.dumps(BODY).encode(), error=ProtocolClosed("gone")), **headers) == []
    assert world.frames == []


def test_a_path_is_read_as_it_is_meant(ask):
    """Escaped or not; a caller without a port is one too."""
    path = "/v2/models/%74axi"
    ((status, _, reply),) = ask(Protocol(), path=path, method="GET", client="unix", content_length="0")
    assert (status, json.loads(reply)["name"]) == (200, "taxi")
