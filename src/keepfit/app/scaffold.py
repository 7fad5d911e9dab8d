"""Make a workspace: a configuration and a model file. Nothing that is there is ever overwritten."""

from importlib.resources import files
from pathlib import Path

from keepfit.config import FILE
from keepfit.errors import WorkspaceError


def make_workspace(folder: Path) -> list[Path]:
    """Write keepfit.toml and a first model file into `folder`.

    Raises:
        WorkspaceError: one of them is there already; nothing is written then.
    """
    templates = files("keepfit.app") / "templates"
    return write_new(
        folder,
        {
            FILE: (templates / "keepfit.toml").read_bytes(),
            "bikes.py": (templates / "bikes.py.txt").read_bytes(),
        },
    )


def write_new(folder: Path, contents: dict[str, bytes]) -> list[Path]:
    """Write new files into `folder`, which is made when it is missing; all of them, or none.

    Raises:
        WorkspaceError: one of them is there already, or the folder cannot be written.
    """
    paths = {folder / name: content for name, content in contents.items()}
    for path in paths:
        if path.exists():
            raise WorkspaceError(
                f"{path.absolute()} is there already, and nothing was written",
                hint="name another folder, or move the file away",
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in paths.items():
            path.write_bytes(content)
    except OSError as error:
        raise WorkspaceError(
            f"cannot write into {folder.absolute()}: {error.strerror}", hint="name another folder"
        ) from error
    return list(paths)
