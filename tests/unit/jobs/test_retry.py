"""Whether a failed job is tried again, and when."""

from datetime import UTC, datetime, timedelta

import pytest

from keepfit.jobs.retry import RetryPolicy

NOW = datetime(2020, 1, 31, tzinfo=UTC)


def test_by_default_a_job_is_tried_once():
    """Trying again is asked for, never assumed."""
    assert RetryPolicy().retry_at(1, NOW) is None


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 5), (2, 10), (3, 20)])
def test_each_pause_is_twice_the_one_before(attempts, minutes):
    """Whatever was in the way gets longer and longer to go away."""
    assert RetryPolicy(attempts=4).retry_at(attempts, NOW) == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize("attempts", [4, 5])
def test_after_the_last_attempt_there_is_none(attempts):
    """Even when a crash started it once more than was meant."""
    assert RetryPolicy(attempts=4).retry_at(attempts, NOW) is None
