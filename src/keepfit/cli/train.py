"""`keepfit train`"""

from datetime import datetime
from typing import Annotated

import typer

from keepfit.app.training import train_now
from keepfit.cli.options import (
    JsonOption,
    ModelArgument,
    NowOption,
    WorkspaceOption,
    moment_argument,
    moment_or_now,
    opened,
    who,
)
from keepfit.cli.output import err, print_json, say
from keepfit.release.record import ReleaseState


def train(
    model: ModelArgument,
    *,
    start: Annotated[
        datetime | None,
        typer.Option("--from", parser=moment_argument, metavar="TIME", help="Train on rows from here on."),
    ] = None,
    end: Annotated[
        datetime | None,
        typer.Option("--to", parser=moment_argument, metavar="TIME", help="Train on rows before here."),
    ] = None,
    why: Annotated[str, typer.Option(help="The reason, for the record.")] = "",
    now: NowOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Train a candidate, judge its gates, and put it on its way to champion."""
    space = opened(workspace, quiet=json)
    with err.status(f"training {model} …"):
        version, release = train_now(
            space, model, start=start, end=end, now=moment_or_now(now), why=why or f"asked for by {who()}"
        )
    if json:
        print_json({"version": version, "release": release})
        return
    metrics = ", ".join(f"{name} {value:.3g}" for name, value in version.metrics.items())
    say(f"{version.ref}: {metrics}; trained on {version.dataset}")
    say(f"{release.state.value}: {release.why}")
    if release.state is ReleaseState.REFUSED:
        raise typer.Exit(1)
