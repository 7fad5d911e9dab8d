"""Numbers as people read them; what is not known is a dash."""

from datetime import UTC, datetime
from typing import Final

from keepfit.evaluation import wording

#: Stands for a number that could not be computed.
NONE: Final = "\N{EN DASH}"


def count(rows: int | None) -> str:
    """A whole number.

    >>> count(1234567)
    '1,234,567'
    """
    return NONE if rows is None else f"{rows:,}"


def share(part: float | None) -> str:
    """A share as per cent.

    >>> share(0.1582), share(None) == NONE
    ('15.8 %', True)
    """
    return NONE if part is None else wording.percent(part)


def number(value: float | None) -> str:
    """A number with four significant digits; thousands are set apart.

    >>> number(1234.5), number(0.00012345), number(-3.0), number(1e21)
    ('1,234', '0.0001234', '-3', '1e+21')
    """
    if value is None:
        return NONE
    if 999.95 <= abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def chance(p: float | None) -> str:
    """The chance that nothing changed made it so.

    >>> chance(0.0312), chance(1e-9)
    ('0.031', '< 0.0001')
    """
    return NONE if p is None else wording.chance(p).removeprefix("p ")


def moment(seconds: float | None) -> str:
    """Seconds since 1970 as a time in UTC; beyond the years that a calendar has, as a number.

    >>> moment(0.0)
    '1970-01-01 00:00:00'
    """
    if seconds is None:
        return NONE
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return number(seconds)
