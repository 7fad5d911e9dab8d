"""How a caller writes rows by the Open Inference Protocol."""

import http.server
import json
import threading
from datetime import UTC, datetime

import polars as pl
import pytest

from keepfit.demo.client import BATCH_ROWS, Caller
from keepfit.errors import ServerError


class _Recorder(http.server.BaseHTTPRequestHandler):
    """Answers everything with an empty object, and keeps what it was sent."""

    bodies: list[dict]
    status = 200

    def do_POST(self):
        """Keep the body."""
        self.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        answer = b"{}" if self.status == 200 else b'{"error": "no"}'
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Stay quiet."""


@pytest.fixture
def server():
    """A real HTTP server on loopback that records."""
    handler = type("Handler", (_Recorder,), {"bodies": [], "status": 200, "protocol_version": "HTTP/1.1"})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield listening, handler
        listening.shutdown()
        thread.join()


def _caller(listening) -> Caller:
    return Caller(f"http://127.0.0.1:{listening.server_port}", "taxi")


def test_each_column_is_a_tensor_with_its_datatype(server):
    """Whole numbers, numbers with nulls, texts and times."""
    listening, handler = server
    caller = _caller(listening)
    rows = pl.DataFrame(
        {"id": [1], "miles": [None], "at": [datetime(2020, 2, 1, tzinfo=UTC)], "distance": ["long"]},
        schema_overrides={"miles": pl.Float64},
    )
    caller.predict(rows)
    caller.close()
    inputs = {
        one["name"]: (one["datatype"], one["shape"], one["data"]) for one in handler.bodies[0]["inputs"]
    }
    assert inputs["id"] == ("INT64", [1], [1])
    assert inputs["miles"] == ("FP64", [1], [None])
    assert inputs["distance"] == ("BYTES", [1], ["long"])
    assert inputs["at"][2][0].startswith("2020-02-01T00:00:00")


def test_rows_are_asked_for_in_batches_and_counted(server):
    """The caller's own count is what the ledger is held against."""
    listening, handler = server
    caller = _caller(listening)
    caller.predict(pl.DataFrame({"miles": [1.0] * (BATCH_ROWS + 1)}))
    caller.close()
    assert caller.asked == BATCH_ROWS + 1
    assert [one["inputs"][0]["shape"] for one in handler.bodies] == [[BATCH_ROWS], [1]]


def test_no_labels_are_no_request(server):
    """An empty day posts nothing."""
    listening, handler = server
    caller = _caller(listening)
    caller.label([], [], [])
    caller.close()
    assert handler.bodies == []


def test_a_refusal_is_told_with_the_servers_words(server):
    """Status and reason."""
    listening, handler = server
    handler.status = 503
    caller = _caller(listening)
    with pytest.raises(ServerError, match="503: no"):
        caller.predict(pl.DataFrame({"miles": [1.0]}))
    caller.close()
