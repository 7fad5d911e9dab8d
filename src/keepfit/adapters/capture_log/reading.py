"""Which segment of a log is being drained: it is not given up meanwhile, also when the drain died on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from keepfit.adapters.file_lock import file_lock

# Capitals, because a log's name has none.
_DRAIN: Final = "DRAIN.lock"
_MARK: Final = "MARK.lock"


@contextmanager
def draining(directory: Path) -> Iterator[None]:
    """Hold the folder's logs for a drain; waits for whoever drains them now, thread or process."""
    with file_lock(directory / _DRAIN):
        yield


def mark_reading(directory: Path, log: str, segment: str) -> None:
    """Note that rows of this segment may be in the lake though the log's position does not say so; on disk at once."""
    path = directory / f"{log}.reading"
    with file_lock(directory / _MARK):
        if _marked(path) == segment:
            return
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o640)
        try:
            os.pwrite(file, segment.encode(), 0)
            os.ftruncate(file, len(segment.encode()))
            os.fsync(file)
        finally:
            os.close(file)


@contextmanager
def not_being_read(directory: Path, log: str, segment: str) -> Iterator[bool]:
    """Whether a segment may be given up, and hold it so while the block runs."""
    with file_lock(directory / _MARK):
        yield _marked(directory / f"{log}.reading") != segment


def _marked(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
