"""Columns as a Delta table can hold them, and back: what Delta has no type for is stored as whole numbers."""

import ast
import re
from typing import Final

import polars as pl

from keepfit.data.schema import Column, Schema
from keepfit.errors import DataError

#: Keeps the order of the rows, which Delta does not.
ROW: Final = "__row"

_KEPT: Final = (
    pl.Boolean,
    pl.Int8,
    pl.Int16,
    pl.Int32,
    pl.Int64,
    pl.Float32,
    pl.Float64,
    pl.String,
    pl.Binary,
    pl.Date,
    pl.Decimal,
)
_UTC: Final = pl.Datetime("us", "UTC")
_ARGUMENT: Final = re.compile(r"(\w+)=('[^']*'|\w+)")


def to_stored(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with types that Delta has, and the number of each row.

    Raises:
        DataError: a column's name cannot be stored beside the others.
    """
    if ROW in frame.columns:
        raise DataError(f"'{ROW}' is the store's own column", hint="give the column another name")
    check_names(frame.columns)
    columns = [_to_stored(pl.col(name), dtype) for name, dtype in frame.schema.items()]
    return frame.select(*columns, pl.int_range(pl.len(), dtype=pl.Int64).alias(ROW))


def from_stored(stored: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """The frame as it was given to `to_stored`, in the order of its rows."""
    ordered = stored.sort(ROW)
    return ordered.select(_from_stored(column, ordered.schema[column.name]) for column in schema.columns)


def _to_stored(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype in _KEPT or dtype == _UTC:
        return column
    if dtype == pl.UInt64:
        return column.reinterpret(signed=True)  # the upper half turns negative, and back
    if dtype == pl.Null:
        return column.cast(pl.Int64)
    return column.to_physical().cast(pl.Int64)


def _from_stored(column: Column, stored: pl.DataType) -> pl.Expr:
    values, dtype = pl.col(column.name), parse_dtype(column.dtype)
    if stored == dtype:
        return values
    if dtype == pl.UInt64:
        return values.reinterpret(signed=False)
    if dtype == pl.Null:
        return pl.repeat(None, pl.len(), dtype=pl.Null).alias(column.name)
    return values.cast(dtype)


def parse_dtype(text: str) -> pl.DataType:
    """A plain Polars type from its written form.

    >>> parse_dtype("Datetime(time_unit='us', time_zone='UTC')") == pl.Datetime("us", "UTC")
    True
    """
    name, _, arguments = text.partition("(")
    given = {key: ast.literal_eval(value) for key, value in _ARGUMENT.findall(arguments)}
    dtype: pl.DataType = getattr(pl, name)(**given)
    return dtype


def check_names(names: list[str]) -> None:
    """Check that one table can hold columns of these names: Delta tells them apart without regard to case.

    Raises:
        DataError: naming the two that clash.
    """
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise DataError(
                f"the columns '{other}' and '{name}' differ in case only, which a Delta table cannot hold",
                hint="rename one of them",
            )
