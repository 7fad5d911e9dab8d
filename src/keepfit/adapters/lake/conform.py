"""Rows on their way into the prediction and label tables: checked, and given the types that the table keeps."""

from typing import Final

import polars as pl

from keepfit.adapters.lake.storable import check_names
from keepfit.data.frames import to_polars
from keepfit.data.schema import Schema
from keepfit.errors import DataError
from keepfit.predictions.record import LABEL_COLUMNS, PREDICTION_COLUMNS, SERVING_COLUMNS, UTC_TIME, Role

_ROLES: Final = [role.value for role in Role]

#: Each type holds the values of those before it; text holds everything.
_WIDER: Final = (pl.Boolean(), pl.Int64(), pl.Float64(), pl.String())

_KEPT: Final = (pl.Boolean, pl.Int64, pl.Float64, pl.String, pl.Date, UTC_TIME)


def prediction_rows(rows: pl.DataFrame, *, model: str, batch: int) -> pl.DataFrame:
    """The columns of `keepfit.predictions.record`, then features and context in plain types.

    Whole numbers become Int64, others Float64, categories text. A column without any value and type is left out: the table
    reads it as null.

    Raises:
        DataError: a column is missing, is none of a prediction's, or holds null where there must be a value.
    """
    where = f"the predictions of '{model}'"
    rows = with_serving_columns(rows)
    known = _own_columns(rows, PREDICTION_COLUMNS, ("prediction_id", "version", "role", "event_time"), where)
    strangers = [
        name for name in rows.columns if not name.startswith(("x_", "c_")) and name not in _own_names()
    ]
    if strangers:
        raise DataError(
            f"{where} hold a column '{strangers[0]}'", hint="prefix features with x_ and context with c_"
        )
    wrong = known.filter(~pl.col("role").is_in(_ROLES))
    if not wrong.is_empty():
        raise DataError(f"{where} hold the role '{wrong['role'][0]}'", hint=f"roles are {', '.join(_ROLES)}")
    extra = to_polars(
        rows.select(name for name in rows.columns if name.startswith(("x_", "c_"))), where=where
    )
    typed = extra.select(
        _plain(name, dtype, where) for name, dtype in extra.schema.items() if dtype != pl.Null
    )
    check_names(typed.columns)
    return (
        pl.concat([known.with_columns(batch=_batch(batch)), typed], how="horizontal")
        if typed.width
        else known.with_columns(batch=_batch(batch))
    )


def with_serving_columns(rows: pl.DataFrame) -> pl.DataFrame:
    """Prediction rows with all their columns: what nobody recorded is null.

    >>> with_serving_columns(pl.DataFrame({"source": ["python"]})).row(0, named=True)["share"] is None
    True
    """
    missing = [name for name in SERVING_COLUMNS if name not in rows.columns]
    return rows.with_columns(pl.lit(None, dtype=SERVING_COLUMNS[name]).alias(name) for name in missing)


def label_rows(rows: pl.DataFrame, *, model: str, batch: int) -> pl.DataFrame:
    """The columns of a label, in their types.

    Raises:
        DataError: a column is missing, or holds null where there must be a value.
    """
    needed = ("prediction_id", "label", "label_time")
    return _own_columns(rows, LABEL_COLUMNS, needed, f"the labels of '{model}'").with_columns(
        batch=_batch(batch)
    )


def settle(rows: pl.DataFrame, table: pl.Schema) -> tuple[pl.DataFrame, pl.Schema]:
    """Rows with the types of the table, and the columns of the table that must be widened to take them.

    A feature may change its type from one model version to the next: whole numbers to fractions, numbers to text.

    Raises:
        DataError: two columns' names differ in case only.
    """
    check_names([*table.names(), *rows.columns])
    casts: dict[str, pl.DataType] = {}
    widened: dict[str, pl.DataType] = {}
    for name, given in rows.schema.items():
        kept = table.get(name, given)
        if kept == given:
            continue
        casts[name] = kept if _whole(rows[name], kept) else _wider(kept, given)
        if casts[name] != kept:
            widened[name] = casts[name]
    return rows.cast(pl.Schema(casts)), pl.Schema(widened)


def _own_columns(
    rows: pl.DataFrame, columns: dict[str, pl.DataType], needed: tuple[str, ...], where: str
) -> pl.DataFrame:
    Schema.of(rows).require(tuple(columns), where=where)
    try:
        own = rows.select(list(columns)).cast(pl.Schema(columns))
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{where} hold values of another type: {error}") from error
    for name in needed:
        if nulls := own[name].null_count():
            raise DataError(f"{where}: '{name}' is null in {nulls} rows", hint="every row must have one")
    return own


def _own_names() -> tuple[str, ...]:
    return (*PREDICTION_COLUMNS, "batch")


def _batch(batch: int) -> pl.Expr:
    return pl.lit(batch, dtype=pl.Int64)


def _plain(name: str, dtype: pl.DataType, where: str) -> pl.Expr:
    column = pl.col(name)
    if dtype in _KEPT:
        return column
    if dtype.is_integer() and dtype not in (pl.UInt64, pl.Int128, pl.UInt128):
        return column.cast(pl.Int64)
    if dtype.is_numeric():
        return column.cast(pl.Float64)
    if dtype.is_temporal():
        return column.cast(pl.String)
    raise DataError(
        f"{where}: column '{name}' has type {dtype}", hint="record numbers, text, booleans or times"
    )


def _wider(one: pl.DataType, other: pl.DataType) -> pl.DataType:
    if one in _WIDER and other in _WIDER:
        return max(one, other, key=_WIDER.index)
    return pl.String()


def _whole(values: pl.Series, kept: pl.DataType) -> bool:
    """Whether floats hold whole numbers only, as they do when a null turned a column of integers into floats."""
    if kept != pl.Int64 or values.dtype != pl.Float64:
        return False
    present = values.drop_nulls()
    return bool(((present == present.round()) & (present.abs() < 2.0**53)).all())
