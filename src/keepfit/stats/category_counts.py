"""How often each value of a column occurs."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

#: Integers that span at most so many values are counted in an array, the others in a hash table.
_NARROW: Final = 65_536
#: Integers of which numpy makes 64 bits.
_WHOLE: Final = frozenset({pl.Int64, pl.Int32, pl.Int16, pl.Int8, pl.UInt32, pl.UInt16, pl.UInt8})


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedText:
    """A column of text as a list of values and each row's place in it, as Parquet files store it.

    Attributes:
        codes: integers, null where there is no value.
        values: text, each once.
    """

    codes: pl.Series
    values: pl.Series

    def __len__(self) -> int:
        return len(self.codes)

    def slice(self, start: int, rows: int) -> "CodedText":
        """Some of the rows."""
        return replace(self, codes=self.codes.slice(start, rows))

    def decoded(self) -> pl.Series:
        """The text.

        >>> CodedText(codes=pl.Series([1, None, 1]), values=pl.Series(["a", "b"])).decoded().to_list()
        ['b', None, 'b']
        """
        return self.values.gather(self.codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryCounts:
    """The different values of a column, and the rows that hold each.

    Attributes:
        values: each value once, in any order: integers, truth values, floats, or text.
        rows: how many rows hold it, shape (len(values),).
        nulls: rows without a value; NaN is one, and so is what no text can be made of.
        unreadable: those of the nulls that hold something of which no text can be made: lists, records, bytes.
    """

    values: pl.Series
    rows: NDArray[np.int64]
    nulls: int
    unreadable: int = 0


def count_categories(column: pl.Series | CodedText) -> CategoryCounts:
    """The values of a column. Never raises.

    >>> found = count_categories(pl.Series([3, 1, 3, None]))
    >>> found.values.to_list(), found.rows.tolist(), found.nulls
    ([1, 3], [1, 2], 1)
    """
    return _of_codes(column) if isinstance(column, CodedText) else _of_series(column)


def _of_codes(column: CodedText) -> CategoryCounts:
    present = column.codes.drop_nulls() if column.codes.null_count() else column.codes
    rows = np.bincount(present.to_numpy())
    held = np.flatnonzero(rows)
    return CategoryCounts(
        values=column.values.gather(held), rows=rows[held], nulls=len(column) - len(present)
    )


def _of_series(series: pl.Series) -> CategoryCounts:
    dtype = series.dtype
    if dtype == pl.Boolean:
        found = _counted(series.cast(pl.UInt8))
        return replace(found, values=found.values.cast(pl.Boolean))
    if dtype.is_decimal():
        return _counted(series.cast(pl.Float64))
    if dtype.is_float():
        return _counted(series.fill_nan(None))
    if dtype.is_nested() or dtype in {pl.Binary, pl.Object}:
        return _unreadable(series)
    try:
        return _counted(series)
    except pl.exceptions.PolarsError:  # a type that Polars makes no text of
        return _unreadable(series)


def _counted(series: pl.Series) -> CategoryCounts:
    nulls = series.null_count()
    if series.dtype in _WHOLE and len(series) > nulls:
        low, high = int(series.min()), int(series.max())  # type: ignore[arg-type]
        if high - low < _NARROW:
            return _of_narrow(series, low, nulls)
    values, rows = (series.drop_nulls() if nulls else series).value_counts(name="rows").get_columns()
    found = rows.to_numpy().astype(np.int64)
    if values.dtype.is_float() or values.dtype in {*_WHOLE, pl.UInt64}:
        return CategoryCounts(values=values, rows=found, nulls=nulls)
    return _as_text(values, found, nulls)


def _of_narrow(series: pl.Series, low: int, nulls: int) -> CategoryCounts:
    present = series.drop_nulls() if nulls else series
    rows = np.bincount((present.cast(pl.Int64) - low).to_numpy())
    held = np.flatnonzero(rows)
    return CategoryCounts(values=pl.Series(held + low), rows=rows[held], nulls=nulls)


def _as_text(values: pl.Series, rows: NDArray[np.int64], nulls: int) -> CategoryCounts:
    text = _text(values)
    if not text.null_count():
        return CategoryCounts(values=text, rows=rows, nulls=nulls)
    read = text.is_not_null().to_numpy()
    lost = int(rows[~read].sum())
    return CategoryCounts(values=text.drop_nulls(), rows=rows[read], nulls=nulls + lost, unreadable=lost)


def _text(values: pl.Series) -> pl.Series:
    if isinstance(values.dtype, pl.Datetime):
        zoned = values.dt.convert_time_zone("UTC") if values.dtype.time_zone else values
        values = zoned.dt.replace_time_zone(None).dt.cast_time_unit("us")
    elif values.dtype == pl.Duration:
        return values.dt.to_string("iso")
    return values.cast(pl.String, strict=False)


def _unreadable(series: pl.Series) -> CategoryCounts:
    return CategoryCounts(
        values=pl.Series([], dtype=pl.String),
        rows=np.zeros(0, np.int64),
        nulls=len(series),
        unreadable=len(series) - series.null_count(),
    )
