"""What kind of column each one is, when nobody has said so: read off its type and a sample of its values."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import polars as pl

#: Fewer values than this are too few to be called names of rows.
LEAST_NAMES: Final = 50
#: Text with this share of different values among all names its rows.
NAMING: Final = 0.99


class ColumnKind(StrEnum):
    """How a column's values are compared."""

    NUMBER = "number"
    CATEGORY = "category"
    BOOLEAN = "boolean"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOf:
    """A column and its kind.

    Attributes:
        name: the column.
        dtype: its Polars type, written out.
        kind: None when the column is left out.
        why: how that came about, for people.
    """

    name: str
    dtype: str
    kind: ColumnKind | None
    why: str


def infer_kinds(
    sample: pl.DataFrame,
    *,
    numeric: Collection[str] = (),
    categorical: Collection[str] = (),
    left_out: Mapping[str, str] | None = None,
) -> tuple[KindOf, ...]:
    """The kind of every column, in order.

    A number is a number however few values it takes: its frequent values are counted one by one all the same. Text
    with as many values as rows, and whole numbers that only count rows, name rows, and have no distribution: they are
    left out. So are lists, structs and bytes.

    Args:
        sample: rows of the reference, in their order.
        numeric, categorical: columns whose kind is given.
        left_out: column → why it is to be left out.

    >>> sample = pl.DataFrame({"miles": [1.5, 2.0], "zone": ["a", "b"], "paid": [True, False]})
    >>> [one.kind.value for one in infer_kinds(sample)]
    ['number', 'category', 'boolean']
    """
    given = dict.fromkeys(numeric, ColumnKind.NUMBER) | dict.fromkeys(categorical, ColumnKind.CATEGORY)
    out = left_out or {}
    return tuple(_kind(sample[name], given.get(name), out.get(name, "")) for name in sample.columns)


def _kind(values: pl.Series, given: ColumnKind | None, left_out: str) -> KindOf:
    kind, why = (None, left_out) if left_out else _judged(values, given)
    return KindOf(name=values.name, dtype=str(values.dtype), kind=kind, why=why)


def _judged(values: pl.Series, given: ColumnKind | None) -> tuple[ColumnKind | None, str]:
    if values.dtype.is_nested() or values.dtype in {pl.Binary, pl.Object}:
        return None, f"{values.dtype.base_type()} columns have no distribution"
    if given is not None:
        return given, "as you said"
    family = family_of(values.dtype)
    if family is None:
        return ColumnKind.CATEGORY, "it has no value in the reference"
    if _names_rows(values):
        return None, "it names rows: it has as many values as rows; --categorical or --numeric compares it"
    return family, f"its type is {values.dtype}"


def family_of(dtype: pl.DataType) -> ColumnKind | None:
    """The kind of values that a type holds; None for the type of a column without values.

    Files without types (CSV) and files with them differ in how wide a number is, never in its family.

    >>> family_of(pl.Int8()), family_of(pl.Float64()), family_of(pl.Date())
    (<ColumnKind.NUMBER: 'number'>, <ColumnKind.NUMBER: 'number'>, <ColumnKind.TIME: 'time'>)
    """
    if dtype == pl.Null:
        return None
    if dtype.is_numeric() or dtype == pl.Duration:
        return ColumnKind.NUMBER
    if dtype == pl.Boolean:
        return ColumnKind.BOOLEAN
    if dtype == pl.Time:
        return ColumnKind.CATEGORY  # a time of day is no moment
    if dtype.is_temporal():
        return ColumnKind.TIME
    return ColumnKind.CATEGORY


def _names_rows(values: pl.Series) -> bool:
    present = values.drop_nulls()
    if len(present) < LEAST_NAMES:
        return False
    if values.dtype.is_integer():
        return _counts_rows(present)
    return values.dtype == pl.String and present.n_unique() >= NAMING * len(present)


def _counts_rows(present: pl.Series) -> bool:
    """Whether whole numbers only rise, or only fall, from row to row; amounts hardly ever do."""
    steps = present.cast(pl.Int64, strict=False).diff().drop_nulls()
    return bool(len(steps)) and bool((steps > 0).all() or (steps < 0).all())
