"""The methods, called by a real client."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest

from keepfit.clock import ManualClock, parse_time
from keepfit.serving.dataplane import DataPlane
from keepfit.serving.oip.binary_data import packed
from keepfit.serving.payload import Columns
from keepfit.web.batcher import Batcher
from keepfit.web.grpc.descriptor import SERVICE, message
from keepfit.web.grpc.service import Caller, Service


def test_health(serve):
    """Of the server and of its models; one without a release is not ready, and that is an answer."""

    async def scenario(client):
        assert (await client.start("ServerLive")).live
        assert (await client.start("ServerReady")).ready
        assert (await client.start("ModelReady", {"name": "taxi"})).ready
        assert (await client.start("ModelReady", {"name": "taxi", "version": "3"})).ready
        assert not (await client.start("ModelReady", {"name": "bus"})).ready
        return await client.refused("ModelReady", {"name": "taxy"})

    assert serve(scenario)[:2] == ("NOT_FOUND", "unknown model 'taxy'; did you mean 'taxi'?")


def test_metadata(serve):
    """Of the server; of a model with its inputs and outputs, and the generation of its route."""

    async def scenario(client):
        server = await client.start("ServerMetadata")
        call = client.start("ModelMetadata", {"name": "taxi"})
        model = await call
        versioned = await client.start("ModelMetadata", {"name": "taxi", "version": "3"})
        return server, model, dict(await call.trailing_metadata()), versioned

    server, model, trailing, versioned = serve(scenario)
    assert (server.name, list(server.extensions)) == ("keepfit", ["binary_tensor_data", "model_repository"])
    assert (model.name, list(model.versions), model.platform) == ("taxi", ["3"], "keepfit")
    assert [(one.name, one.datatype, list(one.shape)) for one in (*model.inputs, *model.outputs)] == [
        ("miles", "FP64", [-1]),
        ("hour", "INT64", [-1]),
        ("minutes", "FP64", [-1]),
        ("prediction_id", "BYTES", [-1]),
    ]
    assert trailing["x-keepfit-generation"] == "1"
    assert versioned == model


def test_typed_contents_are_answered_typed(serve, world, tensors):
    """With the version that answered, and the caller's id."""

    async def scenario(client):
        return await client.start("ModelInfer", {"model_name": "taxi", "id": "trip", "inputs": tensors})

    reply = serve(scenario)
    assert (reply.model_name, reply.model_version, reply.id) == ("taxi", "3", "trip")
    minutes, ids = reply.outputs
    assert list(minutes.contents.fp64_contents) == [3.0, 4.0]
    assert list(ids.contents.bytes_contents) == [b"trip:0", b"trip:1"]
    assert not reply.raw_output_contents
    assert world.frames[0].prediction_id == ["trip:0", "trip:1"]


def test_the_writing_of_an_answer_is_measured(serve, world, tensors):
    """As over HTTP."""
    plane = world.plane()

    async def scenario(client):
        await client.start("ModelInfer", {"model_name": "taxi", "inputs": tensors})

    serve(scenario, plane=plane)
    cells = plane.totals().stages["taxi", 3, "encode"]
    assert sum(cells[:-1]) == 1
    assert cells[-1] > 0


def test_raw_contents_are_answered_raw(serve):
    """As one matrix of all features, too; outputs come in the order in which they were asked for."""

    async def scenario(client):
        told = {
            "model_name": "taxi",
            "model_version": "3",
            "id": "trip",
            "inputs": [{"name": "x", "datatype": "FP32", "shape": [2, 2]}],
            "outputs": [{"name": "prediction_id"}, {"name": "minutes"}],
            "raw_input_contents": [np.array([[1.5, 8], [2, 9]], "<f4").tobytes()],
        }
        return await client.start("ModelInfer", told)

    reply = serve(scenario)
    assert [one.name for one in reply.outputs] == ["prediction_id", "minutes"]
    assert [one.HasField("contents") for one in reply.outputs] == [False, False]
    assert list(reply.raw_output_contents) == [
        packed(["trip:0", "trip:1"]),
        np.array([3.0, 4.0]).tobytes(),
    ]


@pytest.mark.parametrize(
    ("told", "code", "said"),
    [
        ({"model_name": "taxy"}, "NOT_FOUND", "unknown model 'taxy'; did you mean 'taxi'?"),
        (
            {"model_version": "7"},
            "NOT_FOUND",
            "version 7 of 'taxi' is not being served; there are: 3",
        ),
        ({"model_version": "new"}, "NOT_FOUND", "'new' is not a version: versions are numbers"),
        ({"model_name": "bus"}, "UNAVAILABLE", "model 'bus' has no released version yet"),
        ({"inputs": []}, "INVALID_ARGUMENT", "the request has no inputs"),
        (
            {"outputs": [{"name": "minute"}]},
            "INVALID_ARGUMENT",
            "unknown output 'minute'; did you mean 'minutes'?",
        ),
    ],
)
def test_refusals(serve, tensors, told, code, said):
    """In HTTP's words, with the status that is its."""

    async def scenario(client):
        return await client.refused("ModelInfer", {"model_name": "taxi", "inputs": tensors, **told})

    assert serve(scenario)[:2] == (code, said)


