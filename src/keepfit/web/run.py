"""Serving a place: by this process alone, or by several that it looks after."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from keepfit.adapters.server_folder import server_folder
from keepfit.app.collector import collect_seldom
from keepfit.app.one_thread import use_one_thread
from keepfit.app.server_files import Addresses, remove_addresses, write_addresses
from keepfit.app.serving_sources import Place, Sources
from keepfit.clock import parse_duration
from keepfit.serving.telemetry_files import metrics_in


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
    started: Callable[[Addresses], None],
) -> None:
    """Serve until SIGTERM or Ctrl-C; a workspace says where in .keepfit/server.json meanwhile.

    Args:
        place: what is served.
        sources: the same, opened.
        host, port: where; port 0 for any free one.
        grpc_port: where gRPC is spoken; 0 for nowhere.
        workers: processes that answer; 1 is this one.
        started: told where once requests are answered.

    Raises:
        ServerError: the port is in use, or workers cannot be kept alive.
    """
    use_one_thread()
    where = _Where(host=host, port=port, grpc_port=grpc_port)

    def announce(addresses: Addresses) -> None:
        if sources.state is not None:
            write_addresses(sources.state, addresses, os.getpid())
        started(addresses)

    try:
        with server_folder(metrics_in(sources.spool).resolve()) as metrics:
            if workers == 1:
                _serve_alone(sources, where, metrics, announce)
            else:
                _supervise(place, sources, where, workers, metrics, announce)
    finally:
        if sources.state is not None:
            remove_addresses(sources.state)


def _serve_alone(
    sources: Sources, where: _Where, metrics: Path, started: Callable[[Addresses], None]
) -> None:
    from keepfit.web.server import InferenceServer
    from keepfit.web.stand import open_stand

    def began(addresses: Addresses) -> None:
        collect_seldom()
        started(addresses)

    with open_stand(sources, metrics) as stand:
        InferenceServer(
            stand.plane,
            access_log=stand.access_log,
            spans=stand.spans,
            host=where.host,
            port=where.port,
            grpc_port=where.grpc_port,
            http=stand.settings.http,
            limits=stand.limits,
            max_body_bytes=stand.settings.body_limit,
            stop_s=stand.stop_s,
            keep_alive_s=stand.keep_alive_s,
            on_start=began,
        ).run()


def _supervise(
    place: Place,
    sources: Sources,
    where: _Where,
    workers: int,
    metrics: Path,
    started: Callable[[Addresses], None],
) -> None:
    from keepfit.web.supervisor import Supervisor
    from keepfit.web.worker import STOP_MARGIN_S

    Supervisor(
        _absolute(place),
        sources.routes,
        host=where.host,
        port=where.port,
        grpc_port=where.grpc_port,
        workers=workers,
        metrics=metrics,
        stop_s=parse_duration(sources.settings.stop_timeout).total_seconds() + STOP_MARGIN_S,
        on_start=started,
    ).run()


def _absolute(place: Place) -> Place:
    spool = None if place.spool is None else str(Path(place.spool).resolve())
    return replace(place, folder=str(Path(place.folder).resolve()), spool=spool)
