"""Coarse cells: a dozen or two a column, wide enough to hold rows of a window each, and their names for people.

A number's are the deciles of the reference and its bold values, below and above its range; a category's are the 20 most
frequent values, every other value of the reference, and those it never held. The last cell of both holds the nulls.
They are the cells that `NumericProfile.coarse` and `CategoricalProfile.coarse` count.
"""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from keepfit.stats.categorical_cells import COARSE_TOP, CategoricalCells
from keepfit.stats.category_counts import count_categories
from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.numeric_values import numeric_values

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoarseNumbers:
    """The coarse cells of a number, in order: cell i is `edges[i - 1] <= x < edges[i]`, open at both ends; then nulls.

    Attributes:
        edges: ascending.
        names: the edges as people read them.
        closed: for each edge, whether it is the next float after a value that ends the cell before it; its name is
            that of the value.
        whole: whether all its edges and bold values are whole numbers, so that cells are named by their first and last.
    """

    edges: tuple[float, ...]
    names: tuple[str, ...]
    closed: tuple[bool, ...]
    whole: bool

    @property
    def valued(self) -> int:
        """Cells of values: all but that of the nulls."""
        return len(self.edges) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CoarseCategories:
    """The coarse cells of a category: one for each of `names`, then rarer values of the reference, unseen ones, nulls.

    Attributes:
        names: the values with a cell of their own, as people read them.
    """

    names: tuple[str, ...]

    @property
    def valued(self) -> int:
        """Cells of values: all but that of the nulls."""
        return len(self.names) + 2


CoarseCells = CoarseNumbers | CoarseCategories


def coarse_cells(cells: NumericCells | CategoricalCells) -> CoarseCells:
    """The coarse cells of a reference's column: small, for they are stored with the evidence of each window.

    >>> coarse_cells(CategoricalCells(values=("b", "a")))
    CoarseCategories(names=("'b'", "'a'"))
    """
    if isinstance(cells, CategoricalCells):
        names = [cells.written(one) if isinstance(one, int) else repr(one) for one in cells.values]
        return CoarseCategories(names=tuple(names[:COARSE_TOP]))
    edges = _edges(cells)
    ends = np.nextafter(edges, -np.inf)
    # The last edge comes after the end of the range, the others that are closed after a bold value.
    closed = np.isin(ends, cells.atoms) | (np.arange(edges.size) == edges.size - 1)
    shown = np.where(closed, ends, edges)
    values = np.concatenate([shown, cells.atoms])
    return CoarseNumbers(
        edges=tuple(edges.tolist()),
        names=tuple(_names(cells, shown.tolist())),
        closed=tuple(closed.tolist()),
        whole=not cells.temporal and bool((values == np.floor(values)).all()),
    )


def _edges(cells: NumericCells) -> NDArray[np.float64]:
    """The values that begin a coarse cell, but for the first, which has no beginning."""
    return np.array([cells.edges[first - 1] for first in cells.coarse[1:]])


def _names(cells: NumericCells, values: list[float]) -> list[str]:
    """Each value in as few digits as tell it from the others, and at least three; times as times."""
    if cells.temporal:
        return [cells.written(value) for value in values]
    return [_told(value, {one for one in values if one != value}) for value in values]


def _told(value: float, others: set[float]) -> str:
    digits = next(
        n for n in range(3, 18) if n == 17 or all(f"{one:.{n}g}" != f"{value:.{n}g}" for one in others)
    )
    number = float(f"{value:.{digits}g}")
    return f"{number:,.0f}" if number == int(number) and abs(number) < 1e15 else f"{number:.{digits}g}"


