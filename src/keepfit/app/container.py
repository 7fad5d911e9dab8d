"""How a server is started in a container: by SageMaker's conventions, by KServe's, or by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keepfit.app.serving_sources import Place
from keepfit.config import FILE, SERVING_VARIABLES, find_workspace
from keepfit.errors import ServerError, WorkspaceError
from keepfit.ids import is_name

#: Where SageMaker and KServe put the model.
MODEL_FOLDERS: Final = (Path("/opt/ml/model"), Path("/mnt/models"))
#: Where SageMaker says on which port to listen, when several containers share a network.
PORT_VARIABLE: Final = "SAGEMAKER_BIND_TO_PORT"
#: Where it is said on which address to listen, also in a container.
HOST_VARIABLE: Final = f"{SERVING_VARIABLES}HOST"
#: A container answers whoever reaches it; on a laptop only the laptop itself.
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - that is what a container is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What to serve and where.

    Attributes:
        place: what.
        host, port: where; None for what the settings say.
    """

    place: Place
    host: str | None
    port: int | None


def find_start(
    *,
    here: Path,
    environment: Mapping[str, str],
    workspace: Path | None = None,
    artifact: Path | None = None,
    name: str | None = None,
    number: int = 1,
    spool: Path | None = None,
    model_folders: tuple[Path, ...] = MODEL_FOLDERS,
) -> Start:
    """What was asked for; without a word of it, the workspace at or above `here`, or else the model of the container.

    Args:
        here: the current folder.
        environment: the variables of the process.
        workspace: a workspace.
        artifact: a model's folder, or a folder with a workspace in it, as a container mounts it.
        name: what to call a model that is served from its folder.
        number: and the number of its version.
        spool: where predictions are captured.
        model_folders: where a container's model may lie.

    Raises:
        WorkspaceError: there is nothing to serve.
        ServerError: a port in the environment that is none, a name that names no model.
    """
    port = _port(environment)
    captured = None if spool is None else str(spool)
    found = artifact if workspace is None else None
    if workspace is None and artifact is None:
        try:
            workspace = find_workspace(here)
        except WorkspaceError:
            found = next((one for one in model_folders if one.is_dir()), None)
            if found is None:
                raise
    in_container = port is not None or found in model_folders
    host = EVERYWHERE if in_container and HOST_VARIABLE not in environment else None
    if found is None or (found / FILE).is_file():
        folder = workspace if found is None else found
        return Start(place=Place(folder=str(folder), spool=captured), host=host, port=port)
    place = Place(folder=str(found), model=_named(name, found), number=number, spool=captured)
    return Start(place=place, host=host, port=port)


def _named(name: str | None, folder: Path) -> str:
    if name is None:
        return "model" if folder in MODEL_FOLDERS else _from_folder(folder)
    if not is_name(name):
        raise ServerError(
            f"'{name}' cannot name a model",
            hint="use lower-case letters, digits, dots, hyphens and underscores",
        )
    return name


def _from_folder(folder: Path) -> str:
    """The folder's own name where it can name a model."""
    return folder.resolve().name if is_name(folder.resolve().name) else "model"


def _port(environment: Mapping[str, str]) -> int | None:
    text = environment.get(PORT_VARIABLE, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise ServerError(f"{PORT_VARIABLE} is '{text}', which is no port")
    return int(text)
