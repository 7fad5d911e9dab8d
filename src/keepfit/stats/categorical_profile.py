"""The profile of a category: counts of the reference's values, and of everything else."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from keepfit.stats.numeric_profile import Counts

#: A value as Polars gives it.
Category = str | int

#: Values of the reference that are counted one by one.
TOP: Final = 200
#: Of these, the values with a coarse cell of their own.
COARSE_TOP: Final = 20
#: Rarer values of the reference that are listed, so that they are not taken for new ones.
LISTED: Final = 20_000
#: Unseen values that are remembered by name.
NAMED: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoricalCells:
    """Which values the reference held.

    Attributes:
        values: the 200 most frequent, most frequent first; of equals the smaller first.
        tail: the rarer ones, sorted; at most 20,000.
        complete: whether `values` and `tail` are all the values of the reference; if not, a value that is not listed
            may well have been in it, and counts as other, never as unseen.
        singletons: how many values the reference held exactly once. As a share of its rows this is what to expect
            of values never seen before (Good 1953, Biometrika 40, 237-264, after Turing).
    """

    values: tuple[Category, ...]
    tail: tuple[Category, ...] = ()
    complete: bool = True
    singletons: int = 0

    @classmethod
    def of(cls, series: pl.Series) -> "CategoricalCells":
        """The cells of a reference's column.

        >>> CategoricalCells.of(pl.Series(["a", "b", "b", None])).values
        ('b', 'a')
        """
        counts = _counted(series.drop_nulls())
        ordered = [value for value, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
        return cls(
            values=tuple(ordered[:TOP]),
            tail=tuple(sorted(ordered[TOP : TOP + LISTED])),
            complete=len(ordered) <= TOP + LISTED,
            singletons=sum(count == 1 for count in counts.values()),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CategoricalProfile:
    """What is kept of a category's values; `+` is commutative and associative, with `empty(cells)` as its identity.

    Attributes:
        cells: the reference's values.
        counts: rows with each of `cells.values`, shape (len(cells.values),).
        other: rows with a rarer value of the reference.
        unseen: rows with a value that the reference never held; exact.
        nulls: rows without a value.
        named: the most frequent unseen values and their counts, at most 8; after merging, a count is exact unless
            one of the parts held eight more frequent ones; then it is too low, never too high.
    """

    cells: CategoricalCells
    counts: Counts
    other: int = 0
    unseen: int = 0
    nulls: int = 0
    named: tuple[tuple[Category, int], ...] = ()

    @classmethod
    def empty(cls, cells: CategoricalCells) -> "CategoricalProfile":
        """The profile of no rows."""
        return cls(cells=cells, counts=np.zeros(len(cells.values), np.int64))

    @classmethod
    def of(cls, cells: CategoricalCells, series: pl.Series) -> "CategoricalProfile":
        """The profile of a column.

        >>> cells = CategoricalCells.of(pl.Series(["a", "b", "b"]))
        >>> profile = CategoricalProfile.of(cells, pl.Series(["b", "x", None]))
        >>> profile.counts.tolist(), profile.named, profile.nulls
        ([1, 0], (('x', 1),), 1)
        """
        present = series.drop_nulls()
        found = _counted(present)
        counts = np.array([found.pop(value, 0) for value in cells.values], np.int64)
        listed = set(cells.tail) if found else set()
        new = (
            {value: count for value, count in found.items() if value not in listed} if cells.complete else {}
        )
        unseen = sum(new.values())
        return cls(
            cells=cells,
            counts=counts,
            other=sum(found.values()) - unseen,
            unseen=unseen,
            nulls=len(series) - len(present),
            named=_most_frequent(new),
        )

    @classmethod
    def merge(cls, parts: Sequence["CategoricalProfile"]) -> "CategoricalProfile":
        """The sum of one or more profiles.

        Raises:
            ValueError: they were counted in different cells, so that their counts do not add up.
        """
        cells = parts[0].cells
        if any(part.cells != cells for part in parts):
            raise ValueError(
                "categorical profiles with different cells cannot be added: profile both in the same cells"
            )
        named: Counter[Category] = Counter()
        for part in parts:
            named.update(dict(part.named))
        return cls(
            cells=cells,
            counts=np.sum([part.counts for part in parts], axis=0, dtype=np.int64),
            other=sum(part.other for part in parts),
            unseen=sum(part.unseen for part in parts),
            nulls=sum(part.nulls for part in parts),
            named=_most_frequent(named),
        )

    def __add__(self, other: "CategoricalProfile") -> "CategoricalProfile":
        return CategoricalProfile.merge([self, other])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CategoricalProfile) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def _state(self) -> tuple[object, ...]:
        return (self.cells, self.counts.tobytes(), self.other, self.unseen, self.nulls, self.named)

    @property
    def n(self) -> int:
        """Values: rows that are not null."""
        return int(self.counts.sum()) + self.other + self.unseen

    @property
    def rows(self) -> int:
        """All rows."""
        return self.n + self.nulls

    def coarse(self) -> Counts:
        """Rows in coarse cells: the 20 most frequent values, every other value of the reference, unseen, null."""
        rest = int(self.counts[COARSE_TOP:].sum()) + self.other
        return np.append(self.counts[:COARSE_TOP], [rest, self.unseen, self.nulls])


def _counted(present: pl.Series) -> dict[Category, int]:
    """How often each value occurs: whole numbers as int, everything else as text."""
    if present.dtype.is_float() and (present == present.floor()).all():
        present = present.cast(pl.Int64, strict=False)
    elif present.dtype == pl.Boolean:
        present = present.cast(pl.Int64)
    elif not present.dtype.is_integer():
        present = present.cast(pl.String)
    values, counts = present.value_counts(name="rows").get_columns()
    return dict(zip(values.to_list(), counts.to_list(), strict=True))


def _most_frequent(counts: dict[Category, int]) -> tuple[tuple[Category, int], ...]:
    # Values of one column may change type between servers, and texts and numbers have no order between them.
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return tuple(ordered[:NAMED])
