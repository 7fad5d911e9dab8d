"""KServe's inference logger: two events, one request, whatever order they come in."""

import json

import numpy as np
import pytest

from keepfit.errors import RequestError
from keepfit.serving.ingest.kserve import REQUEST, RESPONSE, Inbox, model_of, pair_frame


class Waiting:
    """Halves in memory."""

    def __init__(self):
        self.kept, self.settled = {}, set()

    def meet(self, key, kind, event, *, now_us):  # noqa: ARG002 - the port has it
        """As the port says."""
        if key in self.settled:
            return None
        kinds = self.kept.setdefault(key, {})
        kinds.setdefault(kind, event)
        return next((one for other, one in kinds.items() if other != kind), None)

    def settle(self, key):
        """As the port says."""
        self.settled.add(key)
        self.kept.pop(key, None)


def headers(kind, number="7", content_type="application/json"):
    return {
        "ce-specversion": "1.0",
        "ce-id": number,
        "ce-source": "http://taxi-predictor/",
        "ce-type": kind,
        "ce-time": "2020-01-31T08:00:00Z",
        "ce-inferenceservicename": "taxi",
        "content-type": content_type,
    }


V2 = {
    "id": "call-1",
    "inputs": [
        {"name": "miles", "shape": [2], "datatype": "FP64", "data": [1.5, 2.5]},
        {"name": "zone", "shape": [2, 1], "datatype": "BYTES", "data": ["A", "B"]},
        {"name": "hour", "shape": [2], "datatype": "INT64", "data": [8, 9]},
    ],
    "outputs": [{"name": "their-own-name"}],
}
V2_REPLY = {"outputs": [{"name": "their-own-name", "shape": [2], "datatype": "FP32", "data": [10, 20]}]}
V1 = {"instances": [[1.5, "A", 8], [2.5, "B", 9]]}
V1_REPLY = {"predictions": [10, 20]}


def paired(asked, answered, number="7"):
    inbox = Inbox(Waiting())
    assert inbox.take(headers(REQUEST, number), json.dumps(asked).encode(), now_us=0) == []
    (pair,) = inbox.take(headers(RESPONSE, number), json.dumps(answered).encode(), now_us=1)
    return pair


@pytest.mark.parametrize(
    ("asked", "answered", "ids"), [(V2, V2_REPLY, ["call-1:0", "call-1:1"]), (V1, V1_REPLY, ["7:0", "7:1"])]
)
def test_both_protocols_become_rows(taxi, asked, answered, ids):
    """Named by the request's own id where it has one, else by the event's; at the event's time."""
    made = pair_frame("taxi", taxi, paired(asked, answered), version=3, received_at=9)
    assert (made.prediction_id, made.prediction, made.source) == (ids, [10.0, 20.0], "kserve")
    assert (made.event_time, made.received_at) == ([1_580_457_600_000_000] * 2, [9, 9])
    assert np.frombuffer(made.numbers).tolist() == [1.5, 8.0, 2.5, 9.0]
    assert made.features == {"zone": ["A", "B"]}


def test_binary_tensors_are_read(churn):
    """As tritonclient sends them; the logger passes no header on that tells where they begin."""
    matrix = np.array([[30.0, 1.0], [40.0, 2.0]])
    head = {
        "inputs": [
            {
                "name": "x",
                "shape": [2, 2],
                "datatype": "FP64",
                "parameters": {"binary_data_size": matrix.nbytes},
            }
        ]
    }
    inbox = Inbox(Waiting())
    octets = "application/octet-stream"
    inbox.take(headers(REQUEST, content_type=octets), json.dumps(head).encode() + matrix.tobytes(), now_us=0)
    reply = {"outputs": [{"name": "p", "shape": [2], "datatype": "FP64", "data": [0.1, 0.9]}]}
    (pair,) = inbox.take(headers(RESPONSE, content_type=octets), json.dumps(reply).encode(), now_us=1)
    made = pair_frame("churn", churn, pair, version=1, received_at=9)
    assert np.frombuffer(made.numbers).tolist() == [30.0, 1.0, 40.0, 2.0]


def test_the_response_may_come_first_and_each_more_than_once():
    """A pair is given until it is settled, and never again after."""
    inbox = Inbox(Waiting())
    asked, answered = json.dumps(V1).encode(), json.dumps(V1_REPLY).encode()
    assert inbox.take(headers(RESPONSE), answered, now_us=0) == []
    assert inbox.take(headers(RESPONSE), answered, now_us=0) == []
    (pair,) = inbox.take(headers(REQUEST), asked, now_us=1)
    assert (pair.request.type, pair.response.type) == (REQUEST, RESPONSE)
    assert inbox.take(headers(REQUEST), asked, now_us=1) == [pair]
    inbox.settle(pair)
    assert inbox.take(headers(REQUEST), asked, now_us=2) == []


def test_events_of_different_requests_do_not_meet():
    """Nor do those of different services with the same id."""
    inbox = Inbox(Waiting())
    inbox.take(headers(REQUEST, "1"), b"{}", now_us=0)
    assert inbox.take(headers(RESPONSE, "2"), b"{}", now_us=0) == []
    assert inbox.take({**headers(RESPONSE, "1"), "ce-source": "http://other/"}, b"{}", now_us=0) == []


def test_the_events_name_the_model():
    """Unless they do not."""
    pair = paired(V1, V1_REPLY)
    assert model_of(pair) == "taxi"
    inbox = Inbox(Waiting())
    bare = {name: value for name, value in headers(REQUEST).items() if "service" not in name}
    inbox.take(bare, b"{}", now_us=0)
    (nameless,) = inbox.take({**bare, "ce-type": RESPONSE}, b"{}", now_us=0)
    with pytest.raises(RequestError, match="inferenceservicename"):
        model_of(nameless)


def test_other_events_are_refused():
    """Before anything is kept."""
    waiting = Waiting()
    with pytest.raises(RequestError, match=r"'com\.example' are not read here"):
        Inbox(waiting).take(headers("com.example"), b"{}", now_us=0)
    assert waiting.kept == {}


@pytest.mark.parametrize(
    ("asked", "answered", "said"),
    [
        ({"instances": [[1.5, "A"]]}, V1_REPLY, "2 values for 3 columns"),
        (V1, {"predictions": [1]}, "1 predictions for 2 rows"),
        ({"question": 1}, V1_REPLY, "cannot be read|inputs"),
    ],
)
def test_a_pair_that_does_not_fit_the_model_is_refused(taxi, asked, answered, said):
    """In the words of keepfit's own server."""
    with pytest.raises(RequestError, match=said):
        pair_frame("taxi", taxi, paired(asked, answered), version=3, received_at=9)
