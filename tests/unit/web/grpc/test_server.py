"""A port of its own, and what goes through it."""

import asyncio

import grpc
import numpy as np
import pytest

from keepfit.errors import ServerError
from keepfit.web.grpc import open_grpc
from keepfit.web.listener import reserve


def unstarted(world, **where):
    """A server that answers nobody yet."""
    return open_grpc(
        world.plane(),
        batcher=None,
        threads=None,
        observer=None,
        host="127.0.0.1",
        patience_s=1.0,
        max_message_bytes=1_000,
        **where,
    )


def port_of(server):
    """Its port."""
    return int(server.address.rpartition(":")[2])


def test_two_servers_do_not_share_a_port_unawares(world):
    """The second is told that it is taken."""

    async def scenario():
        first = unstarted(world, port=0)
        await first.start()
        try:
            with pytest.raises(ServerError, match=f"port {port_of(first)} is in use"):
                await unstarted(world, port=port_of(first)).start()
        finally:
            await first.stop(0)

    asyncio.run(scenario())


def test_several_workers_share_a_reserved_port(world):
    """Each listens with a socket of its own, beside the one that holds the port."""

    async def scenario():
        with reserve("127.0.0.1", 0) as held:
            port = held.getsockname()[1]
            workers = [unstarted(world, port=port, shared=True) for _ in range(2)]
            for one in workers:
                await one.start()
            assert [port_of(one) for one in workers] == [port, port]
            for one in workers:
                await one.stop(0)

    asyncio.run(scenario())


def test_a_server_that_never_started_stops(world):
    """Without a word."""
    asyncio.run(unstarted(world, port=0).stop(1))


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip])
def test_messages_that_are_too_long_are_refused(serve, compression):
    """Of a compressed one what it becomes counts."""

    async def scenario(client):
        told = {
            "model_name": "taxi",
            "inputs": [{"name": "x", "datatype": "FP64", "shape": [1_000, 2]}],
            "raw_input_contents": [np.zeros(2_000).tobytes()],
        }
        return await client.refused("ModelInfer", told, compression=compression)

    assert serve(scenario, max_message_bytes=10_000)[0] == "RESOURCE_EXHAUSTED"


def test_compressed_messages_are_read(serve, tensors):
    """As any others."""

    async def scenario(client):
        told = {"model_name": "taxi", "inputs": tensors}
        return await client.start("ModelInfer", told, compression=grpc.Compression.Gzip)

    assert list(serve(scenario).outputs[0].contents.fp64_contents) == [3.0, 4.0]


def test_an_unknown_method_is_said(serve):
    """By gRPC itself."""

    async def scenario(client):
        call = client.channel.unary_unary("/inference.GRPCInferenceService/ModelStreamInfer")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(b"")
        return caught.value.code().name

    assert serve(scenario) == "UNIMPLEMENTED"


def test_requests_under_way_are_finished(serve, slow, tensors):
    """When the server is told to stop, and no new ones are taken."""

    async def scenario(client):
        told = {"model_name": "taxi", "inputs": tensors}
        call = client.start("ModelInfer", told)
        await asyncio.to_thread(slow.reached.wait, 5)
        stopping = asyncio.create_task(client.world.server.stop(5.0))
        code, _, _ = await client.refused("ModelInfer", told)
        slow.free.set()
        await stopping
        assert code in {"UNAVAILABLE", "CANCELLED"}
        return await call

    assert list(serve(scenario).outputs[0].contents.fp64_contents) == [3.0, 4.0]
