"""The segment files of a capture log: their names, their order, and what a failure of theirs means."""

import errno
import os
import re
import sys
from pathlib import Path
from typing import Final

from keepfit.errors import CaptureError
from keepfit.predictions.capture_codec import DroppedFrame, dropped_frame

_SEGMENT: Final = re.compile(r"(?P<log>.+)-(?P<number>\d{6,})\.cap")
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_PERMISSION: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})

#: Enough of a segment to tell whether it was given up.
_PEEKED_BYTES: Final = 1 << 20


def segment_name(log: str, number: int) -> str:
    """The file of a log's segment.

    >>> segment_name("web", 3)
    'web-000003.cap'
    """
    return f"{log}-{number:06d}.cap"


def segment_number(name: str) -> int:
    """The number in a segment's name.

    >>> segment_number("web-000003.cap")
    3
    """
    match = _SEGMENT.fullmatch(name)
    if match is None:
        raise CaptureError(f"'{name}' is not the name of a capture segment")
    return int(match["number"])


def log_of(name: str) -> str | None:
    """The log that a file is a segment of; None when it is none.

    >>> log_of("web-0-000003.cap"), log_of("web-0.lock")
    ('web-0', None)
    """
    match = _SEGMENT.fullmatch(name)
    return match["log"] if match else None


def logs_in(directory: Path) -> list[str]:
    """The logs of a directory, sorted; none when it does not exist."""
    return sorted({match["log"] for match in _matches(directory)})


def segments_of(directory: Path, log: str) -> list[str]:
    """The segments of a log, oldest first."""
    return [segment_name(log, number) for number in sorted(_numbers(directory, log))]


def newest_number(directory: Path, log: str) -> int:
    """The number of the newest segment that is there; 0 when there is none."""
    return max(_numbers(directory, log), default=0)


def counts_instead(path: Path) -> DroppedFrame | None:
    """The counts that stand in the place of a segment that was given up; None when its rows are there."""
    with path.open("rb") as file:
        return dropped_frame(file.read(_PEEKED_BYTES))


def size_of(path: Path) -> int:
    """How many bytes a segment has, or had before it was given up: positions in it refer to these."""
    instead = counts_instead(path)
    return path.stat().st_size if instead is None else instead.size


def write_whole(path: Path, data: bytes) -> None:
    """Write a file and force it to disk; its name is not."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_directory(directory: Path) -> None:
    """Make new names of files durable."""
    if sys.platform != "win32":
        file = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def explained(error: OSError, path: Path) -> CaptureError:
    """What a failure of the operating system means for the log."""
    if error.errno in _NO_ROOM:
        return CaptureError(
            f"there is no room to write {path}: {error.strerror}", hint="free some space on its disk"
        )
    if error.errno in _NO_PERMISSION:
        return CaptureError(
            f"no permission for {path}: {error.strerror}", hint="check its owner and its mode"
        )
    return CaptureError(f"the capture log at {path} failed: {error.strerror or error}")


def _numbers(directory: Path, log: str) -> list[int]:
    return [int(match["number"]) for match in _matches(directory) if match["log"] == log]


def _matches(directory: Path) -> list[re.Match[str]]:
    if not directory.is_dir():
        return []
    found = (_SEGMENT.fullmatch(path.name) for path in directory.iterdir())
    return [match for match in found if match]
