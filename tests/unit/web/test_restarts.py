"""When a worker is started again."""

from hypothesis import given
from hypothesis import strategies as st

from keepfit.web.restarts import MOST_FAILED_STARTS, Lives


def test_a_worker_that_served_long_is_started_at_once():
    """It died of something that may not come again."""
    lives = Lives(short_lives=4).after_death(3_600.0)
    assert (lives.pause_s, lives.is_hopeless) == (0.0, False)


def test_a_worker_that_never_serves_is_given_up():
    """After five starts in a row."""
    lives = Lives()
    for _ in range(MOST_FAILED_STARTS):
        assert not lives.is_hopeless
        lives = lives.after_death(None)
    assert lives.is_hopeless


def test_a_start_that_succeeds_is_a_new_chance():
    """Only failures in a row count."""
    assert Lives(failed_starts=4).after_death(1.0).after_death(None).failed_starts == 1


@given(st.lists(st.one_of(st.none(), st.floats(0, 50)), max_size=40))
def test_pauses_grow_and_have_an_end(served):
    """However often it dies soon."""
    lives, before = Lives(), 0.0
    for one in served:
        lives = lives.after_death(one)
        assert before <= lives.pause_s <= 30.0
        before = lives.pause_s
