"""The bytes of a capture log: frames that can be checked, skipped and found again after damage.

A frame is

    magic (4) | head length (u16) | body length (u32) | head CRC32 (u32) | body CRC32 (u32) | head | body

in network byte order. The head says whose frame it is and how many predictions it counts, the body holds the rows,
both in MessagePack. The head has a checksum of its own (over the lengths too), so that a frame
whose body is damaged still says exactly how many predictions were lost. The magic opens with 0xFF,
which UTF-8 text never holds: no text that a caller sends can look like a frame.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from keepfit.errors import CaptureError

MAGIC: Final = b"\xffkf\x01"
_FIXED: Final = struct.Struct(">4sHIII")
_NUMBER_BYTES: Final = 8

#: What a recorded cell may be.
Cell = float | int | str | bool | None

#: How a feature column is recorded: `number`, `integer` (a category that is one) or `text`.
NUMBER, INTEGER, TEXT = "number", "integer", "text"


class PredictionsFrame(msgspec.Struct, frozen=True, kw_only=True, tag="p", tag_field="kind"):
    """Predictions of one model, by column; times are microseconds since 1970-01-01 UTC.

    Attributes:
        model: whose predictions.
        prediction_id, version, role, event_time, received_at, prediction, error: one entry a row,
            as in `keepfit.predictions.record`; `prediction` is null where the version failed.
        features: a list of values for each feature that is not in `numbers`; NaN is not used, null is.
        kinds: for each of these features how it is recorded.
        context: a list of texts for each context column.
        received: served rows (not shadows) that this frame accounts for.
        sampled_out: of these, left out on purpose.
        dropped: of these, lost before they could be written.
        number_names: the features in `numbers`.
        numbers: little-endian float64, row after row, of shape (rows, number_names); NaN is null.
        latency_us: how long the caller of each row waited, in microseconds; empty when that was not measured.
        batch_rows: how many rows the model was given together with each row; empty when that is not known.
        share: the probability with which each row was kept.
        source: what recorded the rows: empty for keepfit's own server, else as in `kserve`, `sagemaker`, `python`.
    """

    model: str
    prediction_id: list[str]
    version: list[int]
    role: list[str]
    event_time: list[int]
    received_at: list[int]
    prediction: list[float | None]
    error: list[str | None]
    features: dict[str, list[Cell]]
    kinds: dict[str, str]
    context: dict[str, list[str | None]] = {}
    received: int = 0
    sampled_out: int = 0
    dropped: int = 0
    number_names: list[str] = []
    numbers: bytes = b""
    latency_us: list[int] = []
    batch_rows: list[int] = []
    share: float = 1.0
    source: str = ""


class LabelsFrame(msgspec.Struct, frozen=True, kw_only=True, tag="l", tag_field="kind"):
    """Labels of one model, by column; times are microseconds since 1970-01-01 UTC."""

    model: str
    prediction_id: list[str]
    label: list[float]
    label_time: list[int]
    received_at: list[int]


class DroppedFrame(msgspec.Struct, frozen=True, kw_only=True, tag="d", tag_field="kind"):
    """What stands in a segment whose predictions were given up for want of room: their counts.

    Attributes:
        size: how many bytes the segment had.
        counts: for each model (received, sampled_out) of the frames that were given up.
    """

    size: int
    counts: dict[str, tuple[int, int]]


#: What servers record.
Frame = PredictionsFrame | LabelsFrame
#: What a log may hold.
AnyFrame = PredictionsFrame | LabelsFrame | DroppedFrame


class _Head(msgspec.Struct, frozen=True, array_like=True):
    model: str
    received: int
    sampled_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A frame and where it lay: bytes `start` to `stop`."""

    frame: AnyFrame
    start: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """Bytes `start` to `stop`, which hold no readable frame.

    Attributes:
        model: whose frame it was, when its head could still be read; None otherwise.
        received, sampled_out: what the lost frame counted; the difference is what was lost.
    """

    start: int
    stop: int
    model: str | None = None
    received: int = 0
    sampled_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A frame whose rows were not read.

    Attributes:
        model: whose; empty for a frame that belongs to none.
        received, sampled_out: what it counts.
        start, stop: where it lies.
        whole: whether its rows can be read.
    """

    model: str
    received: int
    sampled_out: int
    start: int
    stop: int
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What some bytes of a log hold.

    Attributes:
        frames: the good frames, in order.
        end: everything before it is a good frame or damage; reading goes on there.
        damage: ranges before `end` that hold no readable frame.
        tail: what follows `end`: a frame that is being written, or one that never was finished; None when nothing does.
    """

    frames: tuple[Located, ...]
    end: int
    damage: tuple[Damage, ...]
    tail: Damage | None


