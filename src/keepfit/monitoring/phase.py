"""Weekdays and hours: which windows of the reference a window is like."""

from collections.abc import Callable
from datetime import timedelta

from keepfit.clock import Window

#: From a window to the name of its phase; windows of one phase are held against each other.
Phase = Callable[[Window], object]

_DAY = timedelta(days=1)


def phases(length: timedelta) -> tuple[Phase, ...]:
    """The ways to tell windows of this length apart, the finest first; none when they are no part of a week.

    By hour of the week, by hour on working days and at weekends, by hour; by weekday, by working day or weekend. Times are
    UTC, so that a daylight-saving change shifts local hours by one: it shows as what it is, a change for a day or two.
    """
    if length < _DAY and _DAY % length == timedelta(0):
        return (_weekday_and_time, _weekend_and_time, _time)
    if length == _DAY:
        return (_weekday, _weekend)
    return ()


def phase_name(phase: Phase | None) -> str:
    """What windows of one phase have in common, as the end of "windows of the reference".

    >>> phase_name(phases(timedelta(days=1))[0])
    ' on the same weekday'
    """
    return _NAMES[phase] if phase is not None else ""


def _weekday(window: Window) -> int:
    return window.start.weekday()


def _weekend(window: Window) -> bool:
    return window.start.weekday() >= 5


def _time(window: Window) -> tuple[int, int]:
    return window.start.hour, window.start.minute


def _weekday_and_time(window: Window) -> object:
    return _weekday(window), _time(window)


def _weekend_and_time(window: Window) -> object:
    return _weekend(window), _time(window)


_NAMES: dict[Phase, str] = {
    _weekday: " on the same weekday",
    _weekend: " on working days or weekends",
    _time: " at the same time of day",
    _weekday_and_time: " at the same time of the week",
    _weekend_and_time: " at the same time of working days or weekends",
}
