"""What a protocol's decoder makes of a body: columns, or one block of numbers.

These and the other records that are made for every request are structs of msgspec: a frozen dataclass takes five times as
long to make.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

#: The values of a column, one a row: numbers (floats, whole numbers, true and false) or texts; None and NaN are missing.
Column = Sequence[Any] | npt.NDArray[Any]


class Columns(msgspec.Struct, frozen=True, gc=False):
    """Columns by name, in the order in which they came.

    Attributes:
        names: each once.
        values: one column a name, all of one length when the request is a good one; that is checked later.
    """

    names: tuple[str, ...]
    values: tuple[Column, ...]


class Block(msgspec.Struct, frozen=True, eq=False, gc=False):
    """All features of a model that takes numbers only.

    Attributes:
        values: shape (rows, features), float64, row-major; the features in the signature's order, NaN where missing.
        finite: it is known that no value is infinite, as where JSON was read.
    """

    values: npt.NDArray[np.float64]
    finite: bool = False


Payload = Columns | Block
