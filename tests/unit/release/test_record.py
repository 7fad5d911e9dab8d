"""States of a release."""

from keepfit.release.record import ACTIVE, ReleaseState


def test_a_tick_looks_at_what_is_on_its_way_or_watched():
    """All other states are ends."""
    assert {ReleaseState.ROLLING_OUT, ReleaseState.WATCHED} == ACTIVE
    assert set(ReleaseState) - ACTIVE == {
        ReleaseState.DONE,
        ReleaseState.REFUSED,
        ReleaseState.ABORTED,
        ReleaseState.ROLLED_BACK,
    }
