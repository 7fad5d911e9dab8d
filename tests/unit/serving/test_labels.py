"""Two ways of writing labels."""

import pytest

from keepfit.errors import RequestError
from keepfit.serving.labels import decode_labels


def test_one_object_a_label():
    """The time may be left out."""
    batch = decode_labels(
        b'{"labels": [{"id": "a", "value": 1.5, "time": "2020-01-31"}, {"id": 7, "value": true}]}'
    )
    assert (batch.ids, batch.values, batch.times) == (["a", 7], [1.5, True], ["2020-01-31", None])


def test_by_column():
    """The times may be left out."""
    batch = decode_labels(b'{"ids": ["a"], "values": [1]}')
    assert (batch.ids, batch.values, batch.times) == (["a"], [1], None)
    assert decode_labels(b'{"ids": ["a"], "values": [1], "times": [null]}').times == [None]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "cannot be read"),
        (b"{", "cannot be read"),
        (b"[]", "Expected `object`"),
        (b"\xff", "cannot be read"),
        (b"{}", "give {"),
        (b'{"ids": ["a"]}', "give {"),
        (b'{"labels": [], "ids": ["a"], "values": [1]}', "give {"),
        (b'{"labels": [{"id": "a"}]}', "`value` - at `$.labels[0]`"),
        (b'{"labels": [{"id": null, "value": 1}]}', "$.labels[0].id"),
    ],
)
def test_what_is_neither_is_refused(body, said):
    """With the place, where there is one."""
    with pytest.raises(RequestError) as caught:
        decode_labels(body)
    assert said in str(caught.value)


def test_what_is_nested_too_deeply_is_refused():
    """As any other body that is no batch of labels."""
    with pytest.raises(RequestError, match="the labels cannot be read"):
        decode_labels(b'{"ids": [' + b"[" * 100_000)
