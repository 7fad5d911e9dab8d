"""Giving up the oldest segments that nobody drained: their predictions go, their counts and all labels stay."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keepfit.adapters.capture_log.guard import has_writer
from keepfit.adapters.capture_log.reading import not_being_read
from keepfit.adapters.capture_log.room import spool_size
from keepfit.adapters.capture_log.segments import (
    log_of,
    logs_in,
    segments_of,
    sync_directory,
    write_whole,
)
from keepfit.adapters.file_lock import file_lock
from keepfit.predictions.capture_codec import (
    DroppedFrame,
    LabelsFrame,
    count_frames,
    decode_frames,
    dropped_frame,
    encode,
)

_log = logging.getLogger(__name__)
_GIVE_UP: Final = "GIVE-UP.lock"
#: Counting yields to other threads after so many frames: requests are answered meanwhile.
_AT_A_TIME: Final = 200
_BREATH_S: Final = 0.0005


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """A segment whose predictions were given up.

    Attributes:
        segment: its name.
        rows: served predictions in it that were to be kept, by model.
        freed: bytes.
    """

    segment: str
    rows: dict[str, int]
    freed: int


def give_up_oldest(directory: Path, *, until_bytes: int) -> list[GivenUp]:
    """Give up closed segments, the oldest first, until the folder holds no more than `until_bytes`.

    In the place of each stands a frame with its counts, put there in one step: whoever drains the log counts its
    predictions as dropped, once, whenever a process dies. Labels cannot be asked for again, and are kept.
    """
    with file_lock(directory / _GIVE_UP):
        for part in directory.glob("*.cap.part"):
            part.unlink()  # whoever made it died
        used, _ = spool_size(directory)
        found: list[GivenUp] = []
        for path in _closed(directory):
            if used <= until_bytes:
                break
            given_up = _give_up(path)
            if given_up is not None:
                _log.warning("%s was given up for want of room: %s", given_up.segment, given_up.rows)
                found.append(given_up)
                used -= given_up.freed
        return found


def _closed(directory: Path) -> list[Path]:
    """Segments that grow no more, the oldest first."""
    found: list[tuple[float, Path]] = []
    for log in logs_in(directory):
        names = segments_of(directory, log)
        for name in names[:-1] if has_writer(directory, log) else names:
            path = directory / name
            try:
                found.append((path.stat().st_mtime, path))
            except FileNotFoundError:
                continue  # it was drained meanwhile
    return [path for _, path in sorted(found)]


def _give_up(path: Path) -> GivenUp | None:
    """None when it is being drained, was drained, was given up before, or when nothing would be gained."""
    log = str(log_of(path.name))
    with not_being_read(path.parent, log, path.name) as allowed:
        if not allowed or not path.exists():
            return None
        data = path.read_bytes()
    if dropped_frame(data) is not None:
        return None
    counts, labels = _counts(data)
    instead = b"".join([encode(DroppedFrame(size=len(data), counts=counts)), *labels])
    if len(instead) >= len(data):
        return None
    part = path.with_name(f"{path.name}.part")
    write_whole(part, instead)
    with not_being_read(path.parent, log, path.name) as allowed:
        if not allowed or not path.exists():
            part.unlink()
            return None
        part.replace(path)
    sync_directory(path.parent)
    rows = {model: received - sampled for model, (received, sampled) in counts.items()}
    return GivenUp(segment=path.name, rows=rows, freed=len(data) - len(instead))


def _counts(data: bytes) -> tuple[dict[str, tuple[int, int]], list[bytes]]:
    """(received, sampled out) by model, and the frames of labels."""
    counts: dict[str, tuple[int, int]] = {}
    labels: list[bytes] = []
    for number, one in enumerate(count_frames(data)):
        if number % _AT_A_TIME == _AT_A_TIME - 1:
            time.sleep(_BREATH_S)
        if one.received or one.sampled_out:
            received, sampled = counts.get(one.model, (0, 0))
            counts[one.model] = received + one.received, sampled + one.sampled_out
        elif one.whole:
            frame = data[one.start : one.stop]
            if isinstance(decode_frames(frame).frames[0].frame, LabelsFrame):
                labels.append(frame)
    return counts, labels
