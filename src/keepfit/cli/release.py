"""`keepfit release` and `keepfit rollback`"""

from typing import TYPE_CHECKING, Annotated

import typer

from keepfit.cli.options import (
    JsonOption,
    ModelArgument,
    NowOption,
    WorkspaceOption,
    moment_or_now,
    number_argument,
    opened,
    who,
)
from keepfit.cli.output import EXIT_FAILED, print_json, report
from keepfit.errors import ReleaseError

if TYPE_CHECKING:
    from keepfit.app.workspace import Workspace
    from keepfit.release.record import ReleaseRecord


def release(
    model: ModelArgument,
    version: Annotated[
        int | None,
        typer.Argument(parser=number_argument, help="The version's number; the newest by default."),
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Pass by gates and rollout; needs --why.")] = False,
    why: Annotated[str, typer.Option(help="The reason, for the record.")] = "",
    now: NowOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Put a registered version on its way to champion: gates, rollout, watch."""
    from keepfit.workflows.start_release import start_release

    if force and not why:
        raise ReleaseError("a forced release needs a reason", hint="say it with --why '…'")
    space = opened(workspace, told=None, log=True)
    declared = space.model(model)
    record = start_release(
        space.ports,
        declared,
        space.registry.version(model, _newest(space, model) if version is None else version),
        now=moment_or_now(now),
        actor=who(),
        forced_by=who() if force else "",
        why=why,
    )
    if json:
        print_json(record)
    else:
        report(said(record))
    if refused(record):
        raise typer.Exit(EXIT_FAILED)


def rollback(
    model: ModelArgument,
    *,
    to: Annotated[
        int | None,
        typer.Option(
            parser=number_argument,
            metavar="NUMBER",
            help="The version to go back to; the former champion by default.",
        ),
    ] = None,
    why: Annotated[str, typer.Option(help="The reason, for the record.")] = "asked for by hand",
    now: NowOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Make an earlier version champion again, at once."""
    from keepfit.workflows.roll_back import roll_back

    space = opened(workspace, told=None, log=True)
    record = roll_back(space.ports, space.model(model), now=moment_or_now(now), actor=who(), why=why, to=to)
    if json:
        print_json(record)
    else:
        report(
            f"{model}: version {record.incumbent} is champion again, version {record.candidate} was left: {why}"
        )


def said(record: "ReleaseRecord") -> str:
    """How a release that has just begun is told to the person who asked for it."""
    from keepfit.release.record import ReleaseState

    how = {
        ReleaseState.ROLLING_OUT: "is on its way to champion",
        ReleaseState.WATCHED: f"is champion, and is watched beside version {record.incumbent}",
        ReleaseState.DONE: "is champion",
        ReleaseState.REFUSED: "is refused",
    }
    return f"version {record.candidate} of {record.model} {how.get(record.state, record.state.value)}: {record.why}"


def refused(record: "ReleaseRecord") -> bool:
    """Whether the gates kept the candidate back."""
    from keepfit.release.record import ReleaseState

    return record.state is ReleaseState.REFUSED


def _newest(space: "Workspace", model: str) -> int:
    versions = space.registry.versions(model)
    if not versions:
        raise ReleaseError(f"'{model}' has no version to release", hint=f"train one: keepfit train {model}")
    newest: int = versions[-1].number
    return newest
