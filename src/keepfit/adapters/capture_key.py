"""The key of a workspace's hashes: made once, readable by its owner only."""

import os
import secrets
from pathlib import Path
from typing import Final

from keepfit.errors import WorkspaceError

_FILE: Final = "capture.key"
_BYTES: Final = 32


def capture_key(state: Path) -> bytes:
    """The key in a workspace's state folder; made when there is none, by one process however many ask.

    Whoever loses it cannot find rows by their true values any more: it belongs into the backup of the workspace, and
    nowhere near a copy of the lake.

    Raises:
        WorkspaceError: the file holds no key.
    """
    path = state / _FILE
    if not path.exists():
        _make(path)
    key = path.read_bytes()
    if len(key) != _BYTES:
        raise WorkspaceError(
            f"{path} holds {len(key)} bytes, and a key has {_BYTES}",
            hint="bring it back from a backup; without it hashed columns start anew",
        )
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, secrets.token_bytes(_BYTES))
        os.fsync(file)
    finally:
        os.close(file)
    try:
        os.link(part, path)  # unlike a rename it fails when another process was faster
    except FileExistsError:
        pass
    finally:
        part.unlink()
