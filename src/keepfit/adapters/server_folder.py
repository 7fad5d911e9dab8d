"""A folder for what the processes of one server share while it runs; those of servers that are gone are removed."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from keepfit.adapters.capture_log.guard import Guard, has_writer
from keepfit.adapters.file_lock import file_lock
from keepfit.ids import new_id

_log = logging.getLogger(__name__)

#: Held while a folder is made: another server might take its lock for free just before it is taken.
_DOOR: Final = "door"


@contextmanager
def server_folder(parent: Path) -> Iterator[Path]:
    """A folder in `parent` that no other server has, removed at the end.

    What a server left that was killed is removed when the next one starts: the lock of its folder is then free. Where a
    folder cannot be made, on a full disk say, that is told, and its name is given all the same: what is kept in it is
    not worth a server that does not start.
    """
    folder, guard = parent / new_id("server"), None
    try:
        guard = _make(folder)
    except OSError as error:
        _log.warning("what the workers of this server share cannot be kept in %s: %s", parent, error)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if guard is not None:
            _lock_of(folder).unlink(missing_ok=True)
            guard.release()


def _make(folder: Path) -> Guard:
    """Make it, and hold its lock."""
    with file_lock(folder.parent / _DOOR):
        _remove_orphans(folder.parent)
        guard = Guard(folder.parent, folder.name)
        folder.mkdir()
    return guard


def _remove_orphans(parent: Path) -> None:
    locked = {path.with_suffix("") for path in parent.glob("*.lock")}
    for folder in locked | {path for path in parent.iterdir() if path.is_dir()}:
        if not (_lock_of(folder).exists() and has_writer(parent, folder.name)):
            shutil.rmtree(folder, ignore_errors=True)
            _lock_of(folder).unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")
