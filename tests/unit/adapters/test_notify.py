"""Messages to a log, and over real HTTP."""

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from keepfit.adapters.notify import send
from keepfit.alerting.incident import Message


class Inbox(HTTPServer):
    """A server on this machine that keeps what is posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.status = 200
        self.posted: list[dict[str, str]] = []

    @property
    def route(self) -> str:
        """Its address, as Apprise takes it."""
        return f"json://127.0.0.1:{self.server_port}/secret-token"


class _Post(BaseHTTPRequestHandler):
    server: Inbox

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_args):
        pass


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A running inbox."""
    with Inbox() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def message(route: str) -> Message:
    return Message(id=1, route=route, title="taxi-eta: decay", body="mae is 3.1, expected 2.5 — ±0.1")


def test_the_log_route_writes_to_the_log(caplog):
    """`log://` reaches the logger of incidents, and is always delivered."""
    with caplog.at_level(logging.WARNING, logger="keepfit.incidents"):
        assert send(message("log://")) == ""
    assert [(record.name, record.getMessage()) for record in caplog.records] == [
        ("keepfit.incidents", "taxi-eta: decay: mae is 3.1, expected 2.5 — ±0.1")
    ]


def test_a_message_reaches_its_route(inbox):
    """The title and the body arrive as they were."""
    assert send(message(inbox.route)) == ""
    (posted,) = inbox.posted
    assert (posted["title"], posted["message"]) == ("taxi-eta: decay", "mae is 3.1, expected 2.5 — ±0.1")


def test_a_refusal_is_told(inbox, capfd):
    """What the other side said is the answer; the address, which holds a token, is not in it, nor on the screen."""
    inbox.status = 500
    problem = send(message(inbox.route))
    assert "500" in problem
    assert "secret-token" not in problem
    assert capfd.readouterr().err == ""


def test_a_route_that_is_gone_is_told(inbox):
    """Nobody listens any more: the answer says that it did not go out."""
    route = inbox.route
    inbox.server_close()
    problem = send(message(route))
    assert problem
    assert "secret-token" not in problem


@pytest.mark.parametrize("route", ["nonsense://token", "plain text", ""])
def test_an_unknown_kind_of_route_is_told(route):
    """A route that Apprise does not know is no crash."""
    assert "none that Apprise can send to" in send(message(route))
