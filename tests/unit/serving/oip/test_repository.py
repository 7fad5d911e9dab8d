"""The bodies of the model repository extension."""

import pytest

from keepfit.errors import RequestError
from keepfit.serving import oip
from keepfit.serving.model_index import Entry, State

ENTRIES = (
    Entry(name="bus", version=None, state=State.UNAVAILABLE, reason="no released version yet"),
    Entry(name="taxi", version=3, state=State.READY),
)


@pytest.mark.parametrize(
    ("body", "ready"), [(b"", False), (b" ", False), (b"{}", False), (b'{"ready": true}', True)]
)
def test_an_index_may_be_of_all_or_of_those_that_are_ready(body, ready):
    """Triton's clients send no body for all."""
    assert oip.wants_ready(body) is ready


def test_the_index_is_as_the_protocol_has_it():
    """Versions are texts; a reason is always there, if only an empty one."""
    taxi = {"name": "taxi", "version": "3", "state": "READY", "reason": ""}
    bus = {"name": "bus", "state": "UNAVAILABLE", "reason": "no released version yet"}
    assert oip.index(ENTRIES) == [bus, taxi]
    assert oip.index(ENTRIES, ready=True) == [taxi]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"parameters": {}}',
        b'{"parameters": null}',
        b'{"parameters": {"unload_dependents": true}}',
    ],
)
def test_what_loading_needs_is_the_name(body):
    """There is nothing that depends on a model."""
    oip.check_change(body)


@pytest.mark.parametrize("name", ["config", "file:1/model.onnx"])
def test_another_model_than_the_released_one_is_not_loaded(name):
    """Triton takes a configuration and files; here they would be passed over in silence."""
    with pytest.raises(RequestError, match=f"the parameter '{name}' is not taken here"):
        oip.check_change(b'{"parameters": {"%s": "x"}}' % name.encode())


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"ready": "yes"}', b"\xff"])
def test_what_is_no_index_request_is_refused(body):
    """In the protocol's words for an error."""
    with pytest.raises(RequestError, match="cannot be read"):
        oip.wants_ready(body)


@pytest.mark.parametrize("body", [b"{", b"7", b'{"parameters": []}'])
def test_what_is_no_request_to_load_is_refused(body):
    """Likewise."""
    with pytest.raises(RequestError, match="cannot be read"):
        oip.check_change(body)