_body_decoder: Final = msgspec.msgpack.Decoder(AnyFrame)
_head_decoder: Final = msgspec.msgpack.Decoder(_Head)
_encoder: Final = msgspec.msgpack.Encoder()


def encode(frame: AnyFrame) -> bytes:
    """The frame's bytes, ready to be appended in one write.

    Raises:
        CaptureError: the columns of a frame differ in length, or a value does not fit the format (an integer beyond 64
            bits, a frame beyond 4 GiB).

    >>> frame = LabelsFrame(
    ...     model="taxi", prediction_id=["a"], label=[12.5], label_time=[0], received_at=[0])
    >>> decode_frames(encode(frame)).frames[0].frame == frame
    True
    """
    head = _head_of(frame)
    try:
        head_bytes, body = _encoder.encode(head), _encoder.encode(frame)
        return _seal(len(head_bytes), len(body), zlib.crc32(body), head_bytes) + body
    except (OverflowError, UnicodeEncodeError, struct.error) as error:
        raise CaptureError(f"a record of '{head.model}' cannot be written: {error}") from None


def decode_frames(data: bytes) -> Decoded:
    """Every good frame of `data`, which begins at a frame's start.

    A frame that fails its checksum is damage up to the next one that can be found; when nothing follows, it is the tail.

    >>> decode_frames(b"").end
    0
    """
    frames: list[Located] = []
    damage: list[Damage] = []
    position = 0
    while position < len(data):
        found = _frame_at(data, position)
        if isinstance(found, Located):
            frames.append(found)
            position = found.stop
            continue
        after = _next_head(data, position + 1)
        if after is None:
            return Decoded(frames=tuple(frames), end=position, damage=tuple(damage), tail=found)
        # A head that is whole says where its frame ended; a good head before that says that bytes are missing.
        stop = min(after, found.stop) if found.model is not None else after
        damage.append(_cut(found, stop))
        position = stop
    return Decoded(frames=tuple(frames), end=position, damage=tuple(damage), tail=None)


def count_frames(data: bytes) -> Iterator[Counted]:
    """What the frames of a closed segment count, those that are damaged included; a third of the work of reading them.

    >>> frame = LabelsFrame(model="taxi", prediction_id=["a"], label=[1], label_time=[0], received_at=[0])
    >>> [(one.model, one.received, one.whole) for one in count_frames(encode(frame))]
    [('taxi', 0, True)]
    """
    position = 0
    while position < len(data):
        opening = _opening_at(data, position)
        if opening is not None and opening.is_whole(data):
            yield opening.counted(position, opening.stop, whole=True)
            position = opening.stop
            continue
        after = _next_head(data, position + 1)
        stop = len(data) if after is None else after
        if opening is not None:
            stop = min(stop, opening.stop)
            yield opening.counted(position, stop, whole=False)
        position = len(data) if after is None else stop


def dropped_frame(data: bytes) -> DroppedFrame | None:
    """The counts that stand in the place of a segment, from its first bytes; None when its rows are there."""
    opening = _opening_at(data, 0)
    if opening is None or opening.head.model or not opening.is_whole(data):
        return None
    frame = _body_decoder.decode(memoryview(data)[opening.body : opening.stop])
    return frame if isinstance(frame, DroppedFrame) else None


def _head_of(frame: AnyFrame) -> _Head:
    if isinstance(frame, PredictionsFrame):
        _check_lengths(frame)
        return _Head(frame.model, frame.received, frame.sampled_out)
    return _Head(frame.model if isinstance(frame, LabelsFrame) else "", 0, 0)


