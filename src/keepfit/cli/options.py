"""Arguments and options that several commands share."""

import getpass
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keepfit.cli.output import tell
from keepfit.clock import SystemClock, parse_duration, parse_time

if TYPE_CHECKING:
    from keepfit.app.workspace import Workspace


def moment_argument(text: str) -> datetime:
    """Parse a date or time that was typed; a usage error says how to write one."""
    try:
        return parse_time(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def duration_argument(text: str) -> timedelta:
    """Parse a pause that was typed, longer than none; a usage error says how to write one."""
    try:
        span = parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if not span:
        raise typer.BadParameter(f"a pause of '{text}' is none: write one that is longer, as in 30s")
    return span


def number_argument(text: str) -> int:
    """Parse the number of a model version that was typed: `2`, or `v2`."""
    digits = text.removeprefix("v")
    if not (digits.isascii() and digits.isdigit()):
        raise typer.BadParameter(f"'{text}' is no version: write its number, as in 2")
    return int(digits)


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
#: Of the commands that record what was predicted elsewhere.
ModelOption = Annotated[
    str | None, typer.Option("--model", "-m", help="The model; needed when there are several.")
]
VersionOption = Annotated[
    int | None,
    typer.Option(
        parser=number_argument, metavar="NUMBER", help="The version that answered; the champion by default."
    ),
]
ModelArgument = Annotated[str, typer.Argument(help="The model's name.")]


def opened(
    workspace: Path | None, *, told: Callable[[str, datetime], None] | None = tell, log: bool = False
) -> "Workspace":
    """The workspace that the command is about.

    Args:
        workspace: its folder; the nearest at or above the current one when None.
        told: is told what workflows do; None for commands whose own report says it.
        log: keep what is logged in the workspace's log, for commands that change something.
    """
    from keepfit.app.workspace import open_workspace
    from keepfit.config import find_workspace

    space = open_workspace(workspace if workspace is not None else find_workspace(Path.cwd()), told)
    if log:
        from keepfit.app.log_file import keep_log

        keep_log(space.state)
    return space


def moment_or_now(now: datetime | None) -> datetime:
    """The given moment, or the present one."""
    return now if now is not None else SystemClock().now()


def who() -> str:
    """The login of the person at the keyboard, for the record."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
