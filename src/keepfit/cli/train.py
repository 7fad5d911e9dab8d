"""`keepfit train`"""

from datetime import datetime
from typing import Annotated

import typer

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
from keepfit.cli.output import EXIT_FAILED, err, print_json, report
from keepfit.cli.release import refused, said


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
    from keepfit.app.training import train_now

    space = opened(workspace, told=None, log=True)
    with err.status(f"training {model} …"):
        version, release = train_now(
            space, model, start=start, end=end, now=moment_or_now(now), why=why or f"asked for by {who()}"
        )
    if json:
        print_json({"version": version, "release": release})
    else:
        metric = space.model(model).task.metric
        report(f"trained {version.ref} on {version.dataset}: {metric} {version.metrics[metric]:.3g} held out")
        report(said(release))
    if refused(release):
        raise typer.Exit(EXIT_FAILED)