def test_what_is_no_message_is_refused(serve):
    """As the caller's mistake, not the server's."""

    async def scenario(client):
        call = client.channel.unary_unary(f"/{SERVICE}/ModelInfer")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(b"\xff\xff\xff")
        return caught.value.code().name, caught.value.details()

    assert serve(scenario) == ("INVALID_ARGUMENT", "the message is no ModelInferRequest")


def test_long_requests_are_answered(serve):
    """They are read, and their answers written, in threads."""
    rows = 10_000

    async def scenario(client):
        told = {
            "model_name": "taxi",
            "inputs": [{"name": "x", "datatype": "FP64", "shape": [rows, 2]}],
            "raw_input_contents": [np.arange(2.0 * rows).tobytes()],
        }
        return await client.start("ModelInfer", told)

    reply = serve(scenario, max_message_bytes=1_000_000)
    assert np.frombuffer(reply.raw_output_contents[0]).tolist() == np.arange(0, 4.0 * rows, 4).tolist()


def test_grpc_and_http_share_batches(world, tensors):
    """Requests of both that come in one turn of the loop are one frame of the capture log."""
    body = message("ModelInferRequest")(model_name="taxi", inputs=tensors).SerializeToString()

    async def scenario(infer, plane, batcher):
        async def over_http():
            columns = Columns(("miles", "hour"), ([5.0], [7]))
            return await batcher.submit(plane.ask("taxi", lambda _accepts: columns))

        return await asyncio.gather(infer(body, Caller(None, {})), over_http(), infer(body, Caller(None, {})))

    with ThreadPoolExecutor(1) as threads:
        plane = world.plane()
        batcher = Batcher(plane.answer, threads)
        service = Service(
            plane=plane, batcher=batcher, threads=threads, patience_s=1.0, max_message_bytes=1_000
        )
        first, over_http, last = asyncio.run(scenario(service.methods()["ModelInfer"], plane, batcher))
    assert over_http.predictions.tolist() == [10.0]
    assert first.result.predictions.tolist() == last.result.predictions.tolist() == [3.0, 4.0]
    assert [frame.batch_rows for frame in world.frames] == [[5] * 5]


def test_what_comes_while_a_batch_runs_is_the_next_one(serve, world, slow, tensors):
    """One call of the model for all of it."""

    async def scenario(client):
        told = {"model_name": "taxi", "inputs": tensors}
        calls = [client.start("ModelInfer", told)]
        await asyncio.to_thread(slow.reached.wait, 5)
        calls += [client.start("ModelInfer", told) for _ in range(9)]
        while client.world.batcher.lanes.waiting_rows < 18:  # noqa: ASYNC110 - a lane tells nobody what waits in it
            await asyncio.sleep(0)
        slow.free.set()
        return await asyncio.gather(*calls)

    assert len(serve(scenario)) == 10
    assert [frame.batch_rows for frame in world.frames] == [[2] * 2, [18] * 18]


def test_models_that_sleep_are_waited_for(serve, world, tensors):
    """Only one of two models is kept in memory: whoever asks for the other is answered once it was loaded."""
    world.models["bus"] = 4
    plane = DataPlane(
        routes=world,
        loader=world,
        capture=world,
        clock=ManualClock(parse_time("2020-01-31")),
        loaded_models=1,
    )
    plane.refresh()

    async def scenario(client):
        return [
            await client.start("ModelInfer", {"model_name": name, "inputs": tensors})
            for name in ("taxi", "bus", "taxi")
        ] + [await client.start("ModelMetadata", {"name": "bus"})]

    *answers, bus = serve(scenario, plane=plane)
    plane.holding.close()
    assert [one.model_version for one in answers] == ["3", "4", "3"]
    assert list(bus.versions) == ["4"]


def test_the_model_repository(serve):
    """As over HTTP; KServe's clients name the model in another field."""

    async def scenario(client):
        told = []

        async def look(**how):
            found = await client.start("RepositoryIndex", how)
            told.append([(one.name, one.version, one.state, one.reason) for one in found.models])

        await look()
        await look(ready=True)
        unloaded = await client.start(
            "RepositoryModelUnload",
            {"model_name": "taxi", "parameters": {"unload_dependents": {"bool_param": False}}},
        )
        assert not (await client.start("ModelReady", {"name": "taxi"})).ready
        await look()
        loaded = await client.start("RepositoryModelLoad", {"repository_name": "taxi"})
        await look(ready=True)
        refused = [
            await client.refused("RepositoryModelLoad", {"model_name": "bus"}),
            await client.refused("RepositoryModelUnload", {"model_name": "taxy"}),
            await client.refused(
                "RepositoryModelLoad",
                {"model_name": "taxi", "parameters": {"config": {"string_param": "{}"}}},
            ),
        ]
        return told, unloaded, loaded, refused

    told, unloaded, loaded, refused = serve(scenario)
    none, ready = ("bus", "", "UNAVAILABLE", "no released version yet"), ("taxi", "3", "READY", "")
    asleep = ("taxi", "3", "UNAVAILABLE", "unloaded; it is loaded when somebody asks for it")
    assert told == [[none, ready], [ready], [none, asleep], [ready]]
    assert (
        (unloaded.model_name, unloaded.isUnloaded) == (loaded.model_name, loaded.isLoaded) == ("taxi", True)
    )
    assert [one[0] for one in refused] == ["UNAVAILABLE", "NOT_FOUND", "INVALID_ARGUMENT"]
    assert refused[2][1].startswith("the parameter 'config' is not taken here")
