"""Each column of a request, checked against what its model takes, row by row where something is wrong."""

# ruff: noqa: TRY004 - a wrong type in a row is a wrong value of the request
import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from keepfit.clock import EPOCH, parse_time
from keepfit.errors import RequestError
from keepfit.predictions.capture_codec import INTEGER, NUMBER, TEXT, Cell
from keepfit.registry.signature import Feature, Kind
from keepfit.serving.payload import Column

_MICROSECOND: Final = timedelta(microseconds=1)
#: Whole numbers below this (March 1973) are taken for seconds or milliseconds given by mistake.
_EARLIEST_US: Final = 10**14
_LATEST_US: Final = 253_402_300_800_000_000
_LONGEST_SHOWN: Final = 40


def kind_of(feature: Feature) -> str:
    """How a feature is recorded: `number`, `integer` or `text`.

    >>> kind_of(Feature("miles", Kind.NUMBER))
    'number'
    """
    if feature.kind is Kind.NUMBER:
        return NUMBER
    return TEXT if feature.text else INTEGER


def check_feature(feature: Feature, values: Column) -> list[Cell]:
    """The values as the model's feature takes them; null stays null.

    Raises:
        RequestError: naming the column, the row (counted from 0) and the value.

    >>> check_feature(Feature("miles", Kind.NUMBER), [1, 2.5, None, True])
    [1.0, 2.5, None, 1.0]
    """
    read = {NUMBER: _number, INTEGER: _integer, TEXT: _text}[kind_of(feature)]
    listed = _listed(values)
    # The types of a whole column are told apart at the speed of C: nearly always nothing else is to be done.
    if read is _text and set(map(type, listed)) <= {str, type(None)}:
        return listed
    return _each(feature.name, listed, read)


def check_numbers(name: str, values: Column) -> npt.NDArray[np.float64]:
    """Numbers as float64, one a row, with NaN where one is missing.

    Raises:
        RequestError: naming the column, the row (counted from 0) and the value.

    >>> check_numbers("miles", [1, 2.5, None, True])
    array([1. , 2.5, nan, 1. ])
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiub":
        numbers = values.astype(np.float64)
        if not np.isinf(numbers).any():
            return numbers
    found = _each(name, _listed(values), _number)
    return np.array(found, dtype=np.float64)


def check_context(name: str, values: Column) -> list[str | None]:
    """Context as text, as it is recorded.

    >>> check_context("borough", ["queens", 3, True, None, float("nan")])
    ['queens', '3', 'true', None, None]
    """
    return _each(name, _listed(values), _label_text)


def check_ids(name: str, values: Column) -> list[str]:
    """Ids as text: each given, and none twice.

    Raises:
        RequestError: naming the row that has none, or the id that comes twice.
    """
    ids = _each(name, _listed(values), _id)
    if len(set(ids)) < len(ids):
        first: dict[str, int] = {}
        for row, one in enumerate(ids):
            if (before := first.setdefault(one, row)) != row:
                raise RequestError(f"column '{name}': rows {before} and {row} have the same id '{one}'")
    return ids


def check_times(name: str, values: Column, *, missing: int | None = None) -> list[int]:
    """ISO 8601 texts (UTC where they name no offset) or epoch microseconds, as epoch microseconds.

    Args:
        name: the column's name.
        values: one time a row.
        missing: what stands for null; null is refused when None.

    >>> check_times("at", ["2020-01-31", 1580428800000000])
    [1580428800000000, 1580428800000000]
    """
    if missing is None:
        return _each(name, _listed(values), _time)
    return _each(name, _listed(values), lambda value: missing if value is None else _time(value))


def check_labels(name: str, values: Sequence[Any]) -> list[float]:
    """True outcomes as numbers: each given and finite; true and false are 1 and 0.

    >>> check_labels("value", [12, True])
    [12.0, 1.0]
    """
    return _each(name, values, _label)


def _each(name: str, values: Sequence[Any], read: Callable[[Any], Any]) -> list[Any]:
    try:
        return [read(value) for value in values]
    except ValueError:
        for row, value in enumerate(values):
            try:
                read(value)
            except ValueError as error:
                raise RequestError(f"column '{name}', row {row}: {error}") from None
        raise


def _listed(values: Column) -> list[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def _number(value: Any) -> float | None:
    if value is None or value != value:  # noqa: PLR0124 - NaN, which is how frames write null
        return None
    if not isinstance(value, int | float):
        raise ValueError(f"{_shown(value)} is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        raise ValueError(f"{_shown(value)} is not a finite number")
    return number


def _label(value: Any) -> float:
    number = _number(value)
    if number is None:
        raise ValueError("a label is missing")
    return number


def _integer(value: Any) -> int | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    whole = isinstance(value, int | float) and math.isfinite(value) and value == math.trunc(value)
    if isinstance(value, bool) or not whole:
        raise ValueError(f"{_shown(value)} is not a whole number, as the values of this category are")
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"{_shown(value)} is beyond 64 bits")
    return int(value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    raise ValueError(f"{_shown(value)} is not text, as the values of this category are")


def _label_text(value: Any) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return None if isinstance(value, float) and math.isnan(value) else str(value)
    return _text(value)


def _id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value:
        return value
    raise ValueError(f"{_shown(value)} is not an id: give a text or a whole number")


def _time(value: Any) -> int:
    if isinstance(value, str):
        return (parse_time(value) - EPOCH) // _MICROSECOND
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(
            f"{_shown(value)} is not a time: write 2020-01-31T08:00Z, or whole microseconds since 1970"
        )
    if not _EARLIEST_US <= value < _LATEST_US:
        raise ValueError(f"{value} is not a time in microseconds since 1970: was it in another unit?")
    return value


def _shown(value: Any) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
