"""The profiles of a table's columns end to end in a few arrays, as they come out of a store.

Forty columns of twenty-four hours are a thousand profiles, of which nothing is asked but their sum. Stacked, they are added
array by array, and only the sum is taken apart into profiles.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby, islice
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from keepfit.stats.categorical_profile import NAMED, CategoricalCells, CategoricalProfile, Category
from keepfit.stats.moments import total
from keepfit.stats.numeric_cells import Floats, NumericCells
from keepfit.stats.numeric_kernel import Counts
from keepfit.stats.numeric_profile import NumericProfile
from keepfit.stats.profile import Profile

Column = NumericProfile | CategoricalProfile

#: A value that is remembered by name.
V = TypeVar("V", float, Category)

#: The place of a column among the categories, one of its values, and in how many rows.
NamedCategory = tuple[int, Category, int]


class NamedNumbers(NamedTuple):
    """Single values that numbers are remembered by, column by column; all of shape (values,).

    Attributes:
        columns: the place of the column among the numbers.
        values: of it.
        rows: in how many.
    """

    columns: NDArray[np.int64]
    values: Floats
    rows: Counts

    @classmethod
    def merge(cls, parts: Sequence["NamedNumbers"]) -> "NamedNumbers":
        """The most frequent of each column; of values as frequent the smaller ones."""
        columns, rows = (
            np.concatenate([getattr(one, name) for one in parts], dtype=np.int64)
            for name in ("columns", "rows")
        )
        values = np.concatenate([one.values for one in parts])
        if not columns.size:
            return cls(columns, values, rows)
        order = np.lexsort((values, columns))
        columns, values = columns[order], values[order]
        new = np.append(True, (np.diff(columns) > 0) | (values[1:] != values[:-1]))
        first = np.flatnonzero(new)
        columns, values, rows = columns[first], values[first], np.add.reduceat(rows[order], first)
        order = np.lexsort((values, -rows, columns))
        kept = order[np.arange(order.size) - np.searchsorted(columns, columns) < NAMED]
        return cls(columns[kept], values[kept], rows[kept])


@dataclass(frozen=True)
class ColumnLayout:
    """What a stack is counted in.

    Attributes:
        names: of the columns.
        cells: of each of them.
    """

    names: tuple[str, ...]
    cells: tuple[NumericCells | CategoricalCells, ...]

    @cached_property
    def numbers(self) -> tuple[NumericCells, ...]:
        """The cells of the columns that are numbers, in order."""
        return tuple(one for one in self.cells if isinstance(one, NumericCells))

    @cached_property
    def categories(self) -> tuple[CategoricalCells, ...]:
        """The cells of the others."""
        return tuple(one for one in self.cells if isinstance(one, CategoricalCells))

    @cached_property
    def sizes(self) -> tuple[int, int]:
        """How many cells all numbers have together, and all others."""
        return sum(map(size_of, self.numbers)), sum(map(size_of, self.categories))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NumberStack:
    """Numeric profiles of k columns, see `NumericProfile`.

    Attributes:
        cells: of each column.
        counts: of all columns, end to end; of any whole type.
        sums: likewise.
        rows: `nulls`, `summed` and `unreadable`, shape (3, k).
        moments: `m1` and `m2`, shape (2, k).
        minima, maxima: shape (k,); NaN where there is none.
        named: the values that are remembered by name.
    """

    cells: tuple[NumericCells, ...]
    counts: NDArray[Any]
    sums: Floats
    rows: Counts
    moments: Floats
    minima: Floats
    maxima: Floats
    named: NamedNumbers

    def profiles(self) -> Iterator[NumericProfile]:
        """Taken apart, in order; their counts and sums cannot be written to."""
        rows, (m1, m2) = self.rows.T.tolist(), self.moments.tolist()
        low, high = (_ends(one) for one in (self.minima, self.maxima))
        named = _by_column(zip(*(one.tolist() for one in self.named), strict=True), len(self.cells))
        parts = zip(_apart(self.counts, self.cells), _apart(self.sums, self.cells), strict=True)
        for i, (counts, sums) in enumerate(parts):
            nulls, summed, unreadable = rows[i]
            yield NumericProfile(
                cells=self.cells[i],
                counts=counts,
                sums=sums,
                nulls=nulls,
                summed=summed,
                minimum=low[i],
                maximum=high[i],
                m1=m1[i],
                m2=m2[i],
                named=named[i],
                unreadable=unreadable,
            )

    @classmethod
    def merge(cls, parts: Sequence["NumberStack"]) -> "NumberStack":
        """The sum of stacks with the same cells, in the order in which `NumericProfile.merge` adds."""
        return cls(
            cells=parts[0].cells,
            counts=total([one.counts for one in parts], np.int64),
            sums=total([one.sums for one in parts]),
            rows=total([one.rows for one in parts], np.int64),
            moments=total([one.moments for one in parts]),
            minima=np.fmin.reduce([one.minima for one in parts]),
            maxima=np.fmax.reduce([one.maxima for one in parts]),
            named=NamedNumbers.merge([one.named for one in parts]),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CategoryStack:
    """Categorical profiles of k columns, see `CategoricalProfile`.

    Attributes:
        cells: of each column.
        counts: of all columns, end to end; of any whole type.
        rows: `other`, `unseen`, `nulls` and `unreadable`, shape (4, k).
        named: of all columns.
    """

    cells: tuple[CategoricalCells, ...]
    counts: NDArray[Any]
    rows: Counts
    named: Sequence[NamedCategory]

    def profiles(self) -> Iterator[CategoricalProfile]:
        """Taken apart, in order; their counts cannot be written to."""
        rows, named = self.rows.T.tolist(), _by_column(self.named, len(self.cells))
        for i, counts in enumerate(_apart(self.counts, self.cells)):
            other, unseen, nulls, unreadable = rows[i]
            yield CategoricalProfile(
                cells=self.cells[i],
                counts=counts,
                other=other,
                unseen=unseen,
                nulls=nulls,
                named=named[i],
                unreadable=unreadable,
            )

    @classmethod
    def merge(cls, parts: Sequence["CategoryStack"]) -> "CategoryStack":
        """The sum of stacks with the same cells."""
        return cls(
            cells=parts[0].cells,
            counts=total([one.counts for one in parts], np.int64),
            rows=total([one.rows for one in parts], np.int64),
            named=_merged([one.named for one in parts]),
        )


class ColumnStack(Mapping[str, Column]):
    """What `Profile.features` holds, stacked: a mapping that is taken apart when a column is first asked for.

    Args:
        layout: of the columns.
        numbers: those that are numbers, in order.
        categories: the others, in order.
    """

    __slots__ = ("_columns", "categories", "layout", "numbers")

    def __init__(self, layout: ColumnLayout, *, numbers: NumberStack, categories: CategoryStack) -> None:
        self.layout, self.numbers, self.categories = layout, numbers, categories
        self._columns: dict[str, Column] | None = None

    def __getitem__(self, name: str) -> Column:
        return self._apart()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.layout.names)

    def __len__(self) -> int:
        return len(self.layout.names)

    def _apart(self) -> dict[str, Column]:
        if self._columns is None:
            numbers, categories = self.numbers.profiles(), self.categories.profiles()
            self._columns = {
                name: next(numbers) if isinstance(cells, NumericCells) else next(categories)
                for name, cells in zip(self.layout.names, self.layout.cells, strict=True)
            }
        return self._columns

    @classmethod
    def merge(cls, parts: Sequence["ColumnStack"]) -> "ColumnStack":
        """The sum of stacks of one layout."""
        return cls(
            parts[0].layout,
            numbers=NumberStack.merge([one.numbers for one in parts]),
            categories=CategoryStack.merge([one.categories for one in parts]),
        )


def merge_profiles(parts: Sequence[Profile]) -> Profile:
    """The sum of one or more profiles: `Profile.merge`, an array at a time where they are stacked alike.

    Raises:
        ValueError: their columns differ, or the cells of one.
    """
    stacks = [one.features for one in parts if isinstance(one.features, ColumnStack)]
    if len(stacks) < len(parts) or any(one.layout != stacks[0].layout for one in stacks):
        return Profile.merge(parts)
    rest = Profile.merge([replace(one, features={}) for one in parts])
    return replace(rest, features=ColumnStack.merge(stacks))


def _apart(flat: NDArray[Any], cells: Sequence[NumericCells | CategoricalCells]) -> Iterator[NDArray[Any]]:
    """The part of each column."""
    whole = flat.astype(np.int64) if flat.dtype.kind in "iu" else flat.view()
    whole.flags.writeable = False
    end = 0
    for one in cells:
        begin, end = end, end + size_of(one)
        yield whole[begin:end]


def size_of(cells: NumericCells | CategoricalCells) -> int:
    """How many cells a column is counted in."""
    return cells.size if isinstance(cells, NumericCells) else len(cells.values)


def _ends(values: Floats) -> list[float | None]:
    return [None if math.isnan(one) else one for one in values.tolist()]


def _by_column(named: Iterable[tuple[int, V, int]], k: int) -> list[tuple[tuple[V, int], ...]]:
    """The values of each column, and their rows."""
    found: list[list[tuple[V, int]]] = [[] for _ in range(k)]
    for column, value, rows in named:
        found[column].append((value, rows))
    return [tuple(one) for one in found]


def _merged(parts: Iterable[Sequence[NamedCategory]]) -> list[NamedCategory]:
    """The most frequent of each column's categories; of those as frequent the ones whose text comes first."""
    together: dict[tuple[int, Category], int] = {}
    for part in parts:
        for column, value, rows in part:
            together[column, value] = together.get((column, value), 0) + rows
    ordered = sorted(
        ((column, value, rows) for (column, value), rows in together.items()),
        key=lambda one: (one[0], -one[2], str(one[1])),
    )
    columns = groupby(ordered, lambda one: one[0])
    return [one for _, some in columns for one in islice(some, NAMED)]
