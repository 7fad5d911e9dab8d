"""What must not be recorded never reaches a frame's bytes."""

import numpy as np
import pytest

from keepfit.predictions.capture_codec import LabelsFrame, PredictionsFrame, encode
from keepfit.predictions.capture_policy import Capture
from keepfit.predictions.frames import predictions_table
from keepfit.predictions.masking import keyed_hash, masked

KEY = b"k" * 32


@pytest.fixture
def predicted():
    """Two rides with numbers in a block, a zone, seats, and a passenger's name."""
    return PredictionsFrame(
        model="taxi",
        prediction_id=["ride-1", "ride-2"],
        version=[1, 1],
        role=["champion"] * 2,
        event_time=[0, 0],
        received_at=[0, 0],
        prediction=[1.0, 2.0],
        error=[None, None],
        features={"zone": ["bronx", None], "seats": [4, 2]},
        kinds={"zone": "text", "seats": "integer"},
        context={"name": ["Ada Lovelace", "Emmy Noether"]},
        number_names=["miles", "age"],
        numbers=np.array([[1.0, 36.0], [2.0, 53.0]]).tobytes(),
        received=2,
    )


def test_a_policy_that_masks_nothing_leaves_the_frame_as_it_is(predicted):
    """Not a copy: it is asked for each frame."""
    assert masked(predicted, Capture(share=0.5), KEY) is predicted


def test_redacted_columns_are_null(predicted):
    """In the block of numbers, among other features and in the context; the rest is untouched."""
    table = predictions_table([masked(predicted, Capture(redact=["age", "seats", "name"]), KEY)])
    assert table["x_age"].to_list() == table["x_seats"].to_list() == table["c_name"].to_list() == [None, None]
    assert table["x_miles"].to_list() == [1.0, 2.0]
    assert table["x_zone"].to_list() == ["bronx", None]


def test_hashed_columns_are_texts_that_tell_equal_from_different(predicted):
    """Null stays null; a number that is a category becomes text."""
    table = predictions_table([masked(predicted, Capture(hash=["zone", "seats", "name"]), KEY)])
    assert table["x_zone"].to_list() == [keyed_hash("bronx", KEY), None]
    assert table["x_seats"].to_list() == [keyed_hash(4, KEY), keyed_hash(2, KEY)]
    assert table["c_name"].n_unique() == 2
    assert table["prediction_id"].to_list() == ["ride-1", "ride-2"]


def test_a_hashed_id_still_finds_its_label(predicted):
    """Predictions and labels are hashed alike."""
    policy = Capture(hash=["ride"])
    label = LabelsFrame(model="taxi", prediction_id=["ride-2"], label=[3], label_time=[0], received_at=[0])
    ids = masked(predicted, policy, KEY, id_column="ride").prediction_id
    assert masked(label, policy, KEY, id_column="ride").prediction_id == [ids[1]]
    assert masked(label, Capture(hash=["zone"]), KEY, id_column="ride") is label


def test_the_bytes_hold_nothing_of_it(predicted):
    """Names, ids and zones are not in what is written."""
    policy = Capture(redact=["name"], hash=["zone", "ride"])
    data = encode(masked(predicted, policy, KEY, id_column="ride"))
    assert all(text in encode(predicted) for text in (b"Lovelace", b"bronx", b"ride-1"))
    assert not any(text in data for text in (b"Lovelace", b"bronx", b"ride-1"))


def test_another_key_gives_other_hashes(predicted):
    """Nobody can try values without the key."""
    one, other = (masked(predicted, Capture(hash=["zone"]), key) for key in (KEY, b"q" * 32))
    assert one.features["zone"] != other.features["zone"]
