"""Serving a place: by this process alone, or by several that it looks after."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from keepfit.app.collector import collect_seldom
from keepfit.app.one_thread import use_one_thread
from keepfit.app.server_files import remove_address, write_address
from keepfit.app.serving_sources import Place, Sources
from keepfit.serving.telemetry_files import MetricsFolder, metrics_in


@dataclass(frozen=True, slots=True, kw_only=True)
class _Where:
    """The address that a server listens on, and its port for gRPC."""

    host: str
    port: int
    grpc_port: int


def run_server(
    place: Place,
    sources: Sources,
    *,
    host: str,
    port: int,
    grpc_port: int = 0,
    workers: int,
    started: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or Ctrl-C; a workspace says where in .keepfit/server.json meanwhile.

    Args:
        place: what is served.
        sources: the same, opened.
        host, port: where; port 0 for any free one.
        grpc_port: where gRPC is spoken; 0 for nowhere.
        workers: processes that answer; 1 is this one.
        started: told the address once requests are answered.

    Raises:
        ServerError: the port is in use, or workers cannot be kept alive.
    """
    use_one_thread()
    MetricsFolder(metrics_in(sources.spool)).clear()
    where = _Where(host=host, port=port, grpc_port=grpc_port)

    def announce(address: str) -> None:
        if sources.state is not None:
            write_address(sources.state, address, os.getpid())
        started(address)

    try:
        if workers == 1:
            _serve_alone(sources, where, announce)
        else:
            _supervise(place, sources, where, workers, announce)
    finally:
        if sources.state is not None:
            remove_address(sources.state)


def _serve_alone(sources: Sources, where: _Where, started: Callable[[str], None]) -> None:
    from keepfit.web.server import InferenceServer
    from keepfit.web.stand import open_stand

    def began(address: str) -> None:
        collect_seldom()
        started(address)

    with open_stand(sources) as stand:
        InferenceServer(
            stand.plane,
            access_log=stand.access_log,
            spans=stand.spans,
            host=where.host,
            port=where.port,
            grpc_port=where.grpc_port,
            on_start=began,
        ).run()


def _supervise(
    place: Place,
    sources: Sources,
    where: _Where,
    workers: int,
    started: Callable[[str], None],
) -> None:
    from keepfit.web.supervisor import Supervisor

    Supervisor(
        _absolute(place),
        sources.routes,
        host=where.host,
        port=where.port,
        grpc_port=where.grpc_port,
        workers=workers,
        on_start=started,
    ).run()


def _absolute(place: Place) -> Place:
    spool = None if place.spool is None else str(Path(place.spool).resolve())
    return replace(place, folder=str(Path(place.folder).resolve()), spool=spool)
