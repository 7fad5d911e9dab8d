"""The columns of a profile out of their columnar form, stacked: nothing is taken apart before somebody asks for it.

What is on disk is what `keepfit.adapters.column_form` makes of a mapping of profiles; this is another way to read it.
"""

import typing
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keepfit.adapters.column_form import Apart, column_form, unpack_array
from keepfit.stats.categorical_profile import Category
from keepfit.stats.profile import CategoricalProfile, NumericProfile, Profile
from keepfit.stats.profile_stack import CategoryStack, ColumnStack, NumberStack, size_of

#: The declared type of a profile's columns.
FEATURES: Final = typing.get_type_hints(Profile)["features"]

_ARMS: Final = (CategoricalProfile.__name__, NumericProfile.__name__)
_WHOLE: Final = column_form(int)
_NAMED_NUMBERS: Final = column_form(tuple[tuple[float, int], ...])
_NAMED_CATEGORIES: Final = column_form(tuple[tuple[Category, int], ...])
_END: Final = column_form(float | None)


def read_features(column: Any, count: int, apart: Apart) -> Sequence[Any] | None:
    """The columns of one profile, stacked; None where they do not stack, so that they are read as they are declared.

    For `Apart.readers`. Raises like `ColumnForm.decode`.
    """
    return [_stack(column, apart)] if count == 1 and _stacks(column) else None


def _stacks(column: Any) -> bool:
    """Whether the arrays of each kind of column lie end to end: those of different types do not."""
    arrays = (
        part[name] for part in column["values"]["columns"] for name in ("counts", "sums") if name in part
    )
    return all(one.get("dtype") in {"<i8", "<f8"} and "sizes" in one for one in arrays)


def _stack(column: Any, apart: Apart) -> ColumnStack:
    names, values = column["keys"], column["values"]
    kinds = [_ARMS.index(arm) for arm in values["arms"]]
    parts = dict(zip(kinds, values["columns"], strict=True))
    which = _WHOLE.decode(values["which"], len(names), apart) if len(kinds) > 1 else [0] * len(names)
    numeric = [bool(kinds[arm]) for arm in which]
    numbers = sum(numeric)
    return ColumnStack(
        names,
        numeric,
        numbers=_numbers(parts.get(1), numbers, apart),
        categories=_categories(parts.get(0), len(names) - numbers, apart),
    )


def _numbers(part: Any, k: int, apart: Apart) -> NumberStack:
    if part is None:
        return _NO_NUMBERS
    return NumberStack(
        cells=_cells(part, k, apart),
        counts=unpack_array(part["counts"]["flat"]),
        sums=unpack_array(part["sums"]["flat"]),
        rows=_numbers_of(part, ("nulls", "summed", "unreadable"), k, np.int64),
        moments=_numbers_of(part, ("m1", "m2"), k, np.float64),
        minima=_ends(part["minimum"], k, apart),
        maxima=_ends(part["maximum"], k, apart),
        named=_NAMED_NUMBERS.decode(part["named"], k, apart),
    )


def _categories(part: Any, k: int, apart: Apart) -> CategoryStack:
    if part is None:
        return _NO_CATEGORIES
    return CategoryStack(
        cells=_cells(part, k, apart),
        counts=unpack_array(part["counts"]["flat"]),
        rows=_numbers_of(part, ("other", "unseen", "nulls", "unreadable"), k, np.int64),
        named=_NAMED_CATEGORIES.decode(part["named"], k, apart),
    )


def _cells(part: Any, k: int, apart: Apart) -> tuple[Any, ...]:
    """The cells of each column, the same tuple as long as the columns are those of the window before.

    Nobody takes the arrays apart now, so that it is told here when they are not as long as their cells.
    """
    arrays = [part[name] for name in ("counts", "sums") if name in part]
    columns = [part["cells"], *(one["sizes"] for one in arrays)]
    key = tuple(one[1] if _packed(one) else tuple(one) for one in columns)
    if key not in apart.known:
        places, *sizes = (_WHOLE.decode(one, k, apart) for one in columns)
        cells = tuple(apart.values[place] for place in places)
        if len(cells) != k or any(list(one) != [size_of(each) for each in cells] for one in sizes):
            raise ValueError(f"{k} columns are not as long as their cells")
        apart.known[key] = cells, sum(sizes[0])
    cells, size = apart.known[key]
    if any(len(one["flat"][1]) != size * np.dtype(one["flat"][0]).itemsize for one in arrays):
        raise ValueError(f"{k} columns do not have {size} cells")
    found: tuple[Any, ...] = cells
    return found


def _numbers_of(part: Any, names: Sequence[str], k: int, dtype: type[np.generic]) -> NDArray[Any]:
    """Numbers of each column, shape (names, k); 0 where an older version did not have them."""
    found = np.zeros((len(names), k), dtype)
    for row, name in zip(found, names, strict=True):
        if name in part:
            row[:] = _array(part[name], k)
    return found


def _ends(column: Any, k: int, apart: Apart) -> NDArray[Any]:
    """The smallest or largest value of each column; NaN where there is none."""
    if column["arms"] == ["float"]:
        return _array(column["columns"][0], k)
    found = _END.decode(column, k, apart)
    return np.array([np.nan if one is None else one for one in found], np.float64)


def _array(column: Any, k: int) -> NDArray[Any]:
    found = unpack_array(column) if _packed(column) else np.array(column)
    if found.size != k:
        raise ValueError(f"{k} columns have {found.size} numbers")
    return found


def _packed(column: Any) -> bool:
    return len(column) == 2 and isinstance(column[1], bytes)


_NO_NUMBERS: Final = NumberStack(
    cells=(),
    counts=np.zeros(0, np.int64),
    sums=np.zeros(0),
    rows=np.zeros((3, 0), np.int64),
    moments=np.zeros((2, 0)),
    minima=np.zeros(0),
    maxima=np.zeros(0),
    named=(),
)
_NO_CATEGORIES: Final = CategoryStack(
    cells=(), counts=np.zeros(0, np.int64), rows=np.zeros((4, 0), np.int64), named=()
)
