"""Any column read as numbers: what cannot be one is null, and is counted apart."""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

_A_SECOND: Final = {"ms": 1e3, "us": 1e6, "ns": 1e9}
_A_DAY_S: Final = 86_400.0

#: Types that numpy has too, and whose buffers it can read in place.
_PLAIN: Final = frozenset(
    {pl.Float64, pl.Float32, pl.Int64, pl.Int32, pl.Int16, pl.Int8, pl.UInt64, pl.UInt32, pl.UInt16, pl.UInt8}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericValues:
    """A column as numbers.

    Attributes:
        series: in a type that numpy has too; null where there is no value.
        unreadable: the nulls that hold something which is no number (or no time, where times are due).
    """

    series: pl.Series
    unreadable: int = 0

    @property
    def nulls(self) -> int:
        """Rows that are null; NaNs are not among them."""
        return self.series.null_count()

    def slice(self, start: int, rows: int) -> "NumericValues":
        """Some of the rows; nobody says which of their nulls are unreadable."""
        return NumericValues(series=self.series.slice(start, rows))

    def present(self) -> NDArray[Any]:
        """The values without the nulls, shape (rows - nulls,): the column's own memory when there are none."""
        return (self.series.drop_nulls() if self.nulls else self.series).to_numpy()

    def at(self, rows: NDArray[np.int64] | None) -> NDArray[Any]:
        """A value for each of these rows, or for each of all; NaN where there is none."""
        if rows is None:
            return self.array
        if not self.nulls:
            return self.array.take(rows)
        found: NDArray[Any] = self.series[rows].to_numpy()
        return found

    @property
    def array(self) -> NDArray[Any]:
        """A value a row, shape (rows,), NaN where there is none: the column's own memory when there are no nulls."""
        if not self.nulls:
            return self.series.to_numpy()
        return self.series.cast(pl.Float64).fill_null(math.nan).to_numpy()


def is_temporal(dtype: pl.DataType) -> bool:
    """Whether a reference's values of this type are times: moments or dates, not durations."""
    return isinstance(dtype, pl.Datetime) or dtype == pl.Date


def numeric_values(series: pl.Series, *, temporal: bool = False) -> NumericValues:
    """A column as numbers, without a copy where it holds numbers. Never raises.

    Where numbers are due, text that reads as one is that number, true is 1 and false 0, a duration its seconds. Where times
    are due, they are seconds since 1970 in UTC: a naive time is taken as UTC, a date as its midnight, text as ISO 8601.
    A number where a time is due is unreadable, and the other way round: nobody knows its unit.

    >>> found = numeric_values(pl.Series(["1.5", "far", None]))
    >>> found.series.to_list(), found.nulls, found.unreadable
    ([1.5, None, None], 2, 1)
    """
    try:
        read = _times(series) if temporal else _numbers(series)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        read = None
    if read is None:
        read = pl.Series(series.name, [None], pl.Float64).new_from_index(0, len(series))
    return NumericValues(series=read, unreadable=read.null_count() - series.null_count())


def _numbers(series: pl.Series) -> pl.Series | None:
    """The column in a type that numpy has too; None when none of it can be a number."""
    dtype = series.dtype
    if dtype in _PLAIN:
        return series
    if dtype == pl.Duration:
        return series.to_physical() / _unit(dtype)
    if dtype.is_temporal() or dtype.is_nested() or dtype in {pl.Binary, pl.Object}:
        return (
            None if len(series) > series.null_count() else pl.Series([None] * len(series), dtype=pl.Float64)
        )
    read = series.cast(pl.String) if isinstance(dtype, pl.Categorical | pl.Enum) else series
    if read.dtype == pl.String:
        read = read.str.strip_chars()
    return read.cast(pl.Float64, strict=False)


def _times(series: pl.Series) -> pl.Series | None:
    """The column in seconds since 1970; None when none of it can be a time."""
    dtype = series.dtype
    if dtype == pl.Date:
        return series.to_physical() * _A_DAY_S
    if isinstance(dtype, pl.Datetime):
        # What Polars stores is UTC, whichever zone it shows: daylight saving and mixed zones need no care.
        return series.to_physical() / _unit(dtype)
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return _times(series.cast(pl.String))
    if dtype == pl.String:
        return _read_times(series)
    return series.cast(pl.Float64) if dtype == pl.Null else None


def _unit(dtype: pl.DataType) -> float:
    return _A_SECOND[str(getattr(dtype, "time_unit", "us"))]


#: How text may tell a time: with an offset from UTC, or as UTC.
_WITH_OFFSET: Final = ("%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M%z")
_NAIVE: Final = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M")


def _read_times(text: pl.Series) -> pl.Series:
    """Each value by itself: local times around a daylight-saving change have two offsets in one column."""
    iso = (
        pl.col("text")
        .str.strip_chars()
        .str.replace(r"^(\d{4}-\d\d-\d\d) ", "${1}T")
        .str.replace("[Zz]$", "+00:00")
    )
    aware = [iso.str.to_datetime(one, time_unit="us", time_zone="UTC", strict=False) for one in _WITH_OFFSET]
    naive = [iso.str.to_datetime(one, time_unit="us", strict=False) for one in _NAIVE]
    day = iso.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    seconds = [one.to_physical() / _A_SECOND["us"] for one in (*aware, *naive, day)]
    return pl.DataFrame({"text": text}).select(pl.coalesce(*seconds)).to_series()
