"""Shares and chances as people read them."""

from typing import Final

#: Smaller chances than this are told as such.
_SURE: Final = 1e-4


def percent(share: float) -> str:
    """A share as per cent: one decimal, and two significant digits under one in a hundred.

    >>> percent(0.1582), percent(0.0025), percent(0.00042), percent(0.0)
    ('15.8 %', '0.25 %', '0.042 %', '0 %')
    """
    if share in {0, 1}:
        return f"{share * 100:.0f} %"
    return f"{share * 100:.1f} %" if abs(share) >= 0.01 else f"{share * 100:.2g} %"


def chance(p: float) -> str:
    """The chance that nothing changed made it so.

    >>> chance(0.0312), chance(1e-9)
    ('p 0.031', 'p < 0.0001')
    """
    return f"p {p:.2g}" if p >= _SURE else f"p < {_SURE:.4f}"


def counted(rows: int) -> str:
    """How many rows.

    >>> counted(1), counted(1200)
    ('1 row', '1,200 rows')
    """
    return f"{rows:,} row" if rows == 1 else f"{rows:,} rows"
