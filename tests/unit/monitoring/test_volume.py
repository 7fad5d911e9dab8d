"""How many rows came, and when."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from keepfit.clock import Window
from keepfit.monitoring.finding import Verdict
from keepfit.monitoring.volume import check_freshness, check_volume

START = datetime(2024, 6, 3, tzinfo=UTC)
DAY = timedelta(days=1)


def _window(day):
    return Window(START + day * DAY, START + (day + 1) * DAY)


def _past(days, rows):
    return [(_window(i), rows(i)) for i in range(days)]


@pytest.mark.parametrize(
    ("rows", "alarms"), [(1000, False), (700, False), (400, True), (0, True), (2500, True)]
)
def test_half_as_many_or_twice_as_many_alarm(rows, alarms):
    """Against four steady weeks."""
    rng = np.random.default_rng(1)
    past = _past(28, lambda _: int(rng.normal(1000, 50)))
    assert check_volume(rows, _window(28), past).alarms is alarms


def test_a_quiet_sunday_is_held_against_sundays():
    """A third of a working day's rows is usual on the seventh day."""
    past = _past(42, lambda i: 300 if i % 7 == 6 else 1000)
    assert not check_volume(310, _window(48), past).alarms
    assert check_volume(310, _window(43), past).alarms
    assert "on the same weekday" in check_volume(310, _window(48), past).says


def test_unsteady_volumes_need_a_larger_change():
    """Days that double and halve by themselves."""
    rng = np.random.default_rng(2)
    past = _past(28, lambda _: int(1000 * np.exp(rng.normal(0, 0.5))))
    assert not check_volume(450, _window(28), past).alarms


def test_three_windows_are_too_few():
    """Not known is not healthy."""
    found = check_volume(5, _window(3), _past(3, lambda _: 100))
    assert found.verdict is Verdict.INSUFFICIENT_DATA
    assert "3 earlier windows are too few" in found.says


@pytest.mark.parametrize(("hours", "alarms"), [(1, False), (23, False), (25, True)])
def test_rows_grow_stale(hours, alarms):
    """After a day, when a day is what was promised."""
    now = START + timedelta(hours=hours)
    assert check_freshness("pickup_at", START, now=now, within=DAY).alarms is alarms


def test_no_time_at_all_is_stale():
    """Nothing is as old as nothing."""
    found = check_freshness("pickup_at", None, now=START, within=DAY)
    assert found.alarms
    assert found.says == "pickup_at holds no time at all"
