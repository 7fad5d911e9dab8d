"""The form in which a profile travels: few arrays, of which nothing is taken apart before somebody asks for it.

Of the columns of `keepfit.stats.profile.Profile`: what they are called and counted in, which stands apart, once for all
windows; and `keepfit.stats.profile_stack.ColumnStack`. Of the moments: which columns they are of, likewise, and matrices
without the columns that say what others do.

Profiles of the first format are columns as `keepfit.adapters.column_form` makes them, and read like every other.
"""

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keepfit.adapters.column_bytes import narrowed, unpack_array
from keepfit.adapters.column_form import Apart, ColumnForm, Columns, Counts, OwnForm, column_form
from keepfit.stats.categorical_profile import Category
from keepfit.stats.moments import Moments
from keepfit.stats.profile import CategoricalProfile, NumericProfile, Profile
from keepfit.stats.profile_stack import CategoryStack, ColumnLayout, ColumnStack, Named, NumberStack

#: The declared type of a profile's columns.
_FEATURES: Final = typing.get_type_hints(Profile)["features"]

_WHOLE: Final = column_form(int)
_FLOATS: Final = column_form(float)
_CATEGORIES: Final = column_form(Category)
_LAYOUT: Final = "layout"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedColumns:
    """The columns that moments are of; see `keepfit.stats.moments.Moments`."""

    names: tuple[str, ...]
    centres: tuple[float, ...]
    scales: tuple[float, ...]


def _write_features(values: Sequence[Any], apart: Apart) -> Any:
    """The columns of one profile; None where their arrays are of other types than they are made of."""
    if len(values) != 1:
        return None
    (features,) = values
    profiles = features.values()
    numbers = [one for one in profiles if isinstance(one, NumericProfile)]
    categories = [one for one in profiles if isinstance(one, CategoricalProfile)]
    whole = all(one.counts.dtype == np.int64 for one in profiles)
    if not whole or any(one.sums.dtype != np.float64 for one in numbers):
        return None
    layout = ColumnLayout(tuple(features), tuple(one.cells for one in profiles))
    return {
        _LAYOUT: apart.place(layout),
        "numbers": _write_numbers(numbers, apart),
        "categories": _write_categories(categories, apart),
    }


def _write_numbers(profiles: Sequence[NumericProfile], apart: Apart) -> Any:
    rows = [[one.nulls, one.summed, one.unreadable] for one in profiles]
    moments = [[one.m1, one.m2] for one in profiles]
    ends = [[np.nan if end is None else end for end in (one.minimum, one.maximum)] for one in profiles]
    return {
        "counts": narrowed(_joined([one.counts for one in profiles], np.int64)),
        "sums": _joined([one.sums for one in profiles], np.float64),
        "rows": narrowed(np.array(rows, np.int64).T.reshape(-1)),
        "moments": np.array(moments, np.float64).T.reshape(-1),
        "ends": np.array(ends, np.float64).T.reshape(-1),
        "named": _write_named(profiles, _FLOATS, apart),
    }


def _write_categories(profiles: Sequence[CategoricalProfile], apart: Apart) -> Any:
    rows = [[one.other, one.unseen, one.nulls, one.unreadable] for one in profiles]
    return {
        "counts": narrowed(_joined([one.counts for one in profiles], np.int64)),
        "rows": narrowed(np.array(rows, np.int64).T.reshape(-1)),
        "named": _write_named(profiles, _CATEGORIES, apart),
    }


def _write_named(
    profiles: Sequence[NumericProfile | CategoricalProfile], form: ColumnForm, apart: Apart
) -> Any:
    named = [(place, *pair) for place, one in enumerate(profiles) for pair in one.named]
    columns, values, rows = zip(*named, strict=True) if named else ((), (), ())
    return [_WHOLE.encode(columns, apart), form.encode(values, apart), _WHOLE.encode(rows, apart)]


def _joined(arrays: Sequence[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype), *arrays])


def _read_features(columns: Columns, _counts: Counts, apart: Apart) -> Sequence[Any] | None:
    """The columns of a profile each, stacked; None where some are of the first format."""
    if not all(_LAYOUT in one for one in columns):
        return None
    return [
        ColumnStack(
            layout,
            numbers=_read_numbers(one["numbers"], layout, apart),
            categories=_read_categories(one["categories"], layout, apart),
        )
        for one in columns
        for layout in [_apart(one[_LAYOUT], ColumnLayout, apart)]
    ]


