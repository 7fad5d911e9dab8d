"""Predictions of another server, from KServe's events over HTTP to the ledger: counted like keepfit's own, to the row."""

import asyncio
import json

import numpy as np
import pytest

from keepfit.adapters.capture_log import CaptureWriter, server_log
from keepfit.adapters.event_halves import EventHalves
from keepfit.app.workspace import open_workspace
from keepfit.clock import SystemClock
from keepfit.predictions.ledger import Ledger
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.release.routing import Route
from keepfit.serving.dataplane import DataPlane
from keepfit.serving.ingest.kserve import REQUEST, RESPONSE
from keepfit.serving.loaded import LoadedModel
from keepfit.serving.surroundings import Surroundings
from keepfit.serving.telemetry_snapshot import Count
from keepfit.web.asgi import InferenceApp
from keepfit.workflows.drain_capture import drain_capture

SIGNATURE = Signature(
    features=(Feature("miles", Kind.NUMBER),), id="trip_id", time="at", context=(), output="minutes"
)


class Served:
    """One model, whose predictions are sampled: half of them are recorded."""

    def routes(self):
        """As a source of routes."""
        return [Route(model="taxi", generation=1, champion=1)]

    def load(self, _model, number):
        """As a loader of versions."""
        return LoadedModel(signature=SIGNATURE, version=number, predict=lambda matrix: np.ones(len(matrix)))


@pytest.fixture
def ports(tmp_path):
    (tmp_path / "keepfit.toml").touch()
    space = open_workspace(tmp_path)
    yield space.ports
    space.engine.dispose()


@pytest.fixture
def plane(tmp_path):
    spool = tmp_path / ".keepfit" / "spool"
    writer = CaptureWriter(spool, log_id=server_log(spool, 0))
    halves = EventHalves(spool / "kserve.db")
    served = Served()
    made = DataPlane(
        routes=served,
        loader=served,
        capture=writer,
        clock=SystemClock(),
        share=lambda _model: 0.5,
        surroundings=Surroundings(halves=halves),
    )
    made.refresh()
    yield made
    made.close()
    writer.close()
    halves.close()


@pytest.fixture
def call(plane):
    """Speak to the application; the status and the body."""
    app = InferenceApp(plane)

    def go(method, path, body=b"", **headers):
        messages, sent = [{"type": "http.request", "body": body}], []

        async def receive():
            return messages.pop(0)

        async def send(message):
            sent.append(message)

        named = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "headers": named}
        asyncio.run(app(scope, receive, send))
        return sent[0]["status"], sent[1]["body"]

    yield go
    app.close()


def send(call, kind, number, body):
    event = {"ce_specversion": "1.0", "ce_id": number, "ce_source": "http://taxi/", "ce_type": kind}
    status, answer = call(
        "POST",
        "/v2/models/taxi/events",
        json.dumps(body).encode(),
        content_type="application/json",
        **event,
    )
    assert status == 202, answer
    return json.loads(answer)["recorded"]


def test_events_are_in_the_ledger_and_in_the_metrics(call, plane, ports):
    """Beside predictions of this server, half of which are sampled out; a repeat counts nowhere."""
    for number in range(6):
        asked = {"instances": [[float(row)] for row in range(4)]}
        assert send(call, REQUEST, f"e{number}", asked) == {}
        assert send(call, RESPONSE, f"e{number}", {"predictions": [1.0] * 4}) == {"taxi": 4}
        assert send(call, RESPONSE, f"e{number}", {"predictions": [1.0] * 4}) == {}
    rows = [[float(row)] for row in range(40)]
    status, _ = call("POST", "/v1/models/taxi:predict", json.dumps({"instances": rows}).encode())
    assert status == 200
    now = SystemClock().now()
    counted = plane.telemetry.snapshot(now)
    received, logged, sampled, dropped = (
        counted.counted("taxi", one)
        for one in (Count.RECEIVED, Count.LOGGED, Count.SAMPLED_OUT, Count.DROPPED)
    )
    assert (received, logged + sampled, dropped) == (64, 64, 0)
    assert 24 < logged < 64
    _, metrics = call("GET", "/metrics")
    assert b'keepfit_predictions_received_total{model="taxi"} 64.0' in metrics.splitlines()
    assert drain_capture(ports, now=now) == Ledger(received=64, stored=logged, sampled_out=sampled)
    ledger = ports.ledger.ledger("taxi")
    assert ledger.balances
    assert (ledger.received, ledger.stored, ledger.sampled_out) == (received, logged, sampled)
    sources = ports.predictions.predictions("taxi")["source"].to_list()
    assert (sources.count("kserve"), len(sources)) == (24, logged)
