"""Calls: their deadlines, their traces, and how they are counted."""

import asyncio
import json

from keepfit.clock import EPOCH
from keepfit.web.access_log import AccessLog, Sink
from keepfit.web.batcher import Limits
from keepfit.web.metrics import metrics_reply

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def counted(plane):
    """How many requests there were, by model, version, protocol and class of status."""
    return {key: sum(cells[:-1]) for key, cells in plane.telemetry.snapshot(EPOCH).requests.items()}


def test_calls_are_counted_beside_http(serve, tensors):
    """By model, version, protocol and the status that HTTP would have."""

    async def scenario(client):
        infer = {"model_name": "taxi", "inputs": tensors}
        await client.start("ModelInfer", infer)
        await client.refused("ModelInfer", {**infer, "inputs": []})
        await client.refused("ModelInfer", {**infer, "model_name": "bus"})
        await client.start("ServerLive")
        return client.world.plane

    plane = serve(scenario)
    assert counted(plane) == {
        ("taxi", 3, "grpc", "2xx"): 1,
        ("", 0, "grpc", "4xx"): 1,
        ("", 0, "grpc", "5xx"): 1,
        ("", 0, "other", "2xx"): 1,
    }
    body, _ = metrics_reply(plane.telemetry.snapshot(EPOCH), "")
    assert b'keepfit_requests_refused_total{model="bus"} 1.0' in body


def test_a_trace_is_handed_on(serve, tensors):
    """With a span of this server, whether the call succeeds or not."""

    async def scenario(client):
        call = client.start(
            "ModelInfer", {"model_name": "taxi", "inputs": tensors}, metadata=(("traceparent", PARENT),)
        )
        await call
        _, _, refused = await client.refused("ModelInfer", {}, metadata=(("traceparent", PARENT),))
        plain = client.start("ServerLive", metadata=(("traceparent", "nonsense"), ("x-bin", b"\xff")))
        await plain
        return dict(await call.trailing_metadata()), refused, dict(await plain.trailing_metadata())

    answered, refused, plain = serve(scenario)
    for one in (answered, refused):
        version, trace, span, flags = one["traceparent"].split("-")
        assert (version, trace, flags) == ("00", "4bf92f3577b34da6a3ce929d0e0e4736", "01")
        assert span != "00f067aa0ba902b7"
    assert "traceparent" not in plain


def test_calls_are_in_the_access_log(serve, tensors, tmp_path):
    """With the method as the path, and where they came from."""
    log = AccessLog("all", Sink(path=tmp_path / "access.log"))

    async def scenario(client):
        await client.start("ModelInfer", {"model_name": "taxi", "id": "trip", "inputs": tensors})

    serve(scenario, access_log=log)
    log.close()
    line = json.loads((tmp_path / "access.log").read_text())
    assert line["path"] == "/inference.GRPCInferenceService/ModelInfer"
    assert (
        line["status"],
        line["model"],
        line["version"],
        line["rows"],
        line["request_id"],
        line["remote"],
    ) == (
        200,
        "taxi",
        3,
        2,
        "trip",
        "127.0.0.1",
    )


def test_who_is_refused_for_now_may_come_back(serve, slow, tensors):
    """UNAVAILABLE says when, in HTTP's way and in gRPC's own."""

    async def scenario(client):
        told = {"model_name": "taxi", "inputs": tensors}
        calls = [client.start("ModelInfer", told)]
        await asyncio.to_thread(slow.reached.wait, 5)
        calls.append(client.start("ModelInfer", told))
        while not client.world.batcher.lanes.waiting_rows:  # noqa: ASYNC110 - a lane tells nobody what waits in it
            await asyncio.sleep(0)
        refused = await client.refused("ModelInfer", told)
        slow.free.set()
        await asyncio.gather(*calls)
        return refused

    code, details, trailing = serve(scenario, limits=Limits(waiting_rows=2))
    assert (code, details) == ("UNAVAILABLE", "'taxi' has 2 rows waiting to be answered; try again later")
    assert (trailing["retry-after"], trailing["grpc-retry-pushback-ms"]) == ("1", "1000")


def test_the_timeout_parameter_is_kept(serve, tensors):
    """A request that waited longer than its microseconds is given up."""

    async def scenario(client):
        told = {"model_name": "taxi", "inputs": tensors, "parameters": {"timeout": {"int64_param": 1}}}
        return await client.refused("ModelInfer", told), client.world.plane

    (code, details, _), plane = serve(scenario)
    assert (code, details) == ("DEADLINE_EXCEEDED", "the request waited 0.0 s for its turn")
    assert (
        b'keepfit_deadlines_missed_total{model="taxi"} 1.0'
        in metrics_reply(plane.telemetry.snapshot(EPOCH), "")[0]
    )


def test_a_deadline_that_has_come_is_counted(serve, slow, tensors):
    """The caller is told by gRPC; the numbers tell that it was too late."""

    async def scenario(client):
        told = {"model_name": "taxi", "inputs": tensors}
        code, _, _ = await client.refused("ModelInfer", told, timeout=0.2)
        await client.world.server.stop(5.0)
        slow.free.set()
        return code, counted(client.world.plane)

    assert serve(scenario) == ("DEADLINE_EXCEEDED", {("", 0, "grpc", "5xx"): 1})


def test_a_request_in_the_lane_waits_no_longer_than_its_deadline(serve, world, slow, tensors):
    """It is never predicted when its caller is gone before its turn."""

    async def scenario(client):
        told = {"model_name": "taxi", "inputs": tensors}
        first = client.start("ModelInfer", {**told, "id": "first"})
        await asyncio.to_thread(slow.reached.wait, 5)
        code, _, _ = await client.refused("ModelInfer", {**told, "id": "second"}, timeout=0.2)
        slow.free.set()
        await first
        await client.start("ModelInfer", {**told, "id": "third"})
        return code

    assert serve(scenario) == "DEADLINE_EXCEEDED"
    assert [one for frame in world.frames for one in frame.prediction_id][::2] == ["first:0", "third:0"]


def test_what_nobody_expected_is_not_told(serve, tensors):
    """The server's log has it."""

    async def scenario(client):
        plane = client.world.plane
        plane.models = None
        plane.is_ready = None
        return await client.refused("ServerReady")

    assert serve(scenario)[:2] == ("INTERNAL", "internal error; the server's log has the reason")


def test_a_failed_prediction_is_internal(serve, tensors):
    """And says so as HTTP does."""
    tensors[0]["contents"] = {"fp64_contents": [-1.0, 1.0]}

    async def scenario(client):
        return await client.refused("ModelInfer", {"model_name": "taxi", "inputs": tensors})

    code, details, _ = serve(scenario)
    assert code == "INTERNAL"
    assert "taxi" in details
