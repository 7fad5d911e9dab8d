"""Tensors whose data is in the JSON: flat or nested, in row-major order."""

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from keepfit.errors import RequestError
from keepfit.serving.oip.datatypes import NULL, Datatype


def column(name: str, datatype: Datatype, shape: Sequence[int], data: Any) -> list[Any]:
    """The values of a tensor of shape [n] or [n, 1]; null stays None.

    Args:
        name: the tensor's, for errors.
        datatype: what its values must be.
        shape: as the request tells it, checked for its form.
        data: a flat list, or one of lists of one.

    Raises:
        RequestError: naming the value or the row that is wrong.

    >>> from keepfit.serving.oip.datatypes import DATATYPES
    >>> column("miles", DATATYPES["FP64"], [2, 1], [[1.5], [None]])
    [1.5, None]
    """
    values = _list(name, data)
    if values and type(values[0]) is list:
        _check_rows(name, shape, values, 1)
        values = list(chain.from_iterable(values))
    _check_count(name, shape, len(values))
    _check_values(name, datatype, values, set(map(type, values)))
    return values


def matrix(name: str, datatype: Datatype, shape: Sequence[int], data: Any) -> npt.NDArray[np.float64]:
    """A number tensor of shape [n, features] as float64; null is NaN.

    Raises:
        RequestError: naming the value or the row that is wrong.
    """
    rows = _list(name, data)
    if rows and type(rows[0]) is list:
        _check_rows(name, shape, rows, shape[1])
        _check_count(name, shape, len(rows) * shape[1])
        flat = rows[0] if len(rows) == 1 else list(chain.from_iterable(rows))
    else:
        _check_count(name, shape, len(rows))
        flat = rows
    _check_values(name, datatype, flat, set(map(type, flat)))
    return np.array(flat, np.float64).reshape(shape)


def float_matrix(name: str, shape: Sequence[int], rows: list[list[float | None]]) -> npt.NDArray[np.float64]:
    """Like `matrix`, for rows that are known to hold nothing but numbers and null.

    >>> float_matrix("x", [1, 2], [[1.5, None]])
    array([[1.5, nan]])
    """
    if len(rows) == 1 == shape[0] and len(rows[0]) == shape[1]:
        return np.array(rows, np.float64)
    if len(rows) != shape[0] or set(map(len, rows)) - {shape[1]}:
        _check_rows(name, shape, rows, shape[1])
        _check_count(name, shape, len(rows) * shape[1])
    # An iterator spares the second walk over a list of lists that finds out its shape.
    return np.fromiter(chain.from_iterable(rows), np.float64, len(rows) * shape[1]).reshape(shape)


def _list(name: str, data: Any) -> list[Any]:
    if type(data) is list:
        return data
    raise RequestError(
        f"input '{name}' has no data" if data is None else f"input '{name}': its data is not a list"
    )


def _check_rows(name: str, shape: Sequence[int], rows: list[Any], width: int) -> None:
    if set(map(type, rows)) == {list} and set(map(len, rows)) == {width}:
        return
    for row, values in enumerate(rows):
        if type(values) is not list or len(values) != width:
            raise RequestError(f"input '{name}', row {row}: not a list of {width} for shape {shape}")


def _check_count(name: str, shape: Sequence[int], count: int) -> None:
    if count != math.prod(shape):
        raise RequestError(f"input '{name}' has {count} values for shape {shape}")


def _check_values(name: str, datatype: Datatype, values: list[Any], types: set[type]) -> None:
    if not types <= datatype.takes:
        place = next(place for place, value in enumerate(values) if type(value) not in datatype.takes)
        raise RequestError(f"input '{name}', value {place}: {_shown(values[place])} is not {datatype.name}")
    if int in types:
        low, high = datatype.bounds
        given = [value for value in values if value is not None] if NULL in types else values
        if given and not (low <= min(given) and max(given) < high):
            place = next(
                place for place, value in enumerate(values) if value is not None and not low <= value < high
            )
            raise RequestError(
                f"input '{name}', value {place}: {_shown(values[place])} is beyond {datatype.name}"
            )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
