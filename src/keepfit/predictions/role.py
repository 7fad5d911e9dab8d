"""What part a version played when it answered; apart from the columns, so that servers need no Polars."""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What part a version played when it answered."""

    CHAMPION = "champion"
    CANARY = "canary"
    FALLBACK = "fallback"
    SHADOW = "shadow"
    FAILED = "failed"


#: The answers that a caller was given: shadows answer for the record only, and who failed gave none.
SERVED: Final = (Role.CHAMPION.value, Role.CANARY.value, Role.FALLBACK.value)
