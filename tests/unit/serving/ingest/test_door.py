"""Events in, frames out: recorded once, and nothing let go of before."""

import json

import pytest

from keepfit.adapters.event_halves import EventHalves
from keepfit.errors import CaptureError, NotFoundError, RequestError
from keepfit.serving.ingest.door import KserveDoor
from keepfit.serving.ingest.kserve import REQUEST, RESPONSE
from keepfit.serving.refusals import NotReadyError

GOOD = {"instances": [[1.5, "A", 8], [2.5, "B", 9]]}
REPLY = {"predictions": [10, 20]}


class Log:
    """A capture log in memory.

    Attributes:
        full: whether it takes nothing.
    """

    def __init__(self):
        self.frames, self.full = [], False

    def append(self, frame):
        """As the port says."""
        if self.full:
            raise CaptureError("no room")
        self.frames.append(frame)


def event(kind, body, number="7"):
    source = {"specversion": "1.0", "id": number, "source": "http://taxi/", "inferenceservicename": "taxi"}
    return {**source, "type": kind, "data": body}


HEADERS = {"content-type": "application/cloudevents-batch+json"}


def both(asked=GOOD, answered=REPLY, number="7"):
    return [event(REQUEST, asked, number), event(RESPONSE, answered, number)]


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def door(taxi, log, tmp_path):
    def answering(model):
        if model == "bus":
            raise NotReadyError("model 'bus' has no released version yet")
        if model != "taxi":
            raise NotFoundError(f"unknown model '{model}'")
        return taxi, 3

    return KserveDoor(halves=EventHalves(tmp_path / "kserve.db"), answering=answering, capture=log)


def send(door, events, **more):
    return door.take(HEADERS, json.dumps(events).encode(), now_us=1, **more)


def test_a_pair_is_recorded_once(door, log):
    """However often its events come, and in whatever order."""
    asked, answered = both()
    assert send(door, [answered]) == {}
    assert send(door, [asked]) == {"taxi": 2}
    for repeat in ([asked], [answered], [asked, answered]):
        assert send(door, repeat) == {}
    (frame,) = log.frames
    assert (frame.model, frame.version, frame.prediction_id) == ("taxi", [3, 3], ["7:0", "7:1"])
    assert door.halves.waiting == 0


def test_several_pairs_may_come_at_once(door, log):
    """And the URL may name the model."""
    assert send(door, [*both(number="1"), *both(number="2")], model="taxi") == {"taxi": 4}
    assert len(log.frames) == 2


def test_what_could_not_be_recorded_is_recorded_when_it_comes_again(door, log):
    """Whether the disk was full or the model not ready."""
    log.full = True
    with pytest.raises(CaptureError):
        send(door, both())
    log.full = False
    with pytest.raises(NotReadyError):
        send(door, both(), model="bus")
    assert send(door, both()) == {"taxi": 2}
    assert len(log.frames) == 1


def test_a_pair_that_never_fits_is_let_go_of(door, log):
    """It is refused; the good ones beside it are recorded."""
    with pytest.raises(RequestError, match="1 predictions for 2 rows"):
        send(door, [*both(answered={"predictions": [1]}, number="1"), *both(number="2")])
    assert (len(log.frames), door.halves.waiting) == (1, 0)


def test_a_model_that_nobody_knows_is_said(door):
    """Its events wait: it may be declared before they expire."""
    with pytest.raises(NotFoundError, match="unknown model 'tram'"):
        send(door, both(), model="tram")
    assert door.halves.waiting == 2


def test_what_is_recorded_is_told_at_once(door, log):
    """Once a pair, also when another one beside it is refused, and not when it could not be recorded."""
    told = []

    def recorded(model, rows):
        told.append((model, rows))

    log.full = True
    with pytest.raises(CaptureError):
        send(door, both(), recorded=recorded)
    assert told == []
    log.full = False
    for _ in range(2):
        send(door, both(), recorded=recorded)
    assert told == [("taxi", 2)]
    with pytest.raises(RequestError):
        send(door, [*both(number="8"), *both(answered={"predictions": [1]}, number="9")], recorded=recorded)
    assert told == [("taxi", 2), ("taxi", 2)]
