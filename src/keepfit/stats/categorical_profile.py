"""The profile of a category: counts of the reference's values, and of everything else."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from keepfit.stats.categorical_cells import COARSE_TOP, LISTED, TOP, CategoricalCells, Category
from keepfit.stats.category_counts import CategoryCounts, CodedText, count_categories
from keepfit.stats.numeric_kernel import Counts

__all__ = ["COARSE_TOP", "LISTED", "NAMED", "TOP", "CategoricalCells", "CategoricalProfile", "Category"]

#: Unseen values that are remembered by name.
NAMED: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CategoricalProfile:
    """What is kept of a category's values; `+` is commutative and associative, with `empty(cells)` as its identity.

    Attributes:
        cells: the reference's values.
        counts: rows with each of `cells.values`, shape (len(cells.values),).
        other: rows with a rarer value of the reference.
        unseen: rows with a value that the reference never held; exact.
        nulls: rows without a value, or with something of which no text can be made.
        named: the most frequent unseen values and their counts, at most 8; after merging, a count is exact unless
            one of the parts held eight more frequent ones; then it is too low, never too high.
        unreadable: those of the nulls that hold something of which no text can be made: lists, records, bytes. 0 also
            in profiles of a version that did not count them.
        n: values: rows that are not null.
    """

    cells: CategoricalCells
    counts: Counts
    other: int = 0
    unseen: int = 0
    nulls: int = 0
    named: tuple[tuple[Category, int], ...] = ()
    unreadable: int = 0
    n: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Add up the values: every check asks for their number, some several times."""
        object.__setattr__(self, "n", int(self.counts.sum()) + self.other + self.unseen)

    @classmethod
    def empty(cls, cells: CategoricalCells) -> "CategoricalProfile":
        """The profile of no rows."""
        return cls(cells=cells, counts=np.zeros(len(cells.values), np.int64))

    @classmethod
    def of(cls, cells: CategoricalCells, column: pl.Series | CodedText) -> "CategoricalProfile":
        """The profile of a column.

        >>> cells = CategoricalCells.of(pl.Series(["a", "b", "b"]))
        >>> profile = CategoricalProfile.of(cells, pl.Series(["b", "x", None]))
        >>> profile.counts.tolist(), profile.named, profile.nulls
        ([1, 0], (('x', 1),), 1)
        """
        return cls.of_counted(cells, count_categories(column))

    @classmethod
    def of_counted(cls, cells: CategoricalCells, found: CategoryCounts) -> "CategoricalProfile":
        """The profile of a column of which the values were counted."""
        names, in_cells = cells.places(found.values)
        places = np.array(in_cells, np.int64)
        listed, beyond = len(cells.values), len(cells.values) + 1
        rows = np.zeros(beyond + 1, np.int64)
        np.add.at(rows, places, found.rows)
        new = _beyond(names, places, found.rows, beyond) if cells.complete else Counter()
        return cls(
            cells=cells,
            counts=rows[:listed].copy(),
            other=int(rows[listed]) + (0 if cells.complete else int(rows[beyond])),
            unseen=int(rows[beyond]) if cells.complete else 0,
            nulls=found.nulls,
            named=_most_frequent(new),
            unreadable=found.unreadable,
        )

    @classmethod
    def merge(cls, parts: Sequence["CategoricalProfile"]) -> "CategoricalProfile":
        """The sum of one or more profiles.

        Raises:
            ValueError: they were counted in different cells, so that their counts do not add up.
        """
        cells = parts[0].cells
        if any(part.cells is not cells and part.cells != cells for part in parts):
            raise ValueError(
                "categorical profiles with different cells cannot be added: profile both in the same cells"
            )
        named: Counter[Category] = Counter()
        for part in parts:
            named.update(dict(part.named))
        return cls(
            cells=cells,
            counts=reduce(np.add, [part.counts for part in parts]),
            other=sum(part.other for part in parts),
            unseen=sum(part.unseen for part in parts),
            nulls=sum(part.nulls for part in parts),
            named=_most_frequent(named),
            unreadable=sum(part.unreadable for part in parts),
        )

    def __add__(self, other: "CategoricalProfile") -> "CategoricalProfile":
        return CategoricalProfile.merge([self, other])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CategoricalProfile) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def _state(self) -> tuple[object, ...]:
        counts = (self.counts.tobytes(), self.other, self.unseen, self.nulls, self.unreadable)
        return (self.cells, *counts, self.named)

    @property
    def rows(self) -> int:
        """All rows."""
        return self.n + self.nulls

    def coarse(self) -> Counts:
        """Rows in coarse cells: the 20 most frequent values, every other value of the reference, unseen, null."""
        rest = int(self.counts[COARSE_TOP:].sum()) + self.other
        return np.append(self.counts[:COARSE_TOP], [rest, self.unseen, self.nulls])


def _beyond(
    names: Sequence[Category], places: NDArray[np.int64], rows: Counts, beyond: int
) -> Counter[Category]:
    """The values that lie in the last cell, and the rows that hold each."""
    found: Counter[Category] = Counter()
    for i in np.flatnonzero(places == beyond).tolist():
        found[names[i]] += int(rows[i])
    return found


def _most_frequent(counts: Mapping[Category, int]) -> tuple[tuple[Category, int], ...]:
    # Values of one column may change type between servers, and texts and numbers have no order between them.
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return tuple(ordered[:NAMED])
