"""Rows as people have them in Python — frames, dicts of columns, lists of dicts — as columns of plain values."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from keepfit.clock import EPOCH, utc
from keepfit.data.frames import to_polars
from keepfit.errors import DataError
from keepfit.serving.payload import Column

_MICROSECOND: Final = timedelta(microseconds=1)
_SCALARS: Final = (str, bytes, int, float, date, np.generic, type(None))


def table_columns(rows: Any, *, where: str) -> dict[str, Column]:
    """The columns of a table, by name; times become microseconds since 1970-01-01 UTC.

    Args:
        rows: a Polars, pandas or Arrow frame; a dict of columns, or of the values of one row; or a list of dicts, in which a
            missing key is null.
        where: what was given, for errors.

    Raises:
        DataError: it is none of these.

    >>> table_columns({"miles": 1.5, "zone": "A"}, where="features")
    {'miles': [1.5], 'zone': ['A']}
    >>> table_columns([{"miles": 1.5}, {"zone": "A"}], where="features")
    {'miles': [1.5, None], 'zone': [None, 'A']}
    """
    if isinstance(rows, Mapping):
        if all(isinstance(value, _SCALARS) for value in rows.values()):
            return {str(name): [plain(value)] for name, value in rows.items()}
        return {
            str(name): values(column, where=f"column '{name}' of {where}") for name, column in rows.items()
        }
    if isinstance(rows, list | tuple) and all(isinstance(row, Mapping) for row in rows):
        names = dict.fromkeys(name for row in rows for name in row)
        return {str(name): [plain(row.get(name)) for row in rows] for name in names}
    frame = to_polars(rows, where=where)
    return {name: _of_series(frame[name]) for name in frame.columns}


def values(column: Any, *, where: str) -> Column:
    """The values of one column: a list, an array, a series of any library, or a single value for one row.

    Raises:
        DataError: it is none of these, or has more than one dimension.

    >>> values(np.array([[1.5], [2.0]]), where="prediction").tolist()
    [1.5, 2.0]
    """
    if isinstance(column, _SCALARS):
        return [plain(column)]
    if isinstance(column, pl.Series):
        return _of_series(column)
    array = column.to_numpy() if hasattr(column, "to_numpy") else column
    if isinstance(array, np.ndarray):
        if array.ndim == 0:
            return [plain(array.item())]
        if array.size != len(array):
            raise DataError(f"{where} has shape {array.shape}", hint="give one value a row")
        flat = array.reshape(-1)
        return flat if flat.dtype.kind in "fiub" else [plain(one) for one in _listed(flat)]
    if isinstance(column, Sequence):
        return [plain(one) for one in column]
    raise DataError(f"{where} is a {type(column).__name__}", hint="give a list, an array or a series")


def listed(column: Any, *, where: str) -> list[Any]:
    """Like `values`, as a list of Python's own numbers.

    >>> listed(np.array([1, 2]), where="prediction")
    [1, 2]
    """
    found = values(column, where=where)
    return found.tolist() if isinstance(found, np.ndarray) else list(found)


def plain(value: Any) -> Any:
    """A value as JSON would have it; a time as microseconds since 1970-01-01 UTC, what is not a time (NaT) as null.

    >>> plain(np.int64(3)), plain(datetime(1970, 1, 2))
    (3, 86400000000)
    """
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    elif isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, datetime):
        return None if value != value else (utc(value) - EPOCH) // _MICROSECOND  # noqa: PLR0124 - NaT alone is not itself
    if isinstance(value, date):
        return (utc(datetime.combine(value, time())) - EPOCH) // _MICROSECOND
    return value


def _listed(array: np.ndarray[Any, Any]) -> list[Any]:
    """Of times of a day or a nanosecond too: microseconds are what is kept."""
    if array.dtype.kind == "M":
        array = array.astype("datetime64[us]")
    listed: list[Any] = array.tolist()
    return listed


def _of_series(series: pl.Series) -> Column:
    if isinstance(series.dtype, pl.Date):
        series = series.cast(pl.Datetime("us"))
    if isinstance(series.dtype, pl.Datetime):
        return series.dt.epoch("us").to_list()
    if series.dtype.is_numeric() and not series.has_nulls() and not series.dtype.is_decimal():
        return series.to_numpy()
    return series.to_list()
