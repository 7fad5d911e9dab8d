"""What is typed on a command line, and what is said when it cannot be read."""

from datetime import UTC, datetime, timedelta

import pytest
import typer

from keepfit.cli.options import duration_argument, moment_argument, moment_or_now, number_argument


def test_a_moment_a_pause_and_a_number_are_read():
    """Dates are UTC; a version may be typed with a v."""
    assert moment_argument("2020-01-31") == datetime(2020, 1, 31, tzinfo=UTC)
    assert duration_argument("90s") == timedelta(seconds=90)
    assert (number_argument("12"), number_argument("v2")) == (12, 2)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (moment_argument, "soon"),
        (duration_argument, "soon"),
        (duration_argument, "0s"),
        (number_argument, "newest"),
        (number_argument, "-1"),
        (number_argument, "²"),
        (number_argument, ""),
    ],
)
def test_what_cannot_be_read_is_a_usage_error(read, text):
    """It repeats what was typed, and says how to write it."""
    with pytest.raises(typer.BadParameter, match=f"'{text}'.* write "):
        read(text)


def test_now_is_the_moment_that_was_given():
    """Only without one the machine's clock is asked."""
    at = datetime(2020, 1, 31, tzinfo=UTC)
    assert moment_or_now(at) is at
    assert moment_or_now(None) > at
