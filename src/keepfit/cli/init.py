"""`keepfit init`"""

from pathlib import Path
from typing import Annotated

import typer

from keepfit.cli.output import say


def init(
    folder: Annotated[Path, typer.Argument(help="Where; the current folder by default.")] = Path(),
) -> None:
    """Make a workspace: keepfit.toml, and a commented model file that runs as it is."""
    from keepfit.app.scaffold import make_workspace

    for path in make_workspace(folder):
        say(f"wrote {path}")
    where = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    say(f"next: {where}keepfit train bikes && keepfit up")
