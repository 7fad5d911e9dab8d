"""A real server on a real port: models from their artifacts, predictions into a real capture log."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import skops.io
import urllib3
import yaml
from sklearn.ensemble import HistGradientBoostingRegressor

from keepfit.adapters.capture_log import CaptureReader, CaptureWriter
from keepfit.adapters.runtimes.choice import load_runtime
from keepfit.clock import SystemClock
from keepfit.predictions.capture_codec import LabelsFrame
from keepfit.predictions.frames import predictions_table
from keepfit.registry.encode import encode_features
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.release.routing import Route
from keepfit.serving.dataplane import DataPlane
from keepfit.serving.loaded import LoadedModel
from keepfit.web.server import InferenceServer

SIGNATURE = Signature(
    features=(
        Feature("miles", Kind.NUMBER),
        Feature("zone", Kind.CATEGORY, text=True, categories=("bronx", "queens")),
    ),
    id="trip_id",
    time="pickup_at",
    context=("borough",),
    output="minutes",
)


def train(directory: Path, offset: float) -> None:
    """Save a model whose answers begin at `offset`, as MLflow would."""
    miles = np.arange(200) % 20
    features = encode_features(SIGNATURE, {"miles": miles, "zone": ["bronx", "queens"] * 100})
    model = HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=5)
    model.fit(features, offset + miles)
    directory.mkdir()
    skops.io.dump(model, directory / "model.skops")
    flavor = {"pickled_model": "model.skops", "serialization_format": "skops"}
    (directory / "MLmodel").write_text(yaml.safe_dump({"flavors": {"sklearn": flavor}}))


@dataclass
class Shop:
    """Artifacts in a folder, and the route of `taxi`."""

    artifacts: Path
    route: Route = field(default_factory=lambda: Route(model="taxi", generation=1, champion=1))

    def routes(self):
        """As a source of routes."""
        return [self.route, Route(model="bus", generation=0, champion=None)]

    def load(self, model, number):
        """As a loader of versions."""
        found = load_runtime(self.artifacts / f"{model}-{number}", SIGNATURE)
        return LoadedModel(signature=SIGNATURE, version=number, predict=found.predict)

    def release(self, champion, **kwargs):
        """Set the next route of `taxi`."""
        self.route = Route(model="taxi", generation=self.route.generation + 1, champion=champion, **kwargs)


@dataclass
class Running:
    """A server that answers, and what stands behind it."""

    shop: Shop
    spool: Path
    plane: DataPlane
    address: str
    http: urllib3.HTTPConnectionPool

    def post(self, path, value, **headers):
        """POST a JSON value; the status and the JSON that comes back."""
        body = value if isinstance(value, bytes) else json.dumps(value)
        reply = self.http.request(
            "POST", path, body=body, headers={"content-type": "application/json", **headers}
        )
        return reply.status, reply.json()

    def recorded(self):
        """Every frame of the capture log."""
        reader, frames = CaptureReader(self.spool), []
        batch = reader.read("web")
        while batch.frames:
            frames.extend(batch.frames)
            batch = reader.read("web", batch.position)
        return frames


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory):
    """Versions 1 and 2 of `taxi`, and a third that is broken."""
    folder = tmp_path_factory.mktemp("artifacts")
    train(folder / "taxi-1", 100.0)
    train(folder / "taxi-2", 200.0)
    train(folder / "taxi-3", 300.0)
    (folder / "taxi-3" / "model.skops").write_bytes(b"altered")
    return folder


@pytest.fixture(params=["uvicorn", "granian"])
def http(request):
    """What speaks HTTP."""
    return request.param


@pytest.fixture
def running(artifacts, tmp_path, http):
    """A server in a thread of this process."""
    shop = Shop(artifacts)
    capture = CaptureWriter(tmp_path / "spool", log_id="web")
    plane = DataPlane(routes=shop, loader=shop, capture=capture, clock=SystemClock())
    started = threading.Event()
    server = InferenceServer(
        plane, port=0, http=http, refresh_s=0.01, on_start=lambda _addresses: started.set()
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    assert started.wait(60)
    pool = urllib3.connection_from_url(server.address, maxsize=8, block=True, retries=False)
    yield Running(shop, tmp_path / "spool", plane, server.address, pool)
    pool.close()
    server.stop()
    thread.join(60)
    assert not thread.is_alive()
    plane.close()
    capture.close()


def rows(miles):
    n = len(miles)
    return {
        "inputs": [
            {"name": "miles", "shape": [n], "datatype": "FP64", "data": miles},
            {"name": "zone", "shape": [n], "datatype": "BYTES", "data": ["bronx"] * n},
        ]
    }


def until(condition):
    """Ask again until it is so; a server looks at its routes in a thread of its own."""
    pause = threading.Event()
    for _ in range(1_000):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it never came to be so")


def test_a_prediction_and_its_label(running):
    """Over one connection: asked, answered, recorded, labelled."""
    status, reply = running.post("/v2/models/taxi/infer", {"id": "r", **rows([0.0, 19.0])})
    assert (status, reply["id"], reply["model_version"]) == (200, "r", "1")
    minutes, ids = (one["data"] for one in reply["outputs"])
    assert 100 <= minutes[0] < minutes[1] <= 119
    assert running.post("/v2/models/taxi/labels", {"ids": ids, "values": [101.0, 118.0]}) == (
        200,
        {"accepted": 2},
    )
    predicted, labelled = running.recorded()
    assert predictions_table([predicted])["prediction"].to_list() == minutes
    assert labelled.prediction_id == ids == ["r:0", "r:1"]


def test_mlflows_bodies_are_taken(running):
    """JSON and CSV give the same answer."""
    _, by_json = running.post("/invocations", {"instances": [[3.0, "queens"]]}, **{"x-keepfit-model": "taxi"})
    _, by_csv = running.post(
        "/invocations", b"miles,zone\n3,queens\n", **{"content-type": "text/csv", "x-keepfit-model": "taxi"}
    )
    assert by_json == by_csv
    assert len(by_json["predictions"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status"),
    [
        ("POST", "/v2/models/taxi/infer", b"{", "application/json", 400),
        ("POST", "/v2/models/tax/infer", json.dumps(rows([1.0])), "application/json", 404),
        ("GET", "/v2/models/taxi/infer", None, None, 405),
        ("POST", "/v2/models/taxi/infer", b"x", "application/xml", 415),
        ("POST", "/v2/models/bus/infer", json.dumps(rows([1.0])), "application/json", 503),
    ],
)
def test_errors_are_json_with_their_status(running, method, path, body, content_type, status):
    """As the table says, over the wire."""
    headers = {} if content_type is None else {"content-type": content_type}
    reply = running.http.request(method, path, body=body, headers=headers)
    assert (reply.status, list(reply.json())) == (status, ["error"])


def test_a_body_that_is_too_long_is_refused_unread(running):
    """By the length that it announces; the server goes on."""
    reply = running.http.request(
        "POST", "/invocations", headers={"content-length": str(1 << 40), "content-type": "application/json"}
    )
    assert reply.status == 413
    assert running.http.request("GET", "/v2/health/ready").json() == {"ready": True}


def test_versions_change_under_load_without_an_error(running):
    """Four callers, a hundred requests each, while champion, canary and back are released: all are answered, and each
    answer is that of the version that it names, and in the log before the caller had it.
    """
    answered, wrong = [], []
    half = threading.Barrier(5)

    def ask(caller):
        for number in range(100):
            if number in {30, 60}:
                half.wait(60)
            request = f"{caller}-{number}"
            status, reply = running.post("/v2/models/taxi/infer", {"id": request, **rows([5.0])})
            if status != 200 or reply["outputs"][0]["data"][0] // 100 != float(reply["model_version"]):
                wrong.append(reply)
            answered.append((request, int(reply["model_version"])))

    callers = [threading.Thread(target=ask, args=(caller,)) for caller in range(4)]
    for caller in callers:
        caller.start()
    half.wait(60)
    running.shop.release(1, canary=2, percent=50.0)
    until(lambda: len(running.plane.signature("taxi")[1]) == 2)
    half.wait(60)
    running.shop.release(2)
    for caller in callers:
        caller.join(60)
    assert wrong == []
    assert {version for _, version in answered} == {1, 2}
    until(lambda: running.plane.signature("taxi")[1] == (2,))
    assert running.post("/v2/models/taxi/infer", rows([5.0]))[1]["model_version"] == "2"
    table = predictions_table(running.recorded())
    recorded = set(zip(table["prediction_id"], table["version"], strict=True))
    assert len(answered) == 400
    assert set(answered) <= recorded


def test_a_broken_version_never_takes_traffic(running):
    """The champion goes on, and the reason can be asked."""
    running.shop.release(3)
    until(running.plane.problems)
    status, reply = running.post("/v2/models/taxi/infer", rows([5.0]))
    assert (status, reply["model_version"]) == (200, "1")
    assert "version 3 of 'taxi' cannot be loaded" in running.plane.problems()[0].reason


def test_shadows_are_recorded_and_not_seen(running):
    """The reply names the champion alone."""
    running.shop.release(1, shadows=(2,))
    until(lambda: len(running.plane.signature("taxi")[1]) == 2)
    _, reply = running.post("/v2/models/taxi/infer", {"id": "r", **rows([5.0])})
    running.plane.flush()
    assert reply["model_version"] == "1"
    assert [(one.role, one.version) for one in running.recorded()] == [(["champion"], [1]), (["shadow"], [2])]


def test_a_body_that_breaks_off_is_no_request(running):
    """What came of it is not predicted, whole as it may look."""
    body = json.dumps(rows([1.0])).encode()
    head = f"POST /v2/models/taxi/infer HTTP/1.1\r\nhost: taxi\r\ncontent-length: {len(body) + 1}\r\n\r\n"
    host, _, port = running.address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1_000)
    assert running.post("/v2/models/taxi/infer", {"id": "next", **rows([1.0])})[0] == 200
    assert [one.prediction_id for one in running.recorded()] == [["next"]]


@dataclass
class Slow:
    """One model, which takes its time."""

    entered: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)

    def routes(self):
        """As a source of routes."""
        return [Route(model="taxi", generation=1, champion=1)]

    def load(self, _model, number):
        """As a loader of versions."""
        return LoadedModel(signature=SIGNATURE, version=number, predict=self.predict)

    def predict(self, matrix):
        """Waits until it is let go on."""
        self.entered.set()
        assert self.goes_on.wait(60)
        return matrix[:, 0]


@pytest.fixture
def slow(tmp_path, http):
    """A server of such a model; the model, the server, its thread, and its data plane."""
    model, started = Slow(), threading.Event()
    capture = CaptureWriter(tmp_path / "spool", log_id="web")
    plane = DataPlane(routes=model, loader=model, capture=capture, clock=SystemClock())
    server = InferenceServer(plane, port=0, http=http, on_start=lambda _told: started.set())
    thread = threading.Thread(target=server.run)
    thread.start()
    assert started.wait(60)
    yield model, server, thread, plane
    model.goes_on.set()
    server.stop()
    thread.join(60)
    assert not thread.is_alive()
    plane.close()
    capture.close()


def test_a_stop_answers_what_was_asked_before(slow, tmp_path):
    """Six callers wait, one of them for a batch that runs and five for their turn: all are answered, and recorded."""
    model, server, thread, plane = slow
    replies = []

    def ask(name):
        body = {"id": name, **rows([1.0])}
        reply = urllib3.request("POST", f"{server.address}/v2/models/taxi/infer", json=body, timeout=60)
        replies.append((reply.status, reply.json()["id"]))

    callers = [threading.Thread(target=ask, args=(f"r{number}",)) for number in range(6)]
    callers[0].start()
    assert model.entered.wait(60)
    for caller in callers[1:]:
        caller.start()
    until(lambda: plane.lanes.waiting_rows == 5)
    server.stop()
    until(lambda: not _is_open(server))
    model.goes_on.set()
    for caller in callers:
        caller.join(60)
    thread.join(60)
    assert sorted(replies) == [(200, f"r{number}") for number in range(6)]
    frames = CaptureReader(tmp_path / "spool").read("web").frames
    assert sorted(one for frame in frames for one in frame.prediction_id) == [f"r{n}" for n in range(6)]


def _is_open(server):
    host, _, port = server.address.removeprefix("http://").partition(":")
    try:
        socket.create_connection((host, int(port))).close()
    except OSError:
        return False
    return True


SERVER = """
import sys
from pathlib import Path
from keepfit.adapters.capture_log import CaptureWriter
from keepfit.clock import SystemClock
from keepfit.serving.dataplane import DataPlane
from keepfit.web.server import InferenceServer

class Nothing:
    def routes(self):
        from keepfit.release.routing import Route
        return [Route(model="taxi", generation=0, champion=None)]

capture = CaptureWriter(Path(sys.argv[1]), log_id="web")
plane = DataPlane(routes=Nothing(), loader=None, capture=capture, clock=SystemClock())
InferenceServer(plane, port=0, http=sys.argv[2], on_start=lambda told: print(told.http, flush=True)).run()
capture.close()
print("closed", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_order(tmp_path, number, http):
    """It returns to its caller, which closes what it opened, and exits with 0."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path), http], stdout=subprocess.PIPE, text=True
    ) as process:
        address = process.stdout.readline().strip()
        pool = urllib3.PoolManager(retries=False)
        reply = pool.request("POST", f"{address}/v2/models/taxi/labels", json={"ids": ["a"], "values": [1]})
        assert reply.json() == {"accepted": 1}
        os.kill(process.pid, number)
        pool.clear()
        assert process.stdout.readline() == "closed\n"
        assert process.wait(60) == 0
    assert isinstance(CaptureReader(tmp_path).read("web").frames[0], LabelsFrame)
