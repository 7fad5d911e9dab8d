"""The cells that a category is counted in, made once from the values of the reference."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import polars as pl

from keepfit.stats.category_counts import CategoryCounts, count_categories

#: A value as Polars gives it.
Category = str | int

#: Values of the reference that are counted one by one.
TOP: Final = 200
#: Of these, the values with a coarse cell of their own.
COARSE_TOP: Final = 20
#: Rarer values of the reference that are listed, so that they are not taken for new ones.
LISTED: Final = 20_000

_TRUTH: Final = {"true": 1, "false": 0}
#: Floats beyond these are not told from their neighbours: they are no names of anything.
_EXACT: Final = 2.0**53


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
        boolean: the values are truth values, kept as 1 and 0.
    """

    values: tuple[Category, ...]
    tail: tuple[Category, ...] = ()
    complete: bool = True
    singletons: int = 0
    boolean: bool = False

    @classmethod
    def of(cls, series: pl.Series) -> "CategoricalCells":
        """The cells of a reference's column.

        >>> CategoricalCells.of(pl.Series(["a", "b", "b", None])).values
        ('b', 'a')
        """
        return cls.of_counted(count_categories(series))

    @classmethod
    def of_counted(cls, found: CategoryCounts) -> "CategoricalCells":
        """The cells of a reference's column of which the values were counted."""
        names = _named(found.values)
        return cls.of_counts(
            dict(zip(names, found.rows.tolist(), strict=True)), boolean=found.values.dtype == pl.Boolean
        )

    @classmethod
    def of_counts(
        cls, counts: Mapping[Category, int], *, complete: bool = True, boolean: bool = False
    ) -> "CategoricalCells":
        """The cells of a reference whose values were counted elsewhere: part by part, or in a database.

        Args:
            counts: each value, all texts or all integers, and the rows that hold it; at least one.
            complete: whether these are all the values of the reference.
            boolean: 1 and 0 stand for true and false.

        >>> CategoricalCells.of_counts({"a": 2, "b": 5}).values
        ('b', 'a')
        """
        ordered = [value for value, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
        return cls(
            values=tuple(ordered[:TOP]),
            tail=tuple(sorted(ordered[TOP : TOP + LISTED])),
            complete=complete and len(ordered) <= TOP + LISTED,
            singletons=sum(count == 1 for count in counts.values()),
            boolean=boolean,
        )

    def written(self, value: Category) -> str:
        """`value` as people read it.

        >>> CategoricalCells.of(pl.Series([True])).written(1)
        'true'
        """
        return str(bool(value)).lower() if self.boolean and value in {0, 1} else str(value)

    def places(self, values: pl.Series) -> tuple[list[Category], list[int]]:
        """Different values of a column as these cells spell them, and the cell of each.

        A value is known by what it says, not by how it is stored: 1, 1.0 and the text 1 are one value, and so are a truth
        value and its word. Cell i is `values[i]`; then come one for the tail, and one for what is not listed.

        Args:
            values: see `keepfit.stats.category_counts.CategoryCounts`.
        """
        known = _known(self)
        names = _plain(values, self)
        beyond = len(self.values) + 1
        places = [known.get(name, beyond) for name in names]
        for i in [i for i, place in enumerate(places) if place == beyond]:
            names[i] = _spelt(names[i], self, known)
            places[i] = known.get(names[i], beyond)
        return names, places

    @property
    def whole(self) -> bool:
        """Whether the reference held integers only, or truth values."""
        return bool(self.values) and isinstance(self.values[0], int)


@lru_cache(maxsize=512)
def _known(cells: CategoricalCells) -> dict[Category, int]:
    """The cell of each listed value."""
    tail = dict.fromkeys(cells.tail, len(cells.values))
    return tail | {value: place for place, value in enumerate(cells.values)}


def _named(values: pl.Series) -> list[Category]:
    """Values of the reference: floats as integers when all of them are whole."""
    if values.dtype.is_float():
        return _integers(values) if _all_whole(values) else values.cast(pl.String).to_list()
    return (values.cast(pl.UInt8) if values.dtype == pl.Boolean else values).to_list()


def _all_whole(values: pl.Series) -> bool:
    return bool(((values == values.floor()) & (values.abs() <= _EXACT)).all())


def _integers(values: pl.Series) -> list[Category]:
    return values.cast(pl.Int64).to_list()


def _plain(values: pl.Series, cells: CategoricalCells) -> list[Category]:
    """Values of a window: floats as integers, each by itself, where the reference held no text."""
    text = bool(cells.values) and not cells.whole
    if values.dtype == pl.Boolean:
        return [str(one).lower() if text else int(one) for one in values.to_list()]
    if not values.dtype.is_float():
        return values.to_list()
    if text:
        return values.cast(pl.String).to_list()
    if _all_whole(values):
        return _integers(values)
    texts = values.cast(pl.String).to_list()
    pairs = zip(values.to_list(), texts, strict=True)
    return [int(one) if abs(one) <= _EXACT and one == int(one) else name for one, name in pairs]


def _spelt(name: Category, cells: CategoricalCells, known: Mapping[Category, int]) -> Category:
    """A value as the reference would have it, if it has it in another spelling."""
    if not known:
        return name
    if isinstance(name, int):
        return str(name) if not cells.whole else name
    if cells.boolean and name.strip().lower() in _TRUTH:
        return _TRUTH[name.strip().lower()]
    if cells.whole:
        return _integer(name)
    return name.removesuffix(".0") if name.removesuffix(".0") in known else name


def _integer(text: str) -> Category:
    """The integer that a text spells in the usual way; otherwise the text: 007 is no 7."""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and str(int(text)) == text else text
