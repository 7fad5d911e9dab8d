"""Open Inference Protocol v2 over gRPC: an extra, of which nothing is imported before `open_grpc` is called.

The messages are read as their JSON forms are, wait in the same lanes and are counted beside them, so that both protocols
give the same answers, and refuse the same things in the same words.
"""

from concurrent.futures import Executor
from typing import TYPE_CHECKING

from keepfit.errors import ConfigError
from keepfit.serving.dataplane import DataPlane
from keepfit.web.batcher import Batcher
from keepfit.web.observer import Observer

if TYPE_CHECKING:
    from keepfit.web.grpc.server import GrpcServer


def open_grpc(
    plane: DataPlane,
    *,
    batcher: Batcher,
    threads: Executor,
    observer: Observer,
    host: str,
    port: int,
    patience_s: float,
    max_message_bytes: int,
    shared: bool = False,
) -> "GrpcServer":
    """A server that is yet to be started, on the event loop of HTTP's.

    Args:
        plane: what answers.
        batcher: where requests wait for their turn; HTTP's.
        threads: where long messages are read.
        observer: notes what became of requests.
        host, port: where to listen; port 0 for any that is free.
        patience_s: how long a model that was unloaded may take to come back.
        max_message_bytes: longer messages are refused.
        shared: other processes listen on the port too.

    Raises:
        ConfigError: gRPC is not installed.
    """
    try:
        from keepfit.web.grpc.server import GrpcServer
        from keepfit.web.grpc.service import Service
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"grpc", "google"}:
            raise
        raise ConfigError(
            f"[serving] grpc_port: {error.name} is not installed", hint="pip install 'keepfit[grpc]'"
        ) from None
    service = Service(
        plane=plane,
        batcher=batcher,
        threads=threads,
        patience_s=patience_s,
        max_message_bytes=max_message_bytes,
    )
    return GrpcServer(service, observer, host=host, port=port, shared=shared)