def _read_numbers(part: Any, layout: ColumnLayout, apart: Apart) -> NumberStack:
    size, k = layout.sizes[0], len(layout.numbers)
    minima, maxima = _array(part["ends"], 2, k)
    return NumberStack(
        cells=layout.numbers,
        counts=_array(part["counts"], 1, size)[0],
        sums=_array(part["sums"], 1, size)[0],
        rows=_array(part["rows"], 3, k),
        moments=_array(part["moments"], 2, k),
        minima=minima,
        maxima=maxima,
        named=_read_named(part["named"], k, _FLOATS, apart),
    )


def _read_categories(part: Any, layout: ColumnLayout, apart: Apart) -> CategoryStack:
    size, k = layout.sizes[1], len(layout.categories)
    return CategoryStack(
        cells=layout.categories,
        counts=_array(part["counts"], 1, size)[0],
        rows=_array(part["rows"], 4, k),
        named=_read_named(part["named"], k, _CATEGORIES, apart),
    )


def _read_named(part: Any, k: int, form: ColumnForm, apart: Apart) -> Sequence[Named[Any]]:
    n = len(part[0])
    if not n:
        return ()
    columns, values, rows = (
        each.decode(one, n, apart) for each, one in zip((_WHOLE, form, _WHOLE), part, strict=True)
    )
    if min(columns) < 0 or max(columns) >= k:
        raise ValueError(f"values of columns {set(columns)}, where there are {k}")
    return list(zip(columns, values, rows, strict=True))


def _array(packed: Any, rows: int, columns: int) -> NDArray[Any]:
    """An array of this shape: nobody takes it apart now, so that it is told here when it is none."""
    found = unpack_array(packed)
    if found.size != rows * columns:
        raise ValueError(f"{found.size} numbers where {rows} times {columns} were stored")
    return found.reshape(rows, columns)


def _apart(place: int, kind: type[Any], apart: Apart) -> Any:
    found = apart.values[place]
    if not isinstance(found, kind):
        raise TypeError(f"a {type(found).__name__} stands where a {kind.__name__} was stored")
    return found


def _write_moments(values: Sequence[Any], apart: Apart) -> Any:
    """The moments of one window: of most columns all rows have a value, and every pair with them says the same."""
    if len(values) != 1:
        return None
    (one,) = values
    names, centres, scales = one.columns
    fullest = int(np.argmax(one.pairs.diagonal())) if names else 0
    return {
        "columns": apart.place(PairedColumns(names=names, centres=centres, scales=scales)),
        "pairs": _write_matrix(one.pairs, fullest),
        "sums": _write_matrix(one.sums, fullest),
        "squares": _write_matrix(one.squares, fullest),
        "products": one.products.reshape(-1),
    }


def _write_matrix(matrix: NDArray[Any], like: int) -> Any:
    """A column, which columns are not the same to the last bit, and these."""
    bits = matrix.view(np.int64)
    others = np.flatnonzero((bits != bits[:, [like]]).any(axis=0)) if matrix.size else np.zeros(0, np.int64)
    return [
        narrowed(matrix[:, like] if matrix.size else matrix.reshape(-1)),
        others.tolist(),
        narrowed(matrix[:, others].reshape(-1)),
    ]


def _read_moments(columns: Columns, _counts: Counts, apart: Apart) -> Sequence[Any] | None:
    """The moments of a window each; None where some are of the first format."""
    if not all(one and isinstance(one.get("columns"), int) for one in columns):
        return None
    return [_moments_of(one, _apart(one["columns"], PairedColumns, apart)) for one in columns]


def _moments_of(column: Any, of: PairedColumns) -> Moments:
    k = len(of.names)
    return Moments(
        names=of.names,
        centres=of.centres,
        scales=of.scales,
        pairs=_read_matrix(column["pairs"], k, np.int64),
        sums=_read_matrix(column["sums"], k, np.float64),
        squares=_read_matrix(column["squares"], k, np.float64),
        products=_array(column["products"], k, k),
    )


def _read_matrix(part: Any, k: int, dtype: type[np.generic]) -> NDArray[Any]:
    """A square matrix; without columns of its own it takes the room of one."""
    first, others, own = part
    column = _array(first, k, 1).astype(dtype, copy=False)
    if not others:
        found = np.ndarray((k, k), dtype, column, strides=(column.itemsize, 0))
    else:
        found = np.repeat(column, k, axis=1)
        found[:, others] = _array(own, k, len(others))
    found.flags.writeable = False
    return found


#: Of the types that travel in a form of their own, see `keepfit.adapters.column_form.Apart`.
PROFILE_FORMS: Final[Mapping[Any, OwnForm]] = {
    _FEATURES: OwnForm(encode=_write_features, decode_all=_read_features),
    Moments: OwnForm(encode=_write_moments, decode_all=_read_moments),
}
