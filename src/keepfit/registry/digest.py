"""The digest of a model artifact: a folder of files, verified before every load."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from keepfit.errors import ArtifactError


def artifact_digest(directory: Path) -> str:
    """`sha256:…` over the relative path and the content of every file under `directory`.

    Times, owners and the order on disk do not count, nor do empty folders. A link to a file inside the folder counts as that file.

    Raises:
        ArtifactError: there is no such folder, it holds no file, or something in it is neither a file nor a folder
            of its own: a link that leaves it or goes nowhere, a link to a folder, a socket.
    """
    root = directory.resolve()
    if not root.is_dir():
        raise ArtifactError(f"there is no artifact folder at {directory}")
    sums = hashlib.sha256(b"keepfit-artifact-1")
    entries = sorted((path.relative_to(root).as_posix(), path) for path in _files(root))
    if not entries:
        raise ArtifactError(f"the artifact folder {directory} holds no file")
    for name, path in entries:
        encoded = os.fsencode(name)
        sums.update(len(encoded).to_bytes(8, "little") + encoded + _content(path))
    return f"sha256:{sums.hexdigest()}"


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _files(root: Path) -> Iterator[Path]:
    """Every file, each one checked; folders that are links are found too, and refused."""
    for folder, folders, names in os.walk(root, followlinks=False, onerror=_unreadable):
        for path in (Path(folder, name) for name in folders):
            if path.is_symlink():
                raise _refused(path, root, "is a link to a folder")
        for path in (Path(folder, name) for name in names):
            yield _checked(path, root)


def _checked(path: Path, root: Path) -> Path:
    if path.is_symlink() and not path.resolve().is_relative_to(root):
        raise _refused(path, root, "is a link that leaves the folder")
    if not path.is_file():
        raise _refused(path, root, "is not a regular file")
    return path


def _unreadable(error: OSError) -> None:
    """A folder that cannot be listed would otherwise be left out without a word."""
    raise ArtifactError(f"the artifact cannot be read: {error}") from error


def _refused(path: Path, root: Path, why: str) -> ArtifactError:
    name = path.relative_to(root).as_posix()
    return ArtifactError(f"'{name}' in {root} {why}", hint="put the file itself into the artifact")
