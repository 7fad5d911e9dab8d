"""Numbers as they are read."""

import pytest

from keepfit.report.wording import NONE, chance, count, moment, number, share


def test_what_is_not_known_is_a_dash():
    """In every form."""
    assert {form(None) for form in (chance, count, moment, number, share)} == {NONE}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (999.96, "1,000"),
        (1000.4, "1,000"),
        (-1234567.0, "-1,234,567"),
        (2.0, "2"),
        (1e300, "1e+300"),
    ],
)
def test_numbers_have_four_digits(value, text):
    """And thousands are set apart."""
    assert number(value) == text


@pytest.mark.parametrize(
    ("part", "text"), [(0.0, "0 %"), (1.0, "100 %"), (0.5, "50.0 %"), (0.0004, "0.04 %"), (1e-7, "1e-05 %")]
)
def test_small_shares_are_not_rounded_away(part, text):
    """A share that is not 0 never reads as 0."""
    assert share(part) == text


def test_a_time_beyond_the_calendar_is_a_number():
    """It is shown as it is, not refused."""
    assert moment(1e20) == "1e+20"
    assert moment(1709251200.0) == "2024-03-01 00:00:00"
