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
from dataclasses import dataclass
from typing import Final

import msgspec

from keepfit.errors import CaptureError

MAGIC: Final = b"\xffkf\x01"
_FIXED: Final = struct.Struct(">4sHIII")

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
        features: a list of values for each feature; NaN is not used, null is.
        kinds: for each feature how it is recorded.
        context: a list of texts for each context column.
        received: served rows (not shadows) that this frame accounts for.
        sampled_out: of these, left out on purpose.
        dropped: of these, lost before they could be written.
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


class LabelsFrame(msgspec.Struct, frozen=True, kw_only=True, tag="l", tag_field="kind"):
    """Labels of one model, by column; times are microseconds since 1970-01-01 UTC."""

    model: str
    prediction_id: list[str]
    label: list[float]
    label_time: list[int]
    received_at: list[int]


Frame = PredictionsFrame | LabelsFrame


class _Head(msgspec.Struct, frozen=True, array_like=True):
    model: str
    received: int
    sampled_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A frame and where it lay: bytes `start` to `stop`."""

    frame: Frame
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


_body_decoder: Final = msgspec.msgpack.Decoder(Frame)
_head_decoder: Final = msgspec.msgpack.Decoder(_Head)
_encoder: Final = msgspec.msgpack.Encoder()


def encode(frame: Frame) -> bytes:
    """The frame's bytes, ready to be appended in one write.

    Raises:
        CaptureError: a value does not fit the format (an integer beyond 64 bits, a frame beyond 4 GiB).

    >>> frame = LabelsFrame(
    ...     model="taxi", prediction_id=["a"], label=[12.5], label_time=[0], received_at=[0])
    >>> decode_frames(encode(frame)).frames[0].frame == frame
    True
    """
    served, sampled = (frame.received, frame.sampled_out) if isinstance(frame, PredictionsFrame) else (0, 0)
    try:
        head = _encoder.encode(_Head(frame.model, served, sampled))
        body = _encoder.encode(frame)
        return _seal(len(head), len(body), zlib.crc32(body), head) + body
    except (OverflowError, UnicodeEncodeError, struct.error) as error:
        raise CaptureError(f"a record of '{frame.model}' cannot be written: {error}") from None


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


def _opening_at(data: bytes, position: int) -> _Opening | None:
    fixed_end = position + _FIXED.size
    if fixed_end > len(data) or data[position : position + len(MAGIC)] != MAGIC:
        return None
    _, head_length, body_length, head_sum, body_sum = _FIXED.unpack_from(data, position)
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
    body = memoryview(data)[opening.body : opening.stop]
    if opening.stop <= len(data) and zlib.crc32(body) == opening.body_sum:
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
