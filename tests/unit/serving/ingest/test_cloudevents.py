"""CloudEvents in all three modes are the same event."""

import base64
import json

import pytest

from keepfit.errors import RequestError
from keepfit.serving.ingest.cloudevents import read_events

HEADERS = {
    "ce-specversion": "1.0",
    "ce-id": "a-1",
    "ce-source": "http://localhost:9081/",
    "ce-type": "org.kubeflow.serving.inference.request",
    "ce-time": "2020-01-31T08:00:00.123456789Z",
    "ce-inferenceservicename": "taxi",
    "content-type": "application/json; charset=utf-8",
}
EVENT = {
    "specversion": "1.0",
    "id": "a-1",
    "source": "http://localhost:9081/",
    "type": "org.kubeflow.serving.inference.request",
    "time": "2020-01-31T08:00:00.123456789Z",
    "inferenceservicename": "taxi",
    "datacontenttype": "application/json",
    "data": {"instances": [[1]]},
}
BODY = b'{"instances":[[1]]}'


def test_the_modes_say_the_same():
    """Attributes as headers, or in one JSON object with the data, or several of them."""
    (binary,) = read_events(HEADERS, BODY)
    structured = {"content-type": "application/cloudevents+json; charset=utf-8"}
    (whole,) = read_events(structured, json.dumps(EVENT).encode())
    batch = {"content-type": "application/cloudevents-batch+json"}
    first, second = read_events(batch, json.dumps([EVENT, {**EVENT, "id": "a-2"}]).encode())
    assert binary == whole == first
    assert (binary.id, second.id, binary.content_type) == ("a-1", "a-2", "application/json")
    assert (binary.time, binary.data) == (1_580_457_600_123_456, BODY)
    assert binary.extensions == {"inferenceservicename": "taxi"}


def test_data_may_be_bytes_or_text():
    """In base64 when it is no JSON; a text of another type is itself."""
    plain = {name: value for name, value in EVENT.items() if name not in {"data", "datacontenttype"}}
    headers = {"content-type": "application/cloudevents+json"}
    raw = {
        **plain,
        "datacontenttype": "application/octet-stream",
        "data_base64": base64.b64encode(b"\x00\xff").decode(),
    }
    text = {**plain, "datacontenttype": "text/csv", "data": "1,2"}
    quoted = {**plain, "data": "1,2"}
    bodies = [read_events(headers, json.dumps(one).encode())[0].data for one in (raw, text, quoted)]
    assert bodies == [b"\x00\xff", b"1,2", b'"1,2"']


def test_headers_are_percent_decoded():
    """As the HTTP binding asks."""
    assert read_events({**HEADERS, "ce-id": "a%20%E2%82%AC"}, BODY)[0].id == "a €"


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        ({"ce-id": ""}, BODY, "no attribute 'id'"),
        ({"ce-type": ""}, BODY, "no attribute 'type'"),
        ({"ce-specversion": "0.3"}, BODY, "CloudEvents 0.3 is not read"),
        ({"ce-time": "noon"}, BODY, "time cannot be read"),
        ({"content-type": "application/cloudevents+json"}, b"{", "cannot be read"),
        ({"content-type": "application/cloudevents+json"}, b"[]", "JSON object"),
        ({"content-type": "application/cloudevents-batch+json"}, b"{}", "JSON list"),
        ({"content-type": "application/cloudevents+json"}, b'{"id":"a","source":"s"}', "no attribute 'type'"),
        (
            {"content-type": "application/cloudevents+json"},
            b'{"id":"a","source":"s","type":"t","data_base64":"?"}',
            "data_base64",
        ),
    ],
)
def test_what_is_no_event_is_refused(headers, body, said):
    """With the attribute that is wrong."""
    with pytest.raises(RequestError, match=said):
        read_events({**HEADERS, **headers}, body)
