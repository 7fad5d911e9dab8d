"""`keepfit release` and `keepfit rollback`"""

from typing import Annotated

import typer

from keepfit.app.workspace import Workspace
from keepfit.cli.options import (
    JsonOption,
    ModelArgument,
    NowOption,
    WorkspaceOption,
    moment_or_now,
    opened,
    who,
)
from keepfit.cli.output import EXIT_FAILED, print_json, say
from keepfit.errors import ReleaseError
from keepfit.release.record import ReleaseState
from keepfit.workflows.roll_back import roll_back
from keepfit.workflows.start_release import start_release


def release(
    model: ModelArgument,
    version: Annotated[
        int | None, typer.Argument(help="The version's number; the newest by default.")
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Pass by gates and rollout; needs --why.")] = False,
    why: Annotated[str, typer.Option(help="The reason, for the record.")] = "",
    now: NowOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Put a registered version on its way to champion: gates, rollout, watch."""
    if force and not why:
        raise ReleaseError("a forced release needs a reason", hint="say it with --why '…'")
    space = opened(workspace, quiet=json)
    record = start_release(
        space.ports,
        space.model(model),
        space.registry.version(model, version or _newest(space, model)),
        now=moment_or_now(now),
        actor=who(),
        forced_by=who() if force else "",
        why=why,
    )
    if json:
        print_json(record)
    else:
        say(f"version {record.candidate} of {model}: {record.state.value}: {record.why}")
    if record.state is ReleaseState.REFUSED:
        raise typer.Exit(EXIT_FAILED)


def rollback(
    model: ModelArgument,
    *,
    to: Annotated[
        int | None, typer.Option(help="The version to go back to; the former champion by default.")
    ] = None,
    why: Annotated[str, typer.Option(help="The reason, for the record.")] = "asked for by hand",
    now: NowOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Make an earlier version champion again, at once."""
    space = opened(workspace, quiet=json)
    record = roll_back(space.ports, space.model(model), now=moment_or_now(now), actor=who(), why=why, to=to)
    if json:
        print_json(record)
    else:
        say(
            f"{model}: version {record.incumbent} is champion again, version {record.candidate} was left: {why}"
        )


def _newest(space: Workspace, model: str) -> int:
    space.model(model)
    versions = space.registry.versions(model)
    if not versions:
        raise ReleaseError(f"'{model}' has no version to release", hint=f"train one: keepfit train {model}")
    newest: int = versions[-1].number
    return newest
