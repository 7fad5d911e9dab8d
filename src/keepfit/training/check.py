"""Is the snapshot fit to learn from? Checked before the trainer sees it."""

from collections.abc import Sequence

import polars as pl

from keepfit.data.schema import Schema
from keepfit.errors import DataError, TrainingFailedError
from keepfit.monitoring.finding import Fault


def check_snapshot(
    frame: pl.DataFrame,
    *,
    required: tuple[str, ...],
    id: str,  # noqa: A002
    time: str,
    target: str,
    source: str,
) -> None:
    """Check columns, ids, times and targets of labelled rows.

    Raises:
        TrainingFailedError: naming the column and what is wrong with it.
    """
    _columns(frame, required, source)
    if frame.is_empty():
        raise TrainingFailedError(
            f"{source} returned no rows",
            step="check",
            hint="are there labelled rows in that stretch of time?",
        )
    if not isinstance(frame.schema[time], pl.Datetime):
        raise TrainingFailedError(
            f"{source}: time column '{time}' holds {frame.schema[time]}, not datetimes", step="check"
        )
    if not (frame.schema[target].is_numeric() or frame.schema[target] == pl.Boolean):
        raise TrainingFailedError(
            f"{source}: target '{target}' holds {frame.schema[target]}, not numbers", step="check"
        )
    _no_nulls(frame, (id, time, target), source)
    _finite(frame, target, source)
    if frame[id].n_unique() < frame.height:
        twice = frame.filter(frame[id].is_duplicated())[id][0]
        raise TrainingFailedError(f"{source}: id column '{id}' holds {twice!r} more than once", step="check")


def _columns(frame: pl.DataFrame, required: tuple[str, ...], source: str) -> None:
    try:
        Schema.of(frame).require(required, where=source)
    except DataError as error:
        raise TrainingFailedError(str(error), step="check", hint=error.hint) from None


def _no_nulls(frame: pl.DataFrame, names: tuple[str, ...], source: str) -> None:
    for name in names:
        nulls = frame[name].null_count()
        if nulls:
            raise TrainingFailedError(
                f"{source}: column '{name}' is null in {nulls:,} of {frame.height:,} rows",
                step="check",
                hint="return labelled rows only",
            )


def _finite(frame: pl.DataFrame, target: str, source: str) -> None:
    wrong = frame.height - int(frame[target].cast(pl.Float64).is_finite().sum())
    if wrong:
        raise TrainingFailedError(
            f"{source}: target '{target}' is NaN or infinite in {wrong:,} of {frame.height:,} rows",
            step="check",
            hint="return labelled rows only",
        )


def without_faults(frame: pl.DataFrame, faults: Sequence[Fault]) -> pl.DataFrame:
    """The rows that no broken feed marks; those with a fault of kind `all` cannot be told apart and stay.

    >>> rows = pl.DataFrame({"passengers": [0, 1, None]})
    >>> without_faults(rows, [Fault(column="passengers", kind="value", value=0.0)]).height
    2
    """
    return frame.filter(~marked(faults))


def marked(faults: Sequence[Fault], *, prefix: str = "") -> pl.Expr:
    """Whether a row carries any of these faults, as an expression; `prefix` goes before the columns' names."""
    return pl.any_horizontal(
        pl.lit(value=False), *(_marks(fault, pl.col(f"{prefix}{fault.column}")) for fault in faults)
    )


def _marks(fault: Fault, column: pl.Expr) -> pl.Expr:
    match fault.kind:
        case "null":
            return column.is_null()
        case "value" if isinstance(fault.value, str):
            return column.cast(pl.String).eq_missing(fault.value)
        case "value":
            return column.eq_missing(fault.value)
        case _:
            return pl.lit(value=False)
