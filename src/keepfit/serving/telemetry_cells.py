"""Histograms as plain lists of whole numbers: cheap to add to, exact to add up."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

K = TypeVar("K")

#: One count a bucket, one for what lies above the last edge, and the sum of all values.
Cells = tuple[int, ...]

#: Upper edges of the buckets of every duration, in nanoseconds: 1, 2.5 and 5 of each decade from 10 µs to 10 s, then minutes.
TIME_EDGES_NS: Final[tuple[int, ...]] = (
    *(step * 10**power for power in range(3, 9) for step in (10, 25, 50)),
    10_000_000_000,
    30_000_000_000,
    60_000_000_000,
)
#: Upper edges of the buckets of the rows of a batch: powers of two.
ROW_EDGES: Final[tuple[int, ...]] = tuple(2**power for power in range(17))


def empty_cells(edges: Sequence[int]) -> list[int]:
    """A histogram that nothing was put in, as the hot path keeps it.

    >>> empty_cells([10, 20])
    [0, 0, 0, 0]
    """
    return [0] * (len(edges) + 2)


def put(cells: list[int], edges: Sequence[int], value: int) -> None:
    """Count a value into the first bucket whose upper edge it does not exceed.

    >>> cells = empty_cells([10, 20])
    >>> for value in (10, 11, 500): put(cells, [10, 20], value)
    >>> cells
    [1, 1, 1, 521]
    """
    cells[bisect_left(edges, value)] += 1
    cells[-1] += value


@dataclass(frozen=True, slots=True)
class Distribution:
    """A histogram to be read: how many values were at most each edge, how many there were, and their sum."""

    at_most: tuple[tuple[int, int], ...]
    count: int
    total: int


def distribution(cells: Cells, edges: Sequence[int]) -> Distribution:
    """Cells as cumulated counts.

    >>> distribution((1, 1, 1, 521), [10, 20])
    Distribution(at_most=((10, 1), (20, 2)), count=3, total=521)
    """
    running, at_most = 0, []
    for edge, count in zip(edges, cells[:-2], strict=True):
        running += count
        at_most.append((edge, running))
    return Distribution(at_most=tuple(at_most), count=running + cells[-2], total=cells[-1])


def added(one: Cells, other: Cells) -> Cells:
    """The histogram of the values of both.

    >>> added((1, 0, 0, 7), (0, 0, 2, 90))
    (1, 0, 2, 97)
    """
    return tuple(left + right for left, right in zip(one, other, strict=True))


def merged(one: Mapping[K, Cells], other: Mapping[K, Cells]) -> dict[K, Cells]:
    """Both, with the histograms of a key that both have added.

    >>> merged({"a": (1, 2), "b": (3, 4)}, {"b": (1, 1)})
    {'a': (1, 2), 'b': (4, 5)}
    """
    return {**one, **{key: added(one[key], cells) if key in one else cells for key, cells in other.items()}}
