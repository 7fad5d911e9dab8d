"""`keepfit log`: predictions and labels that were made elsewhere count too."""

from pathlib import Path
from typing import Annotated

import typer

from keepfit.cli.options import (
    JsonOption,
    ModelOption,
    NowOption,
    VersionOption,
    WorkspaceOption,
    moment_or_now,
    opened,
)
from keepfit.cli.output import plural, print_json, report, waiting_labels

log = typer.Typer(help="Record predictions and labels from files.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(help="A Parquet, CSV or JSON-lines file.")]


@log.command()
def predictions(
    file: FileArgument,
    *,
    model: ModelOption = None,
    version: VersionOption = None,
    now: NowOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Record predictions of a batch job: the model's id, time and feature columns, and a column `prediction`."""
    from keepfit.app.logging import log_predictions

    space = opened(workspace, log=True)
    counts = log_predictions(space, file, model=model, version=version, now=moment_or_now(now))
    if json:
        print_json(counts)
    else:
        report(f"{plural(counts.stored, 'prediction')} stored, {counts.duplicates:,} known already")


@log.command()
def labels(
    file: FileArgument,
    *,
    model: ModelOption = None,
    now: NowOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Record labels: the model's id column (or `prediction_id`), its target (or `label`), and perhaps `label_time`."""
    from keepfit.app.logging import log_labels

    space = opened(workspace, log=True)
    counts, waiting = log_labels(space, file, model=model, now=moment_or_now(now))
    if json:
        print_json({"labels": counts.labels, "waiting": waiting})
        return
    report(f"{plural(counts.labels, 'label')} stored")
    if waiting:
        report(waiting_labels(waiting))
