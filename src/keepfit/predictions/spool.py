"""What becomes of recording while captured predictions wait for the drain and their room runs out."""

import math
from typing import Final, Literal

#: What is done when the room for captured predictions is used up: `block` refuses requests that could not be recorded;
#: `sample` records an ever smaller share before it comes to that; `drop-oldest` gives up the oldest that nobody drained.
WhenFull = Literal["block", "sample", "drop-oldest"]

#: Used room from which on predictions are sampled, and the step after which half as many are kept.
_SAMPLED_FROM: Final = 0.80
_STEP: Final = 0.05


def share_at(fullness: float) -> float:
    """The share of predictions that `sample` keeps: all below 80 % of the room, then half for each 5 % more that are used.

    >>> [share_at(used) for used in (0.5, 0.8, 0.87, 0.93, 0.99)]
    [1.0, 0.5, 0.25, 0.125, 0.0625]
    """
    if fullness < _SAMPLED_FROM:
        return 1.0
    # Two decimals more than the step needs: 0.85 is the 17th step of 0.05, and 0.8 + 0.05 is not 0.85.
    steps = math.floor(round((min(fullness, 1.0) - _SAMPLED_FROM) / _STEP, 6))
    return 0.5 ** (steps + 1)
