"""Frames without what must not be recorded: columns redacted, or replaced by keyed hashes."""

import math
import struct
from array import array
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import msgspec

from keepfit.predictions.capture_codec import TEXT, Cell, Frame, LabelsFrame, PredictionsFrame
from keepfit.predictions.capture_policy import Capture

#: 128 bits: among a billion different values two share a hash with a chance of 1e-21.
_HASH_BYTES: Final = 16
#: A little-endian NaN, whatever the machine's own order is.
_NULL: Final = array("d", struct.pack("<d", math.nan))


def masked(frame: Frame, policy: Capture, key: bytes, *, id_column: str = "") -> Frame:
    """The frame as it may be written; the frame itself when the policy masks nothing of it.

    Args:
        frame: predictions, or labels, of one model.
        policy: that model's.
        key: of the hashes; see `keyed_hash`.
        id_column: the column that prediction ids come from; when it is hashed, so are the ids of predictions and labels.

    >>> from keepfit.predictions.capture_codec import LabelsFrame
    >>> label = LabelsFrame(model="taxi", prediction_id=["a"], label=[1], label_time=[0], received_at=[0])
    >>> len(masked(label, Capture(hash=["trip"]), b"key", id_column="trip").prediction_id[0])
    32
    """
    if not policy.masked:
        return frame
    hashed_ids = id_column in policy.hash
    ids = _hashed(frame.prediction_id, key) if hashed_ids else frame.prediction_id
    if isinstance(frame, LabelsFrame):
        return msgspec.structs.replace(frame, prediction_id=ids) if hashed_ids else frame
    hashed = [name for name in policy.hash if name in frame.features]
    features: dict[str, list[Cell]] = {
        name: [None] * len(ids) if name in policy.redact else values
        for name, values in frame.features.items()
    }
    features |= {name: list(_hashed(features[name], key)) for name in hashed}
    return msgspec.structs.replace(
        frame,
        prediction_id=ids,
        features=features,
        kinds=frame.kinds | dict.fromkeys(hashed, TEXT),
        context={name: _masked_context(name, values, policy, key) for name, values in frame.context.items()},
        numbers=_redacted(frame, policy),
    )


def keyed_hash(value: object, key: bytes) -> str:
    """The keyed BLAKE2b of a value's text, as 32 hexadecimal digits (Aumasson et al. 2013, RFC 7693).

    Without the key nobody can find out by trying which value it was.

    >>> keyed_hash("bronx", b"a key") == keyed_hash("bronx", b"another key")
    False
    """
    return blake2b(str(value).encode(), digest_size=_HASH_BYTES, key=key).hexdigest()


def _masked_context(name: str, values: list[str | None], policy: Capture, key: bytes) -> list[str | None]:
    if name in policy.redact:
        return [None] * len(values)
    return _hashed(values, key) if name in policy.hash else values


def _hashed(values: Sequence[object], key: bytes) -> list[str | None]:
    return [None if value is None else keyed_hash(value, key) for value in values]


def _redacted(frame: PredictionsFrame, policy: Capture) -> bytes:
    columns = [place for place, name in enumerate(frame.number_names) if name in policy.redact]
    if not columns:
        return frame.numbers
    block = array("d", frame.numbers)
    null = _NULL * len(frame.prediction_id)
    for place in columns:
        block[place :: len(frame.number_names)] = null
    return block.tobytes()