def _check_lengths(frame: PredictionsFrame) -> None:
    """A frame of ragged columns could never become a table: it is refused while its rows can still be recorded."""
    rows = len(frame.prediction_id)
    lengths = {
        len(frame.version),
        len(frame.role),
        len(frame.event_time),
        len(frame.received_at),
        len(frame.prediction),
        len(frame.error),
        len(frame.latency_us) or rows,
        len(frame.batch_rows) or rows,
        *map(len, frame.features.values()),
        *map(len, frame.context.values()),
    }
    if lengths != {rows}:
        raise CaptureError(f"a record of '{frame.model}' has columns of {sorted(lengths | {rows})} rows")
    if len(frame.numbers) != _NUMBER_BYTES * rows * len(frame.number_names):
        raise CaptureError(
            f"a record of '{frame.model}' has {len(frame.numbers)} bytes of numbers for {rows} rows of "
            f"{len(frame.number_names)}",
            hint="number_names and the shape of the block must agree",
        )
    if frame.features.keys() != frame.kinds.keys() or not frame.features.keys().isdisjoint(
        frame.number_names
    ):
        raise CaptureError(
            f"a record of '{frame.model}' does not name its features once each",
            hint="features and kinds have the same keys, and number_names others",
        )


def _seal(head_length: int, body_length: int, body_sum: int, head: bytes) -> bytes:
    head_sum = _head_sum(head_length, body_length, body_sum, head)
    return _FIXED.pack(MAGIC, head_length, body_length, head_sum, body_sum) + head


def _head_sum(head_length: int, body_length: int, body_sum: int, head: bytes) -> int:
    return zlib.crc32(head, zlib.crc32(struct.pack(">HII", head_length, body_length, body_sum)))


def _cut(damage: Damage, stop: int) -> Damage:
    return Damage(
        start=damage.start,
        stop=stop,
        model=damage.model,
        received=damage.received,
        sampled_out=damage.sampled_out,
    )


@dataclass(frozen=True, slots=True)
class _Opening:
    """A head whose checksum holds, and where its body lies."""

    head: _Head
    body: int
    stop: int
    body_sum: int

    def is_whole(self, data: bytes) -> bool:
        return self.stop <= len(data) and zlib.crc32(memoryview(data)[self.body : self.stop]) == self.body_sum

    def counted(self, start: int, stop: int, *, whole: bool) -> Counted:
        head = self.head
        return Counted(
            model=head.model,
            received=head.received,
            sampled_out=head.sampled_out,
            start=start,
            stop=stop,
            whole=whole,
        )


def _opening_at(data: bytes, position: int) -> _Opening | None:
    fixed_end = position + _FIXED.size
    if fixed_end > len(data):
        return None
    magic, head_length, body_length, head_sum, body_sum = _FIXED.unpack_from(data, position)
    if magic != MAGIC:
        return None
    body = fixed_end + head_length
    head = data[fixed_end:body]
    if len(head) < head_length or _head_sum(head_length, body_length, body_sum, head) != head_sum:
        return None
    try:
        return _Opening(_head_decoder.decode(head), body, body + body_length, body_sum)
    except msgspec.MsgspecError:
        return None


def _frame_at(data: bytes, position: int) -> Located | Damage:
    opening = _opening_at(data, position)
    if opening is None:
        return Damage(start=position, stop=len(data))
    if opening.is_whole(data):
        body = memoryview(data)[opening.body : opening.stop]
        try:
            return Located(frame=_body_decoder.decode(body), start=position, stop=opening.stop)
        except msgspec.MsgspecError:
            pass
    return Damage(
        start=position,
        stop=min(opening.stop, len(data)),
        model=opening.head.model,
        received=opening.head.received,
        sampled_out=opening.head.sampled_out,
    )


def _next_head(data: bytes, position: int) -> int | None:
    while (position := data.find(MAGIC, position)) != -1:
        if _opening_at(data, position) is not None:
            return position
        position += 1
    return None
