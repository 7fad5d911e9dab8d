"""Moments, durations and windows."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.clock import (
    EPOCH,
    ManualClock,
    SystemClock,
    Window,
    parse_duration,
    parse_time,
    say_duration,
    utc,
    window_of,
    windows_between,
)

DAY = timedelta(days=1)
moments = st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
lengths = st.timedeltas(timedelta(milliseconds=1), timedelta(days=400))


def test_the_systems_clock_is_utc_and_goes_on():
    """Two readings differ by what passed between them."""
    clock = SystemClock()
    first = clock.now()
    assert first.tzinfo is UTC
    assert timedelta(0) <= clock.now() - first < timedelta(minutes=1)


def test_a_manual_clock_stands_where_it_was_put():
    """Until it is put elsewhere."""
    clock = ManualClock(EPOCH)
    assert clock.now() == EPOCH
    clock.at = EPOCH + DAY
    assert clock.now() == EPOCH + DAY


def test_naive_is_utc_and_offsets_are_converted():
    """The moment stays the same."""
    assert utc(datetime(2020, 1, 1)) == datetime(2020, 1, 1, tzinfo=UTC)  # noqa: DTZ001 - what is tested
    there = datetime(2020, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert utc(there) == there
    assert utc(there).isoformat() == "2020-01-01T00:00:00+00:00"


@pytest.mark.parametrize("text", ["2020-01-31", "2020-01-31T00:00Z", "2020-01-31T02:00+02:00", "20200131"])
def test_times_are_read_as_iso_8601(text):
    """A date is its midnight; an offset is taken into account."""
    assert parse_time(text) == datetime(2020, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "31.1.2020", "2020-02-30"])
def test_what_is_no_time_is_told_with_how_to_write_one(text):
    """A day that no calendar has is none either."""
    with pytest.raises(ValueError, match="write 2020-01-31 or 2020-01-31T08:00Z"):
        parse_time(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00+05:00", "9999-12-31T23:00-05:00"])
def test_a_time_that_utc_cannot_write_is_a_wrong_value(text):
    """Not a crash."""
    with pytest.raises(ValueError, match="beyond the years 1 to 9999"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30s", timedelta(seconds=30)),
        ("15m", timedelta(minutes=15)),
        ("1.5h", timedelta(minutes=90)),
        (" 2 d ", timedelta(days=2)),
        ("2w", timedelta(weeks=2)),
        ("0s", timedelta(0)),
        (timedelta(hours=3), timedelta(hours=3)),
    ],
)
def test_durations_are_a_number_and_a_unit(text, span):
    """Or a timedelta, which is one already."""
    assert parse_duration(text) == span


@pytest.mark.parametrize("text", ["", "1", "d", "-1d", "1y", "1d 2h", "1e3s", "9999999999999w"])
def test_what_is_no_duration_is_named(text):
    """Too long a one is a wrong value too, not a crash."""
    with pytest.raises(ValueError, match=f"'{text}' is "):
        parse_duration(text)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=0.25), "0.25 seconds"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(days=7), "7 days"),
        (timedelta(days=14), "2 weeks"),
        (timedelta(days=15), "15 days"),
        (timedelta(days=3, hours=4, seconds=7), "3 days"),
        (timedelta(hours=1, seconds=1), "60 minutes"),
        (timedelta(seconds=61), "61 seconds"),
    ],
)
def test_durations_are_said_in_a_unit_that_people_use(span, words):
    """Exactly where one unit does, else rounded."""
    assert say_duration(span) == words


@given(st.integers(1, 10_000), st.sampled_from(["seconds", "minutes", "hours", "days", "weeks"]))
def test_whole_units_are_said_exactly(number, unit):
    """What is said can be read again, and is the same."""
    span = timedelta(**{unit: number})
    count, word = say_duration(span).split()
    if word.startswith("second") or span.total_seconds() % 60 == 0:
        assert timedelta(**{word.rstrip("s") + "s": float(count)}) == span


def test_a_window_is_half_open():
    """Its start belongs to it, its end to the next."""
    window = Window(EPOCH, EPOCH + DAY)
    assert window.holds(window.start)
    assert not window.holds(window.end)
    assert window.length == DAY


@given(moments, lengths)
def test_each_moment_lies_in_the_one_window_of_its_grid(moment, every):
    """And the grid does not depend on the moment."""
    window = window_of(moment, every)
    assert window.holds(moment)
    assert window.length == every
    assert (window.start - EPOCH) % every == timedelta(0)


@given(moments, st.timedeltas(timedelta(0), timedelta(days=30)), st.sampled_from([1, 6, 24, 36]))
def test_windows_between_are_the_whole_ones_in_a_row(start, length, hours):
    """They touch, none reaches out, and no further one would fit."""
    every, end = timedelta(hours=hours), start + length
    found = list(windows_between(start, end, every))
    assert all(one == window_of(one.start, every) for one in found)
    assert all(one.end == after.start for one, after in pairwise(found))
    if found:
        assert start <= found[0].start < start + every
        assert end - every < found[-1].end <= end
    else:
        assert length < 2 * every


def test_windows_between_naive_bounds_are_in_utc():
    """As everywhere."""
    naive = datetime(2020, 1, 1)  # noqa: DTZ001 - what is tested
    assert list(windows_between(naive, naive + DAY, DAY)) == [Window(utc(naive), utc(naive) + DAY)]
