"""The application, spoken to in ASGI's own terms."""

import asyncio
import gzip
import json
import threading
import zlib
from types import SimpleNamespace

import pytest

from keepfit.serving.surroundings import Surroundings
from keepfit.web.asgi import InferenceApp
from keepfit.web.batcher import Limits


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


INFER = json.dumps(
    {
        "inputs": [
            {"name": "miles", "shape": [2], "datatype": "FP64", "data": [1.5, 2.0]},
            {"name": "hour", "shape": [2], "datatype": "INT64", "data": [8, 9]},
        ]
    }
).encode()
PATH = "/v2/models/taxi/infer"


def test_predictions_wait_for_their_turn(call, world):
    """They are recorded when the answer is there."""
    status, _, body = call("POST", PATH, INFER)
    assert (status, json.loads(body)["outputs"][0]["data"]) == (200, [3.0, 4.0])
    assert [frame.batch_rows for frame in world.frames] == [[2, 2]]


ENCODE = b'keepfit_stage_duration_seconds_count{model="taxi",stage="encode",version="3"}'


def test_the_writing_of_each_reply_is_measured(call):
    """And of refusals none."""
    call("POST", PATH, INFER)
    call("POST", PATH, INFER)
    call("POST", PATH, b"{}")
    assert ENCODE + b" 2.0" in call("GET", "/metrics")[2]


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_compressed_bodies_are_read_and_long_replies_compressed(call, encoding):
    """Where the caller takes that; a short reply is left alone."""
    pack, unpack = {"gzip": (gzip.compress, gzip.decompress), "deflate": (zlib.compress, zlib.decompress)}[
        encoding
    ]
    headers = [(b"content-encoding", encoding.encode()), (b"accept-encoding", encoding.encode())]
    status, answered, body = call("POST", PATH, pack(INFER), headers=headers)
    assert (status, b"content-encoding" in answered) == (200, False)
    columns = {"miles": [1.0] * 60, "hour": [8] * 60}
    tensors = [
        {"name": name, "shape": [60], "datatype": "FP64", "data": data} for name, data in columns.items()
    ]
    long = pack(json.dumps({"id": "r" * 20, "inputs": tensors}).encode())
    _, answered, body = call("POST", PATH, long, headers=headers)
    assert answered[b"content-encoding"].decode() == encoding
    assert json.loads(unpack(body))["outputs"][0]["data"] == [2.0] * 60


def test_a_small_body_cannot_become_a_large_one(call):
    """The limit holds for what was decompressed."""
    headers = [(b"content-encoding", b"gzip")]
    status, _, body = call("POST", PATH, gzip.compress(b" " * 100_000), headers=headers)
    assert (status, list(json.loads(body))) == (413, ["error"])


def test_an_encoding_that_is_not_read_is_said(call):
    """With what is."""
    status, _, body = call("POST", PATH, b"x", headers=[(b"content-encoding", b"br")])
    assert (status, json.loads(body)["error"]) == (
        415,
        "content encoding 'br' is not read here; send gzip, deflate or none",
    )


def test_the_callers_patience_is_a_number(call):
    """In milliseconds."""
    status, _, body = call("POST", PATH, INFER, headers=[(b"x-keepfit-timeout-ms", b"soon")])
    assert status == 400
    assert "give whole milliseconds" in json.loads(body)["error"]


def test_who_is_refused_for_now_may_come_back(world):
    """503 says when."""
    app = InferenceApp(world.plane(), limits=Limits(waiting_rows=2))
    statuses = []

    async def send(message):
        if message["type"] == "http.response.start":
            statuses.append((message["status"], dict(message["headers"]).get(b"retry-after")))

    async def receive():
        return {"type": "http.request", "body": INFER}

    async def go():
        scope = {"type": "http", "method": "POST", "path": PATH, "headers": []}
        await asyncio.gather(*[app(scope, receive, send) for _ in range(3)])

    asyncio.run(go())
    app.close()
    assert sorted(statuses) == [(200, None), (503, b"1"), (503, b"1")]


def test_what_was_answered_is_counted(call):
    """By model, version, protocol and status."""
    call("POST", PATH, INFER)
    call("POST", PATH, b"{")
    call("GET", "/nothing")
    _, headers, body = call("GET", "/metrics")
    text = body.decode()
    assert headers[b"content-type"].startswith(b"text/plain")
    expected = [
        'keepfit_request_duration_seconds_count{model="taxi",protocol="v2",status="2xx",version="3"} 1.0',
        'keepfit_request_duration_seconds_count{model="",protocol="v2",status="4xx",version="0"} 1.0',
        'keepfit_request_duration_seconds_count{model="",protocol="",status="4xx",version="0"} 1.0',
    ]
    lines = [line for line in text.splitlines() if line.startswith("keepfit_request_duration_seconds_count")]
    assert sorted(lines) == sorted(expected)


