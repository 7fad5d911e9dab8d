"""The headers in which callers weigh what they would have."""

from hypothesis import given
from hypothesis import strategies as st

from keepfit.serving.preferences import weights


def test_weights_are_read_and_one_that_is_none_is_nothing():
    """Other parameters are read over."""
    assert weights("a, b;q=0.5, c ; level=1 ; q = 0.1, d;q=much") == {"a": 1.0, "b": 0.5, "c": 0.1, "d": 0.0}


@given(st.text())
def test_any_header_is_read(header):
    """Callers may send whatever they like."""
    assert all(isinstance(weight, float) for weight in weights(header).values())
