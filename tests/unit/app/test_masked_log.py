"""What a server writes down is what the model's policy allows."""

import pytest

from keepfit.adapters.capture_log import CaptureReader, CaptureWriter
from keepfit.app.capture_policies import CapturePolicy
from keepfit.app.masked_log import MaskedLog
from keepfit.predictions.capture_codec import LabelsFrame, PredictionsFrame
from keepfit.predictions.capture_policy import Capture
from keepfit.predictions.masking import keyed_hash


def answers(model, *names, size=0):
    rows = len(names)
    return PredictionsFrame(
        model=model,
        prediction_id=list(names),
        version=[1] * rows,
        role=["champion"] * rows,
        event_time=[0] * rows,
        received_at=[0] * rows,
        prediction=[1.0] * rows,
        error=[None] * rows,
        features={"zone": ["bronx" + "x" * size] * rows},
        kinds={"zone": "text"},
        received=rows,
    )


@pytest.fixture
def writer(tmp_path):
    """A capture log with little room."""
    made = CaptureWriter(tmp_path, log_id="web-0", limit_bytes=100_000)
    yield made
    made.close()


def policies(**models):
    return {name: CapturePolicy(capture=one, id_column="trip") for name, one in models.items()}


def test_each_model_is_masked_by_its_own_policy(tmp_path, writer):
    """Labels too; who has none is written as it is, and the key is read once, when it is needed."""
    asked = []

    def key():
        asked.append(1)
        return b"k" * 32

    log = MaskedLog(writer, policies(taxi=Capture(redact=["zone"], hash=["trip"]), eta=Capture()), key)
    log.append(answers("bikes", "a"))
    log.append(answers("eta", "b"))
    assert asked == []
    log.append(answers("taxi", "c"))
    log.append(LabelsFrame(model="taxi", prediction_id=["c"], label=[1.0], label_time=[0], received_at=[0]))
    assert asked == [1]
    found = CaptureReader(tmp_path).read("web-0").frames
    hashed = keyed_hash("c", b"k" * 32)
    assert [one.prediction_id for one in found] == [["a"], ["b"], [hashed], [hashed]]
    assert [one.features["zone"] for one in found[:3]] == [["bronx"], ["bronx"], [None]]


def test_the_share_is_the_policys_times_what_the_room_allows(writer):
    """By model."""
    log = MaskedLog(writer, policies(taxi=Capture(share=0.5)), lambda: b"")
    assert (log.share("taxi"), log.share("bikes")) == (0.5, 1.0)
    log.append(answers("bikes", "a", size=82_000))
    assert (log.share("taxi"), log.share("bikes")) == (0.25, 0.5)
