"""JSON as clients really send it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.errors import RequestError
from keepfit.serving.json_body import nan_as_null, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(-(2**53), 2**53) | st.just("NaN"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_texts_keep_their_nan(value):
    """Only what stands bare is null; quotes and backslashes within texts do not confuse it."""
    body = json.dumps([value, float("nan"), "NaN"], ensure_ascii=False).encode()
    assert parse(body) == [value, None, "NaN"]


def test_without_nan_nothing_is_mended():
    """Most bodies have none."""
    assert nan_as_null(b'{"a": 1}') is None


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[Infinity]", b"[-NaN]", b"[" * 100_000, b'["NaN]', b"NaN NaN"]
)
def test_what_is_no_json_is_refused(body):
    """Infinity too: no model takes it."""
    with pytest.raises(RequestError, match="cannot be read"):
        parse(body)
