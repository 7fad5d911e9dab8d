"""Reading a capture log, in another process if need be, while it is written."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from keepfit.adapters.capture_log.guard import has_writer
from keepfit.adapters.capture_log.segments import (
    counts_instead,
    explained,
    logs_in,
    segment_number,
    segments_of,
    size_of,
)
from keepfit.errors import CaptureError
from keepfit.predictions.capture_codec import Damage, Decoded, DroppedFrame, Frame, decode_frames
from keepfit.predictions.ledger import DrainPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentDamage:
    """A damaged byte range of a segment, and the file that its bytes were set aside in."""

    segment: str
    damage: Damage
    set_aside: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureBatch:
    """What was read of a log.

    Attributes:
        frames: the good frames, in the order written.
        position: where to go on reading.
        damage: what could not be read; its bytes were set aside.
        given_up: the counts that stand in the place of the segment; None when its rows are there.
        more: whether there is more to read, or another segment.
    """

    frames: tuple[Frame, ...]
    position: DrainPosition
    damage: tuple[SegmentDamage, ...]
    more: bool
    given_up: DroppedFrame | None = None


class CaptureReader:
    """Reads the logs of a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def logs(self) -> list[str]:
        """The logs there are, sorted."""
        return logs_in(self._directory)

    def segments(self, log: str) -> list[str]:
        """The files of a log, oldest first; the last is the one that may still grow."""
        return segments_of(self._directory, log)

    def read(
        self,
        log: str,
        after: DrainPosition | None = None,
        *,
        max_bytes: int = 8 << 20,
        opening: Callable[[str], object] = lambda _segment: None,
    ) -> CaptureBatch:
        """The next frames of one segment, and where they end.

        Damaged ranges are copied to `<segment>.damaged-<offset>` and skipped. An unfinished frame at the end is
        waited for while the segment is being written, and is damage when nobody is left to finish it.

        Args:
            log: which log.
            after: where the last read ended; the beginning when None.
            max_bytes: about how much to read.
            opening: told the segment before it is opened.

        Raises:
            CaptureError: no such log, or its files cannot be read, or are shorter than what was read before.
        """
        segments = self.segments(log)
        try:
            segment, offset = self._start(log, segments, after)
            opening(segment)
            # Asked after the listing: a segment that was the newest then and has no writer now will never grow.
            newest = segment == segments[-1]
            closed = not newest or not has_writer(self._directory, log)
            batch = self._read_given_up(log, segment, offset) or self._read(
                log, segment, offset, max_bytes=max_bytes, closed=closed
            )
            return batch if newest else replace(batch, more=True)
        except OSError as error:
            raise explained(error, self._directory) from error

    def delete_drained(self, position: DrainPosition) -> list[str]:
        """Delete the closed segments that lie wholly before `position`; their names.

        The newest is closed too once its writer is gone; a log without segments is no longer listed.
        """
        gone: list[str] = []
        segments = self.segments(position.log)
        if has_writer(self._directory, position.log):
            segments = segments[:-1]
        for name in segments:
            path = self._directory / name
            try:
                if self._is_before(path, position):
                    path.unlink()
                    gone.append(name)
            except OSError as error:
                raise explained(error, path) from error
        return gone

    def _start(self, log: str, segments: list[str], after: DrainPosition | None) -> tuple[str, int]:
        if not segments:
            raise CaptureError(f"there is no capture log '{log}' in {self._directory}")
        if after is None:
            return segments[0], 0
        later = [name for name in segments if segment_number(name) > segment_number(after.segment)]
        if after.segment in segments:
            size = size_of(self._directory / after.segment)
            if size < after.offset:
                raise CaptureError(
                    f"{self._directory / after.segment} has {size} bytes, and was read up to {after.offset}",
                    hint="was the folder emptied by hand?",
                )
            return (later[0], 0) if later and size == after.offset else (after.segment, after.offset)
        if not later:
            raise CaptureError(
                f"the capture log '{log}' was read up to {after.segment}, which is gone, and nothing came after it",
                hint="was the folder emptied by hand?",
            )
        return later[0], 0

    def _is_before(self, path: Path, position: DrainPosition) -> bool:
        if path.name == position.segment:
            return size_of(path) <= position.offset
        return segment_number(path.name) < segment_number(position.segment)

    def _read(self, log: str, segment: str, offset: int, *, max_bytes: int, closed: bool) -> CaptureBatch:
        data, decoded, whole = _decode_some(self._directory / segment, offset, max_bytes)
        damage, end = decoded.damage, offset + decoded.end
        if closed and whole and decoded.tail is not None:
            damage, end = (*damage, decoded.tail), offset + len(data)
        return CaptureBatch(
            frames=tuple(one.frame for one in decoded.frames if not isinstance(one.frame, DroppedFrame)),
            position=DrainPosition(log=log, segment=segment, offset=end),
            damage=tuple(self._set_aside(segment, one, data, offset) for one in damage),
            more=not whole,
        )

    def _read_given_up(self, log: str, segment: str, offset: int) -> CaptureBatch | None:
        """The counts of a segment that was given up, and the labels that it held; None when its rows are there."""
        path = self._directory / segment
        instead = counts_instead(path)
        if instead is None:
            return None
        if 0 < offset < instead.size:
            raise CaptureError(
                f"{path} was given up, though it was drained up to {offset} of {instead.size} bytes",
                hint="does another program work in this folder?",
            )
        batch = self._read(log, segment, 0, max_bytes=path.stat().st_size, closed=True)
        done = replace(batch, position=DrainPosition(log=log, segment=segment, offset=instead.size))
        return replace(done, frames=()) if offset else replace(done, given_up=instead)

    def _set_aside(self, segment: str, damage: Damage, data: bytes, offset: int) -> SegmentDamage:
        moved = replace(damage, start=damage.start + offset, stop=damage.stop + offset)
        path = self._directory / f"{segment}.damaged-{moved.start}"
        path.write_bytes(data[damage.start : damage.stop])
        return SegmentDamage(segment=segment, damage=moved, set_aside=path)


def _decode_some(path: Path, offset: int, length: int) -> tuple[bytes, Decoded, bool]:
    """Bytes from `offset` on, what they hold, and whether they reach the end of the file.

    More is read while not one frame ends in what was read: a frame may be long, and so may damage.
    """
    size = path.stat().st_size
    while True:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(length)
        decoded = decode_frames(data)
        whole = offset + len(data) >= size
        if decoded.end > 0 or whole:
            return data, decoded, whole
        length *= 2
