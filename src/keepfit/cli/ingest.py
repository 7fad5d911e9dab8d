"""`keepfit ingest`: files that other servers wrote of their predictions, and of what was true."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from keepfit.cli.output import plural, print_json, report, say, waiting_labels

if TYPE_CHECKING:
    from keepfit.app.ingest import Ingested

ingest = typer.Typer(help="Record what other servers wrote of their predictions.", no_args_is_help=True)

PathArgument = Annotated[Path, typer.Argument(help="A JSON-lines file, or a folder of them.")]
#: So many lines that were left out are told one by one.
_TOLD = 5


@ingest.command()
def sagemaker(
    path: PathArgument,
    *,
    model: ModelOption = None,
    version: VersionOption = None,
    now: NowOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Record the predictions of SageMaker's Data Capture files."""
    from keepfit.app.ingest import ingest_capture

    space = opened(workspace, log=True)
    done = ingest_capture(space, path, model=model, version=version, now=moment_or_now(now))
    _tell_left_out(done)
    if json:
        print_json(done)
    else:
        files = plural(done.files, "file")
        stored = plural(done.counts.stored, "prediction")
        report(f"{files}: {stored} stored, {done.counts.duplicates:,} known already")


@ingest.command("ground-truth")
def ground_truth(
    path: PathArgument,
    *,
    model: ModelOption = None,
    now: NowOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Record the labels of SageMaker's ground-truth files."""
    from keepfit.app.ingest import ingest_ground_truth
    from keepfit.app.logging import chosen_model

    space = opened(workspace, log=True)
    done = ingest_ground_truth(space, path, model=model, now=moment_or_now(now))
    waiting = space.ports.predictions.waiting_labels(chosen_model(space, model).name)
    _tell_left_out(done)
    if json:
        print_json(
            {"files": done.files, "labels": done.counts.labels, "waiting": waiting, "left_out": done.left_out}
        )
        return
    report(f"{plural(done.files, 'file')}: {plural(done.counts.labels, 'label')} stored")
    if waiting:
        report(waiting_labels(waiting))


def _tell_left_out(done: "Ingested") -> None:
    for one in done.left_out[:_TOLD]:
        say(f"left out: {one.file}, line {one.line}: {one.reason}")
    if len(done.left_out) > _TOLD:
        say(f"left out: {len(done.left_out) - _TOLD:,} more lines")
