"""Arguments and options that several commands share."""

import getpass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from keepfit.app.workspace import Workspace, open_workspace
from keepfit.cli.output import tell
from keepfit.clock import SystemClock, parse_time
from keepfit.config import find_workspace


def moment_argument(text: str) -> datetime:
    """Parse a date or time that was typed; a usage error says how to write one."""
    try:
        return parse_time(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace", "-w", help="The workspace; by default the nearest keepfit.toml at or above here."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]
NowOption = Annotated[
    datetime | None,
    typer.Option(
        "--now", parser=moment_argument, metavar="TIME", help="Act as of this moment, to replay history."
    ),
]
ModelArgument = Annotated[str, typer.Argument(help="The model's name.")]


def opened(workspace: Path | None, *, quiet: bool = False) -> Workspace:
    """The workspace that the command is about."""
    root = workspace if workspace is not None else find_workspace(Path.cwd())
    return open_workspace(root, None if quiet else tell)


def moment_or_now(now: datetime | None) -> datetime:
    """The given moment, or the present one."""
    return now if now is not None else SystemClock().now()


def who() -> str:
    """The login of the person at the keyboard, for the record."""
    try:
        return getpass.getuser()
    except OSError:
        return "unknown"
