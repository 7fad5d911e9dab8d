"""Weekdays and hours."""

from datetime import UTC, datetime, timedelta

import pytest

from keepfit.clock import Window
from keepfit.monitoring.phase import phase_name, phases

SATURDAY = datetime(2024, 6, 1, 7, tzinfo=UTC)


def _window(start, length):
    return Window(start, start + length)


@pytest.mark.parametrize(("hours", "ways"), [(1, 3), (6, 3), (24, 2), (7 * 24, 0), (48, 0), (5, 0)])
def test_windows_that_are_part_of_a_day_or_a_day_have_phases(hours, ways):
    """Others do not fall on the same hours from day to day."""
    assert len(phases(timedelta(hours=hours))) == ways


def test_finest_first():
    """The same hour of the same weekday, of working days or weekends, of any day."""
    hour = timedelta(hours=1)
    week, weekend, any_day = phases(hour)
    sunday, monday = (_window(SATURDAY + timedelta(days=days), hour) for days in (1, 2))
    saturday = _window(SATURDAY, hour)
    assert week(saturday) == week(_window(SATURDAY + timedelta(days=7), hour)) != week(sunday)
    assert weekend(saturday) == weekend(sunday) != weekend(monday)
    assert any_day(saturday) == any_day(monday) != any_day(_window(SATURDAY + hour, hour))


def test_every_phase_has_a_name():
    """For the sentence of a finding; no phase needs none."""
    names = {phase_name(phase) for hours in (1, 24) for phase in phases(timedelta(hours=hours))}
    assert len(names) == 5
    assert all(name.startswith(" ") for name in names)
    assert phase_name(None) == ""
