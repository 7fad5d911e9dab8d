"""The form in which a profile travels: few arrays, of which nothing is taken apart before somebody asks for it.

Of the columns of `keepfit.stats.profile.Profile`: what they are called and counted in, which stands apart, once for all
windows; and `keepfit.stats.profile_stack.ColumnStack`. Of the moments: which columns they are of, likewise, and matrices
without the columns that say what others do.

Profiles of the first format are columns as `keepfit.adapters.column_form` makes them, and read like every other.
"""

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keepfit.adapters.column_bytes import narrowed, unpack_array
from keepfit.adapters.column_form import column_form
from keepfit.adapters.columns import Apart, Columns, Counts, OwnForm
from keepfit.stats.categorical_profile import Category
from keepfit.stats.moments import Moments
from keepfit.stats.profile import CategoricalProfile, NumericCells, NumericProfile, Profile
from keepfit.stats.profile_stack import (
    CategoryStack,
    ColumnLayout,
    ColumnStack,
    NamedCategory,
    NamedNumbers,
    NumberStack,
)

#: The declared type of a profile's columns.
_FEATURES: Final = typing.get_type_hints(Profile)["features"]

#: The place of a category's column, a value of it, and its rows.
_NAMED_CATEGORY: Final = column_form(int), column_form(Category), column_form(int)
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
        "numbers": _write_numbers(numbers),
        "categories": _write_categories(categories, apart),
    }


def _write_numbers(profiles: Sequence[NumericProfile]) -> Any:
    rows = [[one.nulls, one.summed, one.unreadable] for one in profiles]
    moments = [
        [one.m1, one.m2, *(np.nan if end is None else end for end in (one.minimum, one.maximum))]
        for one in profiles
    ]
    columns, values, hits = _named(profiles)
    return {
        "counts": narrowed(_joined([one.counts for one in profiles], np.int64)),
        "sums": _joined([one.sums for one in profiles], np.float64),
        "rows": narrowed(np.array(rows, np.int64).T.reshape(-1)),
        "moments": np.array(moments, np.float64).T.reshape(-1),
        "named": [
            narrowed(np.array(columns, np.int64)),
            np.array(values, np.float64),
            narrowed(np.array(hits, np.int64)),
        ],
    }


def _write_categories(profiles: Sequence[CategoricalProfile], apart: Apart) -> Any:
    rows = [[one.other, one.unseen, one.nulls, one.unreadable] for one in profiles]
    columns, values, hits = _named(profiles)
    return {
        "counts": narrowed(_joined([one.counts for one in profiles], np.int64)),
        "rows": narrowed(np.array(rows, np.int64).T.reshape(-1)),
        "named": [
            form.encode(some, apart)
            for form, some in zip(_NAMED_CATEGORY, (columns, values, hits), strict=True)
        ],
    }


def _named(profiles: Sequence[NumericProfile | CategoricalProfile]) -> tuple[Sequence[Any], ...]:
    """The values that columns remember by name: the places of the columns, the values, and their rows."""
    named = [(place, *pair) for place, one in enumerate(profiles) for pair in one.named]
    return tuple(zip(*named, strict=True)) if named else ((), (), ())


def _joined(arrays: Sequence[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype), *arrays])


def _read_features(columns: Columns, _counts: Counts, apart: Apart) -> Sequence[Any] | None:
    """The columns of a profile each, stacked; None where some are of the first format."""
    if not all(_LAYOUT in one for one in columns):
        return None
    return [
        ColumnStack(
            layout,
            numbers=_read_numbers(one["numbers"], layout),
            categories=_read_categories(one["categories"], layout, apart),
        )
        for one in columns
        for layout in [_apart(one[_LAYOUT], ColumnLayout, apart)]
    ]


def _read_numbers(part: Any, layout: ColumnLayout) -> NumberStack:
    size, k = layout.sizes[0], len(layout.numbers)
    moments = _array(part["moments"], 4, k)
    columns, values, rows = (unpack_array(one) for one in part["named"])
    told = columns.size == values.size == rows.size
    if not told or (columns.size and not 0 <= columns.min() <= columns.max() < k):
        raise ValueError(f"{values.size} values of columns {set(columns.tolist())}, where there are {k}")
    return NumberStack(
        cells=layout.numbers,
        counts=_array(part["counts"], 1, size)[0],
        sums=_array(part["sums"], 1, size)[0],
        rows=_array(part["rows"], 3, k),
        moments=moments[:2],
        minima=moments[2],
        maxima=moments[3],
        named=NamedNumbers(columns, values, rows),
    )


def _read_categories(part: Any, layout: ColumnLayout, apart: Apart) -> CategoryStack:
    size, k = layout.sizes[1], len(layout.categories)
    return CategoryStack(
        cells=layout.categories,
        counts=_array(part["counts"], 1, size)[0],
        rows=_array(part["rows"], 4, k),
        named=_read_named(part["named"], k, apart),
    )