def test_a_trace_is_handed_on(call):
    """With a span of this server; a header that breaks the rules is as good as none."""
    parent = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    _, answered, _ = call("POST", PATH, INFER, headers=[(b"traceparent", parent)])
    version, trace, span, flags = answered[b"traceparent"].decode().split("-")
    assert (version, trace, flags) == ("00", "4bf92f3577b34da6a3ce929d0e0e4736", "01")
    assert span != "00f067aa0ba902b7"
    _, answered, _ = call("POST", PATH, INFER, headers=[(b"traceparent", b"nonsense")])
    assert b"traceparent" not in answered


def test_a_model_that_was_unloaded_is_loaded_for_who_asks(world):
    """The caller waits for it, and is answered."""
    world.models = {"taxi": 3, "bus": 3}
    plane = world.plane(loaded_models=1)
    app = InferenceApp(plane)
    statuses = []

    async def send(message):
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive():
        return {"type": "http.request", "body": INFER}

    async def go():
        for model in ("taxi", "bus", "taxi"):
            scope = {"type": "http", "method": "POST", "path": f"/v2/models/{model}/infer", "headers": []}
            await app(scope, receive, send)

    asyncio.run(go())
    app.close()
    plane.holding.close()
    assert statuses == [200, 200, 200]
    assert sum(bool(plane.holding.find(name).versions) for name in ("taxi", "bus")) == 1


def test_the_model_repository(call, world):
    """Its index, a model out of memory and back, and what is refused, in the protocol's shape."""
    taxi, bus = {"name": "taxi", "version": "3"}, {"name": "bus"}
    none = bus | {"state": "UNAVAILABLE", "reason": "no released version yet"}
    index = "/v2/repository/index"
    assert json.loads(call("POST", index)[2]) == [none, taxi | {"state": "READY", "reason": ""}]
    assert [one["name"] for one in json.loads(call("POST", index, b'{"ready": true}')[2])] == ["taxi"]
    model = "/v2/repository/models/taxi"
    assert call("POST", f"{model}/unload", b"{}")[::2] == (200, b'{"name":"taxi","unload":true}')
    asleep = taxi | {"state": "UNAVAILABLE", "reason": "unloaded; it is loaded when somebody asks for it"}
    for _ in range(2):
        assert call("GET", "/v2/models/taxi/ready")[0] == 503
        assert call("GET", "/v1/models/taxi")[0] == 503
        assert json.loads(call("POST", index)[2])[1] == asleep
    assert call("POST", f"{model}/load")[::2] == (200, b'{"name":"taxi","load":true}')
    assert call("GET", "/v2/models/taxi/ready")[0] == 200
    call("POST", f"{model}/unload")
    assert call("POST", PATH, INFER)[0] == 200
    for path, body, status, said in [
        ("/v2/repository/models/taxy/load", b"", 404, "unknown model 'taxy'; did you mean 'taxi'?"),
        ("/v2/repository/models/bus/load", b"", 503, "model 'bus' has no released version yet"),
        (
            f"{model}/load",
            b'{"parameters": {"config": "{}"}}',
            400,
            "the parameter 'config' is not taken here",
        ),
        (f"{model}/unload", b"{", 400, "the request cannot be read"),
    ]:
        refused, _, answer = call("POST", path, body)
        assert (refused, list(json.loads(answer))) == (status, ["error"])
        assert json.loads(answer)["error"].startswith(said)


def test_others_are_answered_while_a_model_is_loaded(world):
    """To load one may take minutes: it waits in a thread that nobody else needs."""
    go, order = threading.Event(), []
    slow = SimpleNamespace(load=lambda _model: go.wait(10))
    app = InferenceApp(world.plane(surroundings=Surroundings(all_workers=slow)), threads=1)

    async def ask(path, body):
        async def receive():
            return {"type": "http.request", "body": body}

        async def send(message):
            if message["type"] == "http.response.start":
                order.append((path, message["status"]))

        await app({"type": "http", "method": "POST", "path": path, "headers": []}, receive, send)

    async def both():
        loading = asyncio.create_task(ask("/v2/repository/models/taxi/load", b""))
        await asyncio.sleep(0)
        await ask(PATH, INFER)
        go.set()
        await loading

    asyncio.run(both())
    app.close()
    assert order == [(PATH, 200), ("/v2/repository/models/taxi/load", 200)]
