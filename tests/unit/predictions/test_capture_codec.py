"""Frames survive their bytes, and damage to some bytes costs the frames that they belong to and no other."""

import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.errors import CaptureError
from keepfit.predictions.capture_codec import (
    MAGIC,
    DroppedFrame,
    LabelsFrame,
    PredictionsFrame,
    count_frames,
    decode_frames,
    dropped_frame,
    encode,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def predictions(*ids, model="taxi", **kwargs):
    n = len(ids)
    return PredictionsFrame(
        model=model,
        prediction_id=list(ids),
        version=[1] * n,
        role=["champion"] * n,
        event_time=[1_580_000_000_000_000] * n,
        received_at=[1_580_000_000_000_000] * n,
        prediction=[12.5] * n,
        error=[None] * n,
        features={"miles": [2.5] * n, "zone": ["bronx"] * n},
        kinds={"miles": "number", "zone": "text"},
        received=n,
        **kwargs,
    )


def labels(*ids):
    return LabelsFrame(
        model="taxi",
        prediction_id=list(ids),
        label=[3.0] * len(ids),
        label_time=[1] * len(ids),
        received_at=[2] * len(ids),
    )


FRAMES = [predictions("a"), labels("a", "b"), predictions("b", "c", sampled_out=1), predictions("d")]
ENCODED = [encode(frame) for frame in FRAMES]
DATA = b"".join(ENCODED)
STARTS = [sum(map(len, ENCODED[:place])) for place in range(len(ENCODED) + 1)]


def frames_of(decoded):
    return [one.frame for one in decoded.frames]


def test_frames_come_back_as_they_were_written():
    """Predictions and labels, in order, and each with its place."""
    decoded = decode_frames(DATA)
    assert frames_of(decoded) == FRAMES
    assert [one.start for one in decoded.frames] == STARTS[:-1]
    assert (decoded.end, decoded.damage, decoded.tail) == (len(DATA), (), None)


@given(st.integers(min_value=0, max_value=len(DATA) - 1))
def test_a_torn_tail_ends_reading_at_the_last_whole_frame(cut):
    """Whatever number of bytes of the last frame is there, the frames before it are read, and it is waited for."""
    decoded = decode_frames(DATA[:cut])
    whole = sum(start <= cut for start in STARTS[1:])
    assert frames_of(decoded) == FRAMES[:whole]
    assert decoded.end == STARTS[whole]
    assert decoded.damage == ()
    assert (decoded.tail is None) == (cut in STARTS)


@given(st.integers(min_value=0, max_value=STARTS[3] - 1), st.integers(min_value=1, max_value=255))
def test_one_wrong_byte_in_the_middle_costs_one_frame(place, flip):
    """The frames before and after it are kept, and the damage is exactly the frame that held the byte."""
    data = bytearray(DATA)
    data[place] ^= flip
    decoded = decode_frames(bytes(data))
    hit = sum(start <= place for start in STARTS) - 1
    assert frames_of(decoded) == [frame for number, frame in enumerate(FRAMES) if number != hit]
    assert [(one.start, one.stop) for one in decoded.damage] == [(STARTS[hit], STARTS[hit + 1])]
    assert decoded.end == len(DATA)


@given(
    st.integers(min_value=1, max_value=STARTS[3] - 2),
    st.integers(min_value=1, max_value=60),
)
def test_missing_bytes_never_cost_a_frame_that_was_untouched(start, length):
    """When bytes are cut out, the frames that lost none of theirs are all found."""
    stop = min(start + length, STARTS[3] - 1)
    decoded = decode_frames(DATA[:start] + DATA[stop:])
    untouched = [
        frame
        for frame, first, last in zip(FRAMES, STARTS, STARTS[1:], strict=False)
        if last <= start or first >= stop
    ]
    assert frames_of(decoded) == untouched


@given(st.binary(max_size=300))
def test_no_bytes_raise(data):
    """Garbage is read as damage or as a tail, never as an exception, and every byte is accounted for."""
    decoded = decode_frames(data)
    covered = sum(one.stop - one.start for one in decoded.damage)
    covered += sum(one.stop - one.start for one in decoded.frames)
    covered += 0 if decoded.tail is None else decoded.tail.stop - decoded.tail.start
    assert covered == len(data)


def test_a_damaged_body_still_says_how_much_was_lost():
    """The head has its own checksum, so that the ledger can count what it cannot store."""
    data = bytearray(DATA)
    data[STARTS[3] - 1] ^= 1
    (damage,) = decode_frames(bytes(data)).damage
    assert (damage.model, damage.received, damage.sampled_out) == ("taxi", 2, 1)


def test_a_damaged_last_frame_is_a_tail_that_says_what_it_held():
    """Nothing follows it, so it may still be being written: whoever knows that it is not can count it as lost."""
    data = bytearray(DATA)
    data[-1] ^= 1
    decoded = decode_frames(bytes(data))
    assert decoded.tail is not None
    assert (decoded.end, decoded.tail.model, decoded.tail.received) == (STARTS[3], "taxi", 1)


def test_a_lost_head_is_damage_up_to_the_next_frame():
    """Nothing is known of what it held."""
    data = bytearray(DATA)
    data[STARTS[2]] ^= 1
    (damage,) = decode_frames(bytes(data)).damage
    assert (damage.start, damage.stop, damage.model) == (STARTS[2], STARTS[3], None)


def test_a_magic_in_the_data_is_no_frame():
    """Bytes that look like a frame's beginning are passed over while looking for the next one."""
    data = MAGIC + b"\0" * 40 + MAGIC + DATA
    decoded = decode_frames(data)
    assert frames_of(decoded) == FRAMES
    assert [(one.start, one.stop) for one in decoded.damage] == [(0, 44 + len(MAGIC))]


def test_a_length_beyond_the_data_does_not_hide_what_follows():
    """A frame whose bytes were cut off in the middle of a file ends where the next good one begins."""
    decoded = decode_frames(ENCODED[2][:-5] + ENCODED[3])
    assert frames_of(decoded) == [FRAMES[3]]
    assert decoded.damage[0].stop == len(ENCODED[2]) - 5


def test_a_whole_number_beyond_64_bits_is_refused():
    """MessagePack has none; the error names the model."""
    frame = LabelsFrame(model="taxi", prediction_id=["a"], label=[1.0], label_time=[2**70], received_at=[0])
    with pytest.raises(CaptureError, match="a record of 'taxi' cannot be written"):
        encode(frame)


def test_the_format_is_fixed():
    """Logs outlive releases: this is the layout that every version must read."""
    data = encode(labels("a"))
    magic, head_length, body_length = struct.unpack_from(">4sHI", data)
    assert magic == b"\xffkf\x01"
    assert len(data) == 18 + head_length + body_length


@given(st.lists(st.tuples(TEXT, st.none() | st.floats(allow_nan=False), st.none() | TEXT), max_size=5))
def test_any_cell_comes_back(rows):
    """Null, any text and any float."""
    frame = PredictionsFrame(
        model="m",
        prediction_id=[one for one, _, _ in rows],
        version=[1] * len(rows),
        role=["shadow"] * len(rows),
        event_time=[-1] * len(rows),
        received_at=[0] * len(rows),
        prediction=[number for _, number, _ in rows],
        error=[text for _, _, text in rows],
        features={"x": [number for _, number, _ in rows]},
        kinds={"x": "number"},
        context={"c": [text for _, _, text in rows]},
    )
    assert frames_of(decode_frames(encode(frame))) == [frame]


def test_frames_are_counted_without_their_rows():
    """What the heads say of each, and where it lies."""
    counted = list(count_frames(DATA))
    assert [one.start for one in counted] == STARTS[:-1]
    assert [(one.received, one.sampled_out, one.whole) for one in counted] == [
        (1, 0, True),
        (0, 0, True),
        (2, 1, True),
        (1, 0, True),
    ]


@given(st.integers(0, len(DATA) - 1), st.integers(1, 60))
def test_counting_agrees_with_reading(place, length):
    """Whatever was overwritten: the same frames are whole, and the same counts are lost."""
    damaged = DATA[:place] + bytes(length) + DATA[place + length :]
    counted = list(count_frames(damaged))
    read = decode_frames(damaged)
    lost = [*read.damage, *([read.tail] if read.tail else [])]
    assert [(one.start, one.stop) for one in counted if one.whole] == [
        (one.start, one.stop) for one in read.frames
    ]
    assert sum(one.received for one in counted if not one.whole) == sum(one.received for one in lost)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"version": [1]}, r"columns of \[1, 2\] rows"),
        ({"latency_us": [5]}, r"columns of \[1, 2\] rows"),
        ({"features": {"miles": [1.0]}, "kinds": {"miles": "number"}}, r"columns of \[1, 2\] rows"),
        ({"kinds": {}}, "does not name its features once each"),
        ({"number_names": ["miles"], "numbers": bytes(16)}, "does not name its features once each"),
        ({"number_names": ["hour"], "numbers": bytes(8)}, "8 bytes of numbers for 2 rows of 1"),
    ],
)
def test_a_frame_that_could_never_be_a_table_is_refused(wrong, said):
    """While its rows can still be counted, not when it is drained."""
    with pytest.raises(CaptureError, match=said):
        encode(msgspec.structs.replace(predictions("a", "b"), **wrong))


def test_counts_that_stand_for_a_segment_are_told_from_rows():
    """By the first bytes of a file."""
    instead = DroppedFrame(size=900, counts={"taxi": (5, 1)})
    assert dropped_frame(encode(instead) + DATA) == instead
    assert dropped_frame(DATA) is None
    assert dropped_frame(encode(instead)[:-1]) is None