def _read_named(part: Any, k: int, apart: Apart) -> Sequence[NamedCategory]:
    n = len(part[0])
    if not n:
        return ()
    columns, values, rows = (
        form.decode(one, n, apart) for form, one in zip(_NAMED_CATEGORY, part, strict=True)
    )
    if not 0 <= min(columns) <= max(columns) < k:
        raise ValueError(f"{n} values of columns {set(columns)}, where there are {k}")
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
    """The moments of one window.

    Of most columns all rows have a value, and every pair with one of them is of as many rows, with the same sum and sum of
    squares: one of these columns stands for all, and others, which have gaps, for themselves.
    """
    if len(values) != 1:
        return None
    (one,) = values
    names, centres, scales = one.columns
    fullest = [int(np.argmax(one.pairs.diagonal()))] if names else []
    bits = np.stack([one.pairs, one.sums.view(np.int64), one.squares.view(np.int64)])
    others = np.flatnonzero((bits != bits[:, :, fullest]).any(axis=(0, 1))).tolist() if names else []
    told = fullest + others
    return {
        "columns": apart.place(PairedColumns(names=names, centres=centres, scales=scales)),
        "others": others,
        "pairs": narrowed(one.pairs[:, told].T.reshape(-1)),
        "sums": np.concatenate([one.sums[:, told].T, one.squares[:, told].T]).reshape(-1),
        "products": one.products.reshape(-1),
    }


def _read_moments(columns: Columns, _counts: Counts, apart: Apart) -> Sequence[Any] | None:
    """The moments of a window each; None where some are of the first format."""
    if not all("others" in one for one in columns):
        return None
    found: list[Moments] = []
    # The same columns have gaps in most windows.
    for (where, others), some in groupby(columns, lambda one: (one["columns"], one["others"])):
        of = _apart(where, PairedColumns, apart)
        stands = np.zeros(len(of.names), np.int64)
        stands[others] = np.arange(1, len(others) + 1)
        told = 1 + len(others) if of.names else 0
        found += [_moments_of(one, of, stands, told) for one in some]
    return found


def _moments_of(column: Any, of: PairedColumns, stands: NDArray[np.int64], told: int) -> Moments:
    """The moments of one window.

    Args:
        column: as it was stored.
        of: the columns.
        stands: which of the columns that are told stands for each, shape (k,).
        told: how many these are.
    """
    k = len(of.names)
    pairs = _array(column["pairs"], told, k).astype(np.int64)
    sums = _array(column["sums"], 2 * told, k)
    return Moments(
        names=of.names,
        centres=of.centres,
        scales=of.scales,
        pairs=_matrix(pairs, stands),
        sums=_matrix(sums[:told], stands),
        squares=_matrix(sums[told:], stands),
        products=_array(column["products"], k, k),
    )


def _matrix(told: NDArray[Any], stands: NDArray[np.int64]) -> NDArray[Any]:
    """A square matrix of which some columns are told, in the rows of `told`; it cannot be written to."""
    found = told.take(stands, axis=0).T
    found.flags.writeable = False
    return found


def _write_number(values: Sequence[Any], apart: Apart) -> Any:
    """The profile of one number that stands by itself."""
    if len(values) != 1:
        return None
    (one,) = values
    if one.counts.dtype != np.int64 or one.sums.dtype != np.float64:
        return None
    return {
        "in": apart.place(one.cells),
        "counts": narrowed(one.counts),
        "sums": one.sums,
        "rows": [one.nulls, one.summed, one.unreadable],
        "moments": [one.m1, one.m2, one.minimum, one.maximum],
        "named": one.named,
    }


def _read_number(columns: Columns, _counts: Counts, apart: Apart) -> Sequence[Any] | None:
    """The profile of each window; None where some are of the first format."""
    if not all("in" in one for one in columns):
        return None
    return [_number_of(one, _apart(one["in"], NumericCells, apart)) for one in columns]


def _number_of(column: Any, cells: NumericCells) -> NumericProfile:
    nulls, summed, unreadable = column["rows"]
    m1, m2, minimum, maximum = column["moments"]
    counts = _array(column["counts"], 1, cells.size)[0].astype(np.int64)
    counts.flags.writeable = False
    return NumericProfile(
        cells=cells,
        counts=counts,
        sums=_array(column["sums"], 1, cells.size)[0],
        nulls=nulls,
        summed=summed,
        minimum=minimum,
        maximum=maximum,
        m1=m1,
        m2=m2,
        named=tuple((value, rows) for value, rows in column["named"]),
        unreadable=unreadable,
    )


#: Of the types that travel in a form of their own, see `keepfit.adapters.columns.Apart`.
PROFILE_FORMS: Final[Mapping[Any, OwnForm]] = {
    _FEATURES: OwnForm(encode=_write_features, decode_all=_read_features),
    Moments: OwnForm(encode=_write_moments, decode_all=_read_moments),
    NumericProfile: OwnForm(encode=_write_number, decode_all=_read_number),
}
