"""The door for data: any frame that people have becomes a Polars frame with plain types."""

import polars as pl

from keepfit.errors import DataError


def to_polars(frame: object, *, where: str) -> pl.DataFrame:
    """A Polars frame of `frame`: Polars (eager or lazy), pandas, or anything that gives an Arrow stream.

    Times become UTC microseconds: naive ones are taken as UTC, others are converted. Categories and enums become their values.
    A pandas NaN becomes null, as pandas means it, and its index is left out; a Polars or Arrow NaN stays.

    Args:
        frame: the rows.
        where: what gave them, for the message: `the source of 'taxi-eta'`.

    Raises:
        DataError: it is no frame, or holds a column that no frame can hold.

    >>> to_polars(pl.LazyFrame({"zone": ["A"]}, schema={"zone": pl.Categorical}), where="a test").schema
    Schema([('zone', String)])
    """
    taken = _taken(frame, where)
    return taken.select(_plain(name, dtype) for name, dtype in taken.schema.items())


def _taken(frame: object, where: str) -> pl.DataFrame:
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    try:
        if _is_pandas(frame):
            return pl.from_pandas(frame)  # type: ignore[call-overload,no-any-return]  # its type is known by name only
        if hasattr(frame, "__arrow_c_stream__"):
            return pl.DataFrame(frame)
    except Exception as error:  # each library has its own exceptions for a column that it cannot convert
        raise DataError(
            f"{where} gave a {type(frame).__name__} that cannot be read as a table: {error}",
            hint="give every column values of one type",
        ) from error
    raise DataError(
        f"{where} gave a {type(frame).__name__}, not a frame", hint="return a Polars, pandas or Arrow frame"
    )


def _is_pandas(frame: object) -> bool:
    """By name, so that pandas is not imported for people who do not use it."""
    kind = type(frame)
    return kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] == "pandas"


def _plain(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    if isinstance(dtype, pl.Datetime):
        aware = (
            column.dt.replace_time_zone("UTC")
            if dtype.time_zone is None
            else column.dt.convert_time_zone("UTC")
        )
        return aware.dt.cast_time_unit("us")
    return column