def coarse_index(cells: NumericCells | CategoricalCells, column: pl.Series) -> Indices:
    """The coarse cell of each row, shape (n,), from 0; what cannot be read as the cells' kind of value is a null.

    >>> cells = NumericCells.of(np.arange(10.0))
    >>> coarse_index(cells, pl.Series([-1.0, 0.0, 9.0, 10.0, None])).tolist()
    [0, 1, 10, 11, 12]
    """
    if isinstance(cells, CategoricalCells):
        return _of_categories(cells, column)
    edges, values = _edges(cells), numeric_values(column, temporal=cells.temporal).array
    found = np.searchsorted(edges, values, side="right")
    found[np.isnan(values)] = edges.size + 1
    return found


def _of_categories(cells: CategoricalCells, column: pl.Series) -> Indices:
    top = min(COARSE_TOP, len(cells.values))
    values = count_categories(column).values
    keys = _as_counted(column, values.dtype)
    if keys is None or not len(values):
        return np.full(len(column), top + 2, np.int64)
    _, places = cells.places(values)
    fine = np.array(places)
    beyond = fine > len(cells.values)
    coarse = np.where(beyond & cells.complete, top + 1, np.minimum(fine, top))
    found = keys.replace_strict(values, pl.Series(coarse), default=top + 2, return_dtype=pl.Int64)
    return found.to_numpy().astype(np.int64)


def _as_counted(column: pl.Series, counted: pl.DataType) -> pl.Series | None:
    """The column in the type that its values are counted in; None when nothing of it can be."""
    dtype = column.dtype
    if dtype.is_nested() or dtype in {pl.Binary, pl.Object}:
        return None
    if isinstance(dtype, pl.Datetime):
        moments = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if dtype.time_zone else column
        return moments.dt.cast_time_unit("us").cast(pl.String)
    if dtype == pl.Duration:
        return column.dt.to_string("iso")
    return column.cast(counted, strict=False)


def cell_label(name: str, cells: CoarseCells, index: int) -> str:
    """One coarse cell in words.

    >>> cell_label("zone", CoarseCategories(names=("'JFK'",)), 0)
    "zone 'JFK'"
    >>> cell_label("zone", CoarseCategories(names=("'JFK'",)), 2)
    'zone never seen before'
    """
    return run_label(name, cells, index, index)


def run_label(name: str, cells: CoarseCells, first: int, last: int) -> str:
    """Adjacent coarse cells in words; of a category and of nulls, one at a time.

    >>> miles = CoarseNumbers(
    ...     edges=(0.5, 2.0, 3.1, 9.5), names=("0.5", "2", "3.1", "9.5"), closed=(False, False, False, True), whole=False
    ... )
    >>> run_label("miles", miles, 0, 1), run_label("miles", miles, 2, 2), run_label("miles", miles, 4, 4)
    ('miles under 2', 'miles 2 to 3.1', 'miles over 9.5')
    >>> cell_label("miles", miles, 5)
    'miles null'
    """
    if first >= cells.valued:
        return f"{name} null"
    if isinstance(cells, CoarseCategories):
        return f"{name} {[*cells.names, 'of any rarer value', 'never seen before'][first]}"
    return f"{name} {_span(cells, first, last)}"


def _span(cells: CoarseNumbers, first: int, last: int) -> str:
    from_below, to_above = first == 0, last == len(cells.edges)
    if from_below and to_above:
        return "of any value"
    if from_below:
        return f"{'up to' if cells.closed[last] else 'under'} {cells.names[last]}"
    if to_above:
        low = cells.names[first - 1]
        return f"over {low}" if cells.closed[first - 1] else f"{low} or more"
    low, high = _ends(cells, first - 1, last)
    return low if low == high else f"{low} to {high}"


def _ends(cells: CoarseNumbers, lower: int, upper: int) -> tuple[str, str]:
    """The ends of an interval between two edges; of whole numbers, the first and the last that it holds."""
    if cells.whole:
        low = math.floor(cells.edges[lower]) + cells.closed[lower]
        high = math.floor(cells.edges[upper]) - (not cells.closed[upper])
        if low <= high:  # else it lies between two adjacent whole numbers
            return f"{low:,}", f"{high:,}"
    return cells.names[lower], cells.names[upper]
