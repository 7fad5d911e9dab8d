"""The share that is kept as the room fills up."""

from hypothesis import given
from hypothesis import strategies as st

from keepfit.predictions.spool import share_at


@given(st.floats(0, 2), st.floats(0, 2))
def test_the_fuller_the_less_is_kept(one, other):
    """Never more than all, never nothing, and never more when there is less room."""
    less, more = sorted((one, other))
    assert 0 < share_at(more) <= share_at(less) <= 1


def test_the_share_halves_every_five_percent_from_eighty_on():
    """At the edges of the steps too, where floats are not what they look like."""
    assert [share_at(used / 100) for used in (79, 80, 84, 85, 90, 95, 100, 130)] == [
        1.0,
        0.5,
        0.5,
        0.25,
        0.125,
        0.0625,
        0.03125,
        0.03125,
    ]
