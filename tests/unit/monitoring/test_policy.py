"""How a model is watched."""

from datetime import timedelta

import pytest

from keepfit.monitoring.policy import Monitor


def test_the_defaults_are_a_day_and_three_days_of_patience():
    """Written as people write them, kept as timedeltas."""
    monitor = Monitor()
    assert (monitor.every, monitor.blind_span) == (timedelta(days=1), timedelta(days=3))
    assert (monitor.window, monitor.blind_after) == (timedelta(days=1), timedelta(days=3))
    assert monitor.slices == ()


def test_two_that_say_the_same_are_the_same():
    """24 hours are a day, a list is a tuple."""
    assert Monitor(window="24h", slices=["zone"]) == Monitor(window=timedelta(days=1), slices=("zone",))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"window": "daily"}, "'daily' is not a duration"),
        ({"window": "0s"}, "holds nothing"),
        ({"blind_after": "long"}, "'long' is not a duration"),
        ({"slices": "zone"}, r"write slices=\['zone'\]"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_written(given, said):
    """Before any window was ever made."""
    with pytest.raises(ValueError, match=said):
        Monitor(**given)
