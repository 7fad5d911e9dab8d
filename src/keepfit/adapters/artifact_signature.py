"""The signature that lies with a model: what lets one folder be served without a workspace."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from keepfit.adapters.codec import from_json, to_json
from keepfit.errors import ArtifactError, DataError
from keepfit.registry.signature import Signature

#: In a model's own folder.
_SIGNATURE: Final = "keepfit/signature.json"
#: Beside the folders of versions that were registered before they had one of their own.
_VERSION: Final = "keepfit/version.json"
_MLMODEL: Final = "MLmodel"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactFolder:
    """A model on its own.

    Attributes:
        directory: holds the `MLmodel` file.
        signature: what the model takes and gives.
    """

    directory: Path
    signature: Signature


def write_signature(directory: Path, signature: Signature) -> None:
    """Leave the signature in a model's folder."""
    path = directory / _SIGNATURE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_json(signature))


def find_artifact(folder: Path) -> ArtifactFolder:
    """The model in a folder: its own folder, or one that holds it as `model`, as a registered version's does.

    Raises:
        ArtifactError: there is none, or nothing says what it takes.
    """
    found = [one for one in (folder, folder / "model") if (one / _MLMODEL).is_file()]
    if not found:
        raise ArtifactError(
            f"there is no {_MLMODEL} file in {folder}",
            hint="name the folder of a version that keepfit trained",
        )
    return ArtifactFolder(directory=found[0], signature=_signature(found[0]))


def _signature(directory: Path) -> Signature:
    own, beside = directory / _SIGNATURE, directory.parent / _VERSION
    try:
        if own.is_file():
            return from_json(own.read_bytes(), Signature)
        if beside.is_file():
            return from_json(
                msgspec.json.encode(msgspec.json.decode(beside.read_bytes())["signature"]), Signature
            )
    except (DataError, msgspec.DecodeError, KeyError, TypeError) as error:
        raise ArtifactError(f"the signature of the model in {directory} cannot be read: {error}") from error
    raise ArtifactError(
        f"the model in {directory} has no {_SIGNATURE}, which says what it takes",
        hint="train it with keepfit, or register it in a workspace",
    )
