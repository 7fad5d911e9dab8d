"""`keepfit serve`, `keepfit up` and `keepfit tick`"""

from typing import Annotated

import typer

from keepfit.app.controller import run_controller
from keepfit.cli.options import JsonOption, NowOption, WorkspaceOption, moment_or_now, opened
from keepfit.cli.output import EXIT_FAILED, plural, print_json, say
from keepfit.clock import parse_duration
from keepfit.web.run import run_server
from keepfit.workflows.tick import Tick
from keepfit.workflows.tick import tick as tick_once

HostOption = Annotated[
    str | None, typer.Option(help="The address to listen on; by default that of keepfit.toml.")
]
PortOption = Annotated[
    int | None,
    typer.Option(min=0, max=65_535, help="The port; 0 for any free one; by default that of keepfit.toml."),
]


def serve(*, host: HostOption = None, port: PortOption = None, workspace: WorkspaceOption = None) -> None:
    """Serve every released model over HTTP, until Ctrl-C."""
    space = opened(workspace)
    serving = space.config.serving
    run_server(
        space,
        host=host or serving.host,
        port=serving.port if port is None else port,
        started=lambda address: say(f"serving on {address}"),
    )


def tick(*, now: NowOption = None, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """One pass of the controller: drain, check, decide, train, release, notify."""
    space = opened(workspace, quiet=json)
    done = tick_once(space.ports, space.models.values(), now=moment_or_now(now))
    if json:
        print_json(
            {
                "at": done.at,
                "drained": done.drained,
                "models": {
                    name: {"diagnosis": health.diagnosis, "retrain": done.retrain[name]}
                    for name, health in done.health.items()
                },
                "problems": done.problems,
            }
        )
    else:
        _print_tick(done)
    if done.problems:
        raise typer.Exit(EXIT_FAILED)


def up(
    *,
    host: HostOption = None,
    port: PortOption = None,
    every: Annotated[str | None, typer.Option(help="The pause between two ticks, as in 30s.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Server and controller together, until Ctrl-C."""
    space = opened(workspace)
    serving = space.config.serving
    try:
        pause = parse_duration(every or space.config.controller.every)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    run_controller(
        space,
        host=host or serving.host,
        port=serving.port if port is None else port,
        every=pause,
        started=lambda address: say(
            f"serving on {address}; the controller looks every {pause.total_seconds():g} s"
        ),
    )


def _print_tick(done: Tick) -> None:
    say(f"drained {plural(done.drained.stored, 'prediction')} and {plural(done.drained.labels, 'label')}")
    for name, health in sorted(done.health.items()):
        say(f"{name}: {health.diagnosis.cause.value}: {health.diagnosis.says}")
        say(f"{name}: {done.retrain[name].action.value}: {done.retrain[name].why}")
    for name, problem in sorted(done.problems.items()):
        say(f"{name}: failed: {problem}")
