"""Time: aware UTC datetimes, durations as people write them, half-open windows, and the clock.

Every workflow takes `now`, so that history can be replayed and tests never sleep.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SAID = (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60))
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")


class Clock(Protocol):
    """Where `now` comes from."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        ...

    def now_us(self) -> int:
        """The present moment in whole microseconds since 1970-01-01 UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return datetime.now(UTC)

    def now_us(self) -> int:
        """The present moment in whole microseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000


@dataclass(slots=True)
class ManualClock:
    """A clock that stands where it was put: for replays and tests."""

    at: datetime

    def now(self) -> datetime:
        """The moment that the clock was put at."""
        return self.at

    def now_us(self) -> int:
        """The same in whole microseconds since 1970-01-01 UTC."""
        return microseconds(self.at)


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970-01-01 UTC.

    >>> microseconds(datetime(1970, 1, 2))
    86400000000
    """
    return (utc(moment) - EPOCH) // timedelta(microseconds=1)


def utc(moment: datetime) -> datetime:
    """The same moment in UTC; a naive datetime is taken as UTC.

    >>> utc(datetime(2020, 1, 31)).isoformat()
    '2020-01-31T00:00:00+00:00'
    """
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_time(text: str) -> datetime:
    """An ISO 8601 date or datetime; without an offset it is UTC.

    Raises:
        ValueError: `text` is neither.

    >>> parse_time("2020-01-31").isoformat()
    '2020-01-31T00:00:00+00:00'
    """
    try:
        return utc(datetime.fromisoformat(text))
    except ValueError:
        raise ValueError(f"'{text}' is not a date or a time: write 2020-01-31 or 2020-01-31T08:00Z") from None
    except OverflowError:
        raise ValueError(f"'{text}' is beyond the years 1 to 9999 in UTC") from None


def parse_duration(text: str | timedelta) -> timedelta:
    """A duration as people write it: a number and one of s, m, h, d, w.

    Raises:
        ValueError: `text` is no duration.

    >>> parse_duration("36h")
    datetime.timedelta(days=1, seconds=43200)
    """
    if isinstance(text, timedelta):
        return text
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"'{text}' is not a duration: write a number and a unit, as in 30s, 15m, 6h, 1d or 2w"
        )
    try:
        return timedelta(**{_UNITS[match[2]]: float(match[1])})
    except OverflowError:
        raise ValueError(f"'{text}' is longer than any time that can be written") from None


def say_duration(span: timedelta) -> str:
    """A duration in words: in the largest unit that it is a whole number of, else rounded to the largest it has two of.

    >>> say_duration(timedelta(days=1)), say_duration(timedelta(minutes=90))
    ('1 day', '90 minutes')
    >>> say_duration(timedelta(days=3, hours=4, seconds=7))
    '3 days'
    """
    seconds = span.total_seconds()
    for unit, size in _SAID:
        if seconds >= size and seconds % size == 0 and not (unit == "week" and seconds < 2 * size):
            return _count(int(seconds // size), unit)
    for unit, size in _SAID:
        if seconds >= 2 * size:
            return _count(round(seconds / size), unit)
    return f"{seconds:g} second{'' if seconds == 1 else 's'}"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open stretch of time: `start <= moment < end`.

    >>> Window(EPOCH, EPOCH + timedelta(days=1)).holds(EPOCH)
    True
    """

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether `moment` lies in the window."""
        return self.start <= moment < self.end

    @property
    def length(self) -> timedelta:
        """From start to end."""
        return self.end - self.start


def window_of(moment: datetime, every: timedelta) -> Window:
    """The window of a regular grid, counted from 1970-01-01 in UTC, that holds `moment`.

    >>> window_of(parse_time("2020-01-31T08:00"), timedelta(days=1)).start.isoformat()
    '2020-01-31T00:00:00+00:00'
    """
    start = EPOCH + ((utc(moment) - EPOCH) // every) * every
    return Window(start, start + every)


def windows_between(start: datetime, end: datetime, every: timedelta) -> Iterator[Window]:
    """The whole windows of the grid in [start, end), oldest first."""
    window = window_of(start, every)
    if window.start < utc(start):
        window = Window(window.end, window.end + every)
    while window.end <= utc(end):
        yield window
        window = Window(window.end, window.end + every)
