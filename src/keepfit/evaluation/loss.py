"""The loss of one prediction, as an entry of a table of metrics."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TaskName = Literal["regression", "binary", "multiclass"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One entry of `LOSSES`.

    Attributes:
        task: what it judges.
        rows: (labels, predictions, argument) → the loss of each row, shape (n,).
        constant: (labels, argument) → the constant prediction of the least mean loss.
        example: the argument of a metric that needs one, as in `pinball@0.9`: a number between 0 and 1; None for one
            that takes none.
    """

    task: TaskName
    rows: Callable[[Floats, Floats, float], Floats]
    constant: Callable[[Floats, float], float] = lambda y, _: float(np.mean(y))
    example: float | None = None
