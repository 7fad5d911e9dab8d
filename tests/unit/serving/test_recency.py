"""Which was used last."""

from hypothesis import given
from hypothesis import strategies as st

from keepfit.serving.recency import Recency


def test_the_one_used_last_is_kept():
    """Between two looks the order of use is not known, and the name decides."""
    recency = Recency()
    recency.look({"a": 1, "b": 0, "c": 0})
    recency.look({"a": 1, "b": 0, "c": 5})
    recency.look({"a": 1, "b": 2, "c": 5})
    assert recency.least(["a", "b", "c"], keep=1) == ["c", "a"]


def test_what_is_gone_is_forgotten():
    """A model that comes back is as old as one that was never used."""
    recency = Recency()
    recency.look({"a": 1, "b": 1})
    recency.look({"b": 1})
    assert recency.least(["a", "b"], keep=1) == ["a"]


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 9)), st.integers(0, 5))
def test_as_many_are_kept_as_asked_for(counts, keep):
    """No more are named than there are."""
    recency = Recency()
    recency.look(counts)
    assert len(recency.least(counts, keep=keep)) == max(0, len(counts) - keep)
