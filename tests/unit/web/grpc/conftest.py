"""A gRPC server on a port of this machine, and a client that speaks to it."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import grpc
import pytest

from keepfit.serving.loaded import LoadedModel
from keepfit.web.batcher import Batcher, Limits
from keepfit.web.grpc import open_grpc
from keepfit.web.grpc.descriptor import SERVICE, message
from keepfit.web.observer import Observer

TENSORS = (
    {"name": "miles", "datatype": "FP64", "shape": [2], "contents": {"fp64_contents": [1.5, 2.0]}},
    {"name": "hour", "datatype": "INT64", "shape": [2], "contents": {"int64_contents": [8, 9]}},
)


class Client:
    """Calls methods by name."""

    def __init__(self, channel):
        self.channel = channel

    def start(self, method, told=None, *, timeout=5.0, metadata=(), compression=None):
        """The call, under way."""
        stub = self.channel.unary_unary(
            f"/{SERVICE}/{method}",
            request_serializer=lambda value: value.SerializeToString(),
            response_deserializer=message(f"{method}Response").FromString,
        )
        request = message(f"{method}Request")(**(told or {}))
        return stub(request, timeout=timeout, metadata=metadata, compression=compression)

    async def refused(self, method, told=None, **how):
        """The error's code, its words and its trailing metadata."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.start(method, told, **how)
        return caught.value.code().name, caught.value.details(), dict(caught.value.trailing_metadata())


@pytest.fixture
def serve(world):
    """Run a scenario, which is given a client, beside a server."""

    def run(scenario, *, limits=None, max_message_bytes=100_000, access_log=None, plane=None):
        limits = limits or Limits()

        async def go():
            with ThreadPoolExecutor(2) as threads:
                served = plane or world.plane()
                batcher = Batcher(served.answer, threads, limits)
                server = open_grpc(
                    served,
                    batcher=batcher,
                    threads=threads,
                    observer=Observer(served.telemetry, access_log),
                    host="127.0.0.1",
                    port=0,
                    patience_s=limits.timeout_s,
                    max_message_bytes=max_message_bytes,
                )
                await server.start()
                async with grpc.aio.insecure_channel(
                    server.address, options=[("grpc.enable_retries", 0)]
                ) as channel:
                    client = Client(channel)
                    client.world = SimpleNamespace(plane=served, batcher=batcher, server=server)
                    try:
                        return await scenario(client)
                    finally:
                        await server.stop(1.0)

        return asyncio.run(go())

    return run


@pytest.fixture
def slow(world, monkeypatch):
    """Its model answers once it is set `free`; it tells when it was `reached`."""
    events, quick = SimpleNamespace(reached=threading.Event(), free=threading.Event()), world.load

    def load(model, number):
        loaded = quick(model, number)

        def predict(matrix):
            events.reached.set()
            events.free.wait(10)
            return loaded.predict(matrix)

        return LoadedModel(signature=loaded.signature, version=number, predict=predict)

    monkeypatch.setattr(world, "load", load)
    return events


@pytest.fixture
def tensors():
    """Two rows of `taxi`, as typed contents."""
    return [dict(one) for one in TENSORS]
