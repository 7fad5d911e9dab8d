"""A canary that is split by customer, from the database that says so to the bytes of the answers."""

import asyncio
import json

import numpy as np
import pytest

from keepfit.adapters.sql.engine import open_engine
from keepfit.adapters.sql.migrate import migrate
from keepfit.adapters.sql.releases import SqlReleases
from keepfit.adapters.sql.sqlite_reader import SqliteReader
from keepfit.clock import SystemClock
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.release.routing import Route
from keepfit.serving.dataplane import DataPlane
from keepfit.serving.loaded import LoadedModel
from keepfit.web.asgi import InferenceApp

PERCENT = 20.0
ROUTE = Route(
    model="taxi",
    generation=0,
    champion=1,
    canary=2,
    percent=PERCENT,
    shadows=(1, 2),
    split_by="customer_id",
)
SIGNATURE = Signature(
    features=(Feature("miles", Kind.NUMBER),), id="trip_id", time="at", context=(), output="minutes"
)


class Versions:
    """Each predicts its own number, so that the answer tells who gave it; the capture log is a list."""

    def __init__(self):
        """Nothing was recorded yet."""
        self.frames = []

    def load(self, _model, number):
        """As a loader of versions."""
        return LoadedModel(
            signature=SIGNATURE, version=number, predict=lambda matrix: np.full(len(matrix), float(number))
        )

    def append(self, frame):
        """As a capture log."""
        self.frames.append(frame)


@pytest.fixture
def versions():
    return Versions()


@pytest.fixture
def ask(tmp_path, versions):
    """POST a body; the versions that answered its rows. The route is read from a database as a server reads it."""
    path = tmp_path / "keepfit.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    SqlReleases(engine).set_route(ROUTE)
    engine.dispose()
    reader = SqliteReader.open(path)
    plane = DataPlane(
        routes=reader, loader=versions, capture=versions, clock=SystemClock(), shadows_waiting=0
    )
    plane.refresh()
    app = InferenceApp(plane)

    async def one(body, headers, url):
        messages, sent = [{"type": "http.request", "body": body}], []

        async def receive():
            return messages.pop(0)

        async def send(message):
            sent.append(message)

        await app({"type": "http", "method": "POST", "path": url, "headers": headers}, receive, send)
        assert sent[0]["status"] == 200, sent[1]["body"]
        return sent[1]["body"]

    async def together(bodies, headers, url):
        return await asyncio.gather(*[one(body, headers, url) for body in bodies])

    def go(*bodies, headers=(), url="/v2/models/taxi/infer"):
        """Requests that come at once."""
        return [json.loads(body) for body in asyncio.run(together(bodies, list(headers), url))]

    yield go
    app.close()
    plane.close()
    reader.close()


def body(customers, *, ids=None, datatype="INT64"):
    n = len(customers)
    inputs = [
        {"name": "miles", "datatype": "FP64", "shape": [n], "data": [1.0] * n},
        {"name": "customer_id", "datatype": datatype, "shape": [n], "data": list(customers)},
    ]
    if ids is not None:
        inputs.append({"name": "trip_id", "datatype": "BYTES", "shape": [n], "data": ids})
    return json.dumps({"inputs": inputs, "outputs": [{"name": "minutes"}]}).encode()


def answered(reply):
    return [int(one) for one in reply["outputs"][0]["data"]]


def test_a_customer_always_sees_one_version(ask):
    """Fifty requests of each of forty customers, under fifty ids, in whatever company."""
    seen = {}
    for customer in range(40):
        replies = ask(*[body([customer], ids=[f"trip-{customer}-{trip}"]) for trip in range(50)])
        seen[customer] = {answered(reply)[0] for reply in replies}
    assert all(len(versions) == 1 for versions in seen.values())
    assert set().union(*seen.values()) == {1, 2}


def test_the_canary_has_its_share_of_the_customers(ask):
    """Of five thousand, within four standard errors; the same ones when they ask again in another order."""
    customers = list(range(5_000))
    first = answered(ask(body(customers))[0])
    share = first.count(2) / len(customers)
    assert share == pytest.approx(PERCENT / 100, abs=4 * (0.2 * 0.8 / 5_000) ** 0.5)
    assert answered(ask(body(customers[::-1]))[0]) == first[::-1]


def test_it_does_not_matter_how_a_caller_writes_the_key(ask):
    """As an integer, a float, a text, in an object of KServe's first protocol, or in a line of CSV."""
    customers = list(range(60))
    expected = answered(ask(body(customers))[0])
    assert set(expected) == {1, 2}
    assert answered(ask(body([float(one) for one in customers], datatype="FP64"))[0]) == expected
    assert answered(ask(body([str(one) for one in customers], datatype="BYTES"))[0]) == expected
    instances = [{"miles": 1.0, "customer_id": one} for one in customers]
    (reply,) = ask(json.dumps({"instances": instances}).encode(), url="/v1/models/taxi:predict")
    assert reply["predictions"] == expected
    lines = "\n".join(["miles,customer_id", *(f"1.0,{one}" for one in customers)])
    headers = [(b"content-type", b"text/csv")]
    (reply,) = ask(lines.encode(), headers=headers, url="/invocations")
    assert reply["predictions"] == expected


def test_who_gives_no_key_goes_by_the_id(ask):
    """Null, or no column at all: the same rows, as they were split before there was a key."""
    ids = [f"trip-{row}" for row in range(200)]
    nulls = answered(ask(body([None] * 200, ids=ids, datatype="BYTES"))[0])
    inputs = [
        {"name": "miles", "datatype": "FP64", "shape": [200], "data": [1.0] * 200},
        {"name": "trip_id", "datatype": "BYTES", "shape": [200], "data": ids},
    ]
    (reply,) = ask(json.dumps({"inputs": inputs, "outputs": [{"name": "minutes"}]}).encode())
    assert answered(reply) == nulls
    assert set(nulls) == {1, 2}


def test_the_other_version_answers_for_the_record(ask, versions):
    """Every row is tried by both, one of them in the shadow, and its key is kept."""
    ask(body(range(100), ids=[f"trip-{row}" for row in range(100)]))
    tried = {
        (name, version): role
        for frame in versions.frames
        for name, version, role in zip(frame.prediction_id, frame.version, frame.role, strict=True)
    }
    assert len(tried) == 200
    for row in range(100):
        roles = {tried[f"trip-{row}", 1], tried[f"trip-{row}", 2]}
        assert roles in ({"champion", "shadow"}, {"canary", "shadow"})
    kept = {
        name: key
        for frame in versions.frames
        for name, key in zip(frame.prediction_id, frame.context["customer_id"], strict=True)
    }
    assert kept == {f"trip-{row}": str(row) for row in range(100)}
