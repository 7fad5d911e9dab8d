"""`keepfit serve`, `keepfit up` and `keepfit tick`"""

import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keepfit.cli.drain import drained
from keepfit.cli.options import (
    JsonOption,
    NowOption,
    WorkspaceOption,
    duration_argument,
    moment_or_now,
    opened,
)
from keepfit.cli.output import EXIT_FAILED, print_json, report, say, tell, waiting_labels

if TYPE_CHECKING:
    from keepfit.app.server_files import Addresses
    from keepfit.fleet.health import ModelHealth
    from keepfit.serving.held import RouteSource
    from keepfit.workflows.tick import Tick

HostOption = Annotated[
    str | None, typer.Option(help="The address to listen on; by default that of keepfit.toml.")
]
_PORT_HELP = "The port; 0 for any free one; by default that of keepfit.toml."
PortOption = Annotated[int | None, typer.Option(min=0, max=65_535, help=_PORT_HELP)]


def serve(
    *,
    host: HostOption = None,
    port: Annotated[
        int | None, typer.Option("--port", "--http_port", min=0, max=65_535, help=_PORT_HELP)
    ] = None,
    grpc_port: Annotated[
        int | None,
        typer.Option(
            "--grpc-port",
            "--grpc_port",
            min=0,
            max=65_535,
            help="The port for gRPC, 0 for none; by default that of keepfit.toml.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=256, help="Processes that answer on the port; by default that of keepfit.toml."
        ),
    ] = None,
    artifact: Annotated[
        Path | None,
        typer.Option(
            "--artifact", "--model_dir", help="Serve the model of this folder, without a workspace."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", "--model_name", help="With --artifact: what the model is called.")
    ] = None,
    number: Annotated[
        int, typer.Option("--version", min=1, help="With --artifact: the number of its version.")
    ] = 1,
    spool: Annotated[
        Path | None,
        typer.Option(envvar="KEEPFIT_SPOOL", help="Where predictions are captured; by default in .keepfit."),
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Serve every released model over HTTP, until Ctrl-C.

    Without a workspace in sight: what a container holds, the model or the workspace in /opt/ml/model or /mnt/models.
    """
    from keepfit.app.container import find_start
    from keepfit.app.serving_sources import open_sources
    from keepfit.web.run import run_server

    start = find_start(
        here=Path.cwd(),
        environment=os.environ,
        workspace=workspace,
        artifact=artifact,
        name=name,
        number=number,
        spool=spool,
    )
    sources = open_sources(start.place)
    serving = sources.settings
    run_server(
        start.place,
        sources,
        host=host or start.host or serving.host,
        port=next(one for one in (port, start.port, serving.port) if one is not None),
        grpc_port=serving.grpc_port if grpc_port is None else grpc_port,
        workers=workers or serving.workers,
        started=lambda addresses: _say_started(sources.routes, addresses),
    )


def up(
    *,
    host: HostOption = None,
    port: PortOption = None,
    every: Annotated[
        timedelta | None,
        typer.Option(
            parser=duration_argument, metavar="TIME", help="The pause between two ticks, as in 30s."
        ),
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Server and controller together, until Ctrl-C."""
    from keepfit.app.controller import run_controller
    from keepfit.clock import parse_duration, say_duration

    space = opened(workspace, log=True)
    serving = space.config.serving
    pause = every or parse_duration(space.config.controller.every)

    def started(addresses: "Addresses") -> None:
        _say_started(space.ports.releases, addresses)
        say(f"the controller looks every {say_duration(pause)}; Ctrl-C stops both")

    run_controller(
        space,
        host=host or serving.host,
        port=serving.port if port is None else port,
        every=pause,
        started=started,
        ticked=_Changes().show,
        stopping=_say_stopping,
    )
    say("stopped")


def tick(*, now: NowOption = None, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """One pass of the controller: drain, check, decide, train, release, notify."""
    from keepfit.workflows.read_fleet import read_fleet
    from keepfit.workflows.tick import tick as tick_once

    messages: list[dict[str, object]] = []

    def told(message: str, at: datetime) -> None:
        tell(message, at)
        messages.append({"at": at, "says": message})

    space = opened(workspace, told=told, log=True)
    models = space.models.values()
    at = moment_or_now(now)
    done = tick_once(space.ports, models, now=at)
    waiting = {name: space.ports.predictions.waiting_labels(name) for name in space.models}
    fleet = read_fleet(space.ports, models, now=at)
    if json:
        print_json({**_document(done, fleet, waiting), "messages": messages})
    else:
        _print_tick(done, fleet, waiting)
    if done.problems:
        raise typer.Exit(EXIT_FAILED)


class _Changes:
    """What `up` tells of its ticks: what came in, and each change of a model's state."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def show(self, done: "Tick") -> None:
        """Tell what is new in this tick."""
        if done.drained.received or done.drained.labels:
            tell(drained(done.drained), done.at)
        for name, health in done.health.items():
            if self._known.get(name) != health.diagnosis.says:
                tell(f"{name}: {health.diagnosis.says}", done.at)
            self._known[name] = health.diagnosis.says


def _say_stopping() -> None:
    """Straight to the terminal: a signal may come in the middle of a print, which cannot be entered twice."""
    with suppress(OSError):
        os.write(2, b"stopping; Ctrl-C again does not wait for what is being done\n")


def _say_started(source: "RouteSource", addresses: "Addresses") -> None:
    say(f"serving on {addresses.http}")
    if addresses.grpc:
        say(f"gRPC on {addresses.grpc}")
    if all(route.champion is None for route in source.routes()):
        say(
            "nothing is released yet, so that every request is refused: run keepfit train MODEL; no restart is needed"
        )


def _document(done: "Tick", fleet: "list[ModelHealth]", waiting: dict[str, int]) -> dict[str, object]:
    return {
        "at": done.at,
        "drained": done.drained,
        "models": {
            one.model: {
                "state": one.state,
                "says": one.says,
                "diagnosis": done.health[one.model].diagnosis,
                "retrain": done.retrain[one.model],
                "waiting_labels": waiting[one.model],
            }
            for one in fleet
            if one.model in done.health
        },
        "problems": done.problems,
    }


def _print_tick(done: "Tick", fleet: "list[ModelHealth]", waiting: dict[str, int]) -> None:
    report(drained(done.drained))
    for one in fleet:
        if one.model in done.health:
            report(f"{one.model}: {one.state}: {one.says}")
            decision = done.retrain[one.model]
            report(f"{one.model}: {decision.action.value}: {decision.why}")
        if waiting[one.model]:
            report(f"{one.model}: {waiting_labels(waiting[one.model])}")
    for name, problem in sorted(done.problems.items()):
        report(f"{name}: failed: {problem}")
