"""`keepfit serve` with a port for gRPC: one process and two answer there, record it, and end in order."""

import json
import signal
import socket

import grpc
import pytest

from keepfit.adapters.capture_log import CaptureReader, server_log
from keepfit.web.grpc.descriptor import SERVICE, message

#: One row of `bikes`.
ROW = (
    ("station", "BYTES", {"bytes_contents": [b"park"]}),
    ("hour", "INT64", {"int64_contents": [8]}),
    ("weekday", "INT64", {"int64_contents": [1]}),
    ("degrees", "FP64", {"fp64_contents": [9.5]}),
)
TENSORS = [
    {"name": name, "datatype": datatype, "shape": [1], "contents": contents}
    for name, datatype, contents in ROW
]
#: A connection of its own for every channel, so that either worker may take it.
OWN = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]


def call(channel, method, **told):
    """The reply of a method."""
    stub = channel.unary_unary(
        f"/{SERVICE}/{method}",
        request_serializer=lambda value: value.SerializeToString(),
        response_deserializer=message(f"{method}Response").FromString,
    )
    return stub(message(f"{method}Request")(**told), timeout=60)


def infer(address, name):
    """One prediction, on a new connection; the reply."""
    with grpc.insecure_channel(address, options=OWN) as channel:
        return call(channel, "ModelInfer", model_name="bikes", id=name, inputs=TENSORS)


def recorded(spool):
    """The ids of all predictions that were captured, by log."""
    reader = CaptureReader(spool)
    return {
        log: [one for frame in reader.read(log).frames for one in frame.prediction_id]
        for log in reader.logs()
    }


@pytest.fixture
def address(trained):
    """Where the trained workspace is to speak gRPC."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    trained.edit("# grpc_port = 0 ", f"grpc_port = {port} ", "keepfit.toml")
    return f"127.0.0.1:{port}"


def test_one_process_answers_both_protocols_alike(trained, address):
    """The same prediction, both recorded; SIGTERM ends it although a connection is open."""
    with trained.running("serve", "--port", "0") as server, grpc.insecure_channel(address) as channel:
        assert call(channel, "ServerReady").ready
        assert list(call(channel, "ModelMetadata", name="bikes").versions) == ["1"]
        reply = call(channel, "ModelInfer", model_name="bikes", id="by-grpc", inputs=TENSORS)
        status, by_http = server.predict("by-http")
        assert status == 200
        rides, ids = reply.outputs
        assert list(rides.contents.fp64_contents) == by_http["predictions"]
        assert list(ids.contents.bytes_contents) == [b"by-grpc"]
        with pytest.raises(grpc.RpcError) as refused:
            call(channel, "ModelInfer", model_name="bikes", inputs=TENSORS[1:])
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "column 'station' is missing" in refused.value.details()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
        assert "Traceback" not in server.said
    spool = trained.root / ".keepfit" / "spool"
    assert recorded(spool) == {server_log(spool, 0): ["by-grpc", "by-http"]}


def test_two_workers_share_the_port(trained, address):
    """Both answer, each has its own log, every prediction is in one of them once; SIGTERM ends all with 0."""
    spool = trained.root / ".keepfit" / "spool"
    names = []

    def both_have_answered():
        names.append(f"ride-{len(names)}")
        assert infer(address, names[-1]).id == names[-1]
        return sum(map(bool, recorded(spool).values())) == 2

    with trained.running("serve", "--port", "0", "--workers", "2") as server:
        server.wait_until(both_have_answered)
        assert server.predict("by-http")[0] == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
        assert "Traceback" not in server.said
    found = recorded(spool)
    assert sorted(found) == [server_log(spool, slot) for slot in (0, 1)]
    assert sorted(one for ids in found.values() for one in ids) == sorted([*names, "by-http"])


def test_a_port_for_grpc_that_is_in_use_is_said(trained, address):
    """At the start, with the setting to change; the server does not stay."""
    with socket.create_server(("127.0.0.1", int(address.partition(":")[2]))) as taken:
        done = trained.process("serve", "--port", "0")
        port = taken.getsockname()[1]
    assert done.code == 1
    assert done.err.splitlines()[-2:] == [
        f"error: port {port} is in use",
        "hint: choose another [serving] grpc_port",
    ]
    assert "Traceback" not in done.err


@pytest.mark.parametrize("workers", ["1", "2"])
def test_where_grpc_is_spoken_is_told(trained, address, workers):
    """Beside the address of HTTP, to who reads and to who looks into the file."""
    with trained.running("serve", "--port", "0", "--workers", workers) as server:
        server.wait_for(f"gRPC on {address}")
        told = json.loads((trained.root / ".keepfit" / "server.json").read_text(encoding="utf-8"))
        assert (told["address"], told["grpc"]) == (server.address, address)
        assert server.end(signal.SIGTERM) == 0


def test_granian_leaves_grpc_as_it_is(trained, address):
    """Both are served by one event loop, and end together."""
    trained.edit('# http = "uvicorn" ', 'http = "granian" ', "keepfit.toml")
    with trained.running("serve", "--port", "0") as server:
        assert infer(address, "over-grpc").id == "over-grpc"
        assert server.predict("over-http")[0] == 200
        assert server.end(signal.SIGTERM) == 0
    spool = trained.root / ".keepfit" / "spool"
    assert sorted(recorded(spool)[server_log(spool, 0)]) == [
        "over-grpc",
        "over-http",
    ]
