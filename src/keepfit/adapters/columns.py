"""Columns of values: what a form of them is, and what is kept apart from them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any

#: Columns of one type, and how many values each of them holds.
Columns = Sequence[Any]
Counts = Sequence[int]


@dataclass(slots=True)
class Apart:
    """Values of some types that are kept apart, each once: in a column stands their place in `values`.

    Attributes:
        kinds: the dataclasses, hashable, whose values are kept apart.
        values: these values; added to when columns are made.
        forms: types, as they are declared, that travel in a form of their own where it gives one: its methods give None
            for what is to travel like every other of its kind.
    """

    kinds: frozenset[type] = frozenset()
    values: list[Any] = field(default_factory=list)
    forms: Mapping[Any, "OwnForm"] = field(default_factory=dict)
    _places: dict[Any, int] = field(default_factory=dict)

    def place(self, value: Any) -> int:
        """Where a value stands; it is added when it is new."""
        place = self._places.setdefault(value, len(self.values))
        if place == len(self.values):
            self.values.append(value)
        return place


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnForm:
    """How a column of values of one type travels.

    Attributes:
        encode: values → the column, as MessagePack has it. Raises TypeError for a value of another type.
        decode_all: columns, and how many values each of them holds → the values of all, end to end. Raises ValueError,
            TypeError, KeyError, IndexError or msgspec's ValidationError.
    """

    encode: Callable[[Sequence[Any], Apart], Any]
    decode_all: Callable[[Columns, Counts, Apart], Sequence[Any]]

    def decode(self, column: Any, count: int, apart: Apart) -> Sequence[Any]:
        """The values of one column. Raises like `decode_all`."""
        return self.decode_all([column], [count], apart)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnForm:
    """What `ColumnForm` is, for some of the values of a type: both give None for the others."""

    encode: Callable[[Sequence[Any], Apart], Any]
    decode_all: Callable[[Columns, Counts, Apart], Sequence[Any] | None]


def end_to_end(lists: Columns, counts: Counts) -> list[Any]:
    """The items of lists that must be as long as they are said to be: else what is one's would be taken for another's."""
    found: list[Any] = []
    for items, count in zip(lists, counts, strict=True):
        if len(items) != count:
            raise ValueError(f"{len(items)} values where {count} were stored")
        found += items
    return found


def ends_of(lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Where each of some parts, laid end to end, begins and ends."""
    return list(pairwise(accumulate(lengths, initial=0)))
