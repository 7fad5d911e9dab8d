"""The signature of a model, read off the rows that it learns from."""

import polars as pl

from keepfit.evaluation.task import Classification, Task
from keepfit.registry.signature import Feature, Kind, Signature

#: Many libraries cap the categories of one feature at 255; the rarest beyond this many are encoded as missing.
MAX_CATEGORIES = 250


def signature_of(
    train: pl.DataFrame,
    *,
    features: tuple[str, ...],
    categorical: tuple[str, ...],
    id: str,  # noqa: A002
    time: str,
    context: tuple[str, ...],
    task: Task,
) -> Signature:
    """What a model trained on these rows takes and gives."""
    return Signature(
        features=tuple(
            _category(train[name])
            if name in categorical or not _is_number(train[name])
            else _number(train[name])
            for name in features
        ),
        id=id,
        time=time,
        context=context,
        output=task.target,
        probability=isinstance(task, Classification),
    )


def _is_number(column: pl.Series) -> bool:
    return column.dtype.is_numeric() or column.dtype == pl.Boolean


def _number(column: pl.Series) -> Feature:
    whole = column.dtype.is_integer() or column.dtype == pl.Boolean
    return Feature(name=column.name, kind=Kind.NUMBER, integral=whole)


def _category(column: pl.Series) -> Feature:
    text = not column.dtype.is_integer()
    values = column.drop_nulls().cast(pl.String) if text else column.drop_nulls()
    counts = values.alias("value").value_counts(name="n").sort(["n", "value"], descending=[True, False])
    kept = sorted(counts["value"].head(MAX_CATEGORIES).to_list())
    return Feature(name=column.name, kind=Kind.CATEGORY, text=text, categories=tuple(kept))
