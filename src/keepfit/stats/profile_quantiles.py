"""Quantiles of many numbers at once: of forty columns one by one, most of the time would go into Python."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from keepfit.stats.numeric_cells import Floats, NumericCells
from keepfit.stats.numeric_profile import Counts, NumericProfile


class CellEnds(NamedTuple):
    """Where the cells of k columns begin and end, both of shape (k, cells); infinite at the outside, and in cells that fill up."""

    begins: Floats
    ends: Floats


def cell_ends(cells: Sequence[NumericCells]) -> CellEnds:
    """Of columns with different numbers of cells, side by side."""
    shape = len(cells), max((one.size for one in cells), default=0)
    begins, ends = np.full(shape, np.inf), np.full(shape, np.inf)
    for begin, end, one in zip(begins, ends, cells, strict=True):
        begin[0], begin[1 : one.size], end[: one.size - 1] = -np.inf, one.edges, one.edges
    return CellEnds(begins, ends)


def extremes(profiles: Sequence[NumericProfile]) -> tuple[Floats, Floats]:
    """The smallest and the largest value of each of k columns, both of shape (k,); NaN where there is none."""
    low = np.array([one.minimum for one in profiles], np.float64)
    return low, np.array([one.maximum for one in profiles], np.float64)


def quantiles(
    counts: Counts, cells: CellEnds, low: Floats, high: Floats, probabilities: Sequence[float]
) -> Floats:
    """What `NumericProfile.quantiles` gives for each of k columns, shape (k, probabilities); NaN for one without values.

    Args:
        counts: values in each cell, shape (k, cells), padded with zeros.
        cells: where these lie.
        low, high: the smallest and the largest value of each column, shape (k,); NaN where there is none.
        probabilities: under 1.

    >>> cells = NumericCells.of(np.arange(9.0))
    >>> counts = np.bincount([cells.cell_of(x) for x in range(9)], minlength=cells.size)
    >>> quantiles(counts[None], cell_ends([cells]), np.array([0.0]), np.array([8.0]), [0.5]).round(9).tolist()
    [[4.0]]
    """
    k, size = counts.shape
    until = np.zeros((k, size + 1), np.int64)
    np.cumsum(counts, axis=1, out=until[:, 1:])
    ranks = until[:, -1:] * np.asarray(probabilities)
    # One search for all: values in whole numbers, each column's beyond those of the columns before.
    rows = np.arange(k)[:, None]
    beyond = rows * (int(until[:, -1].max(initial=0)) + 1)
    places = np.searchsorted(
        (until[:, 1:] + beyond).ravel(), (np.floor(ranks).astype(np.int64) + beyond).ravel(), "right"
    )
    cell = np.minimum(places.reshape(ranks.shape) - rows * size, size - 1)
    minima, maxima = low[:, None], high[:, None]
    begin = np.minimum(np.maximum(cells.begins[rows, cell], minima), maxima)
    end = np.maximum(np.minimum(cells.ends[rows, cell], maxima), minima)
    inside = until[rows, cell + 1] - until[rows, cell]
    share = np.divide(ranks - until[rows, cell], inside, out=np.ones(ranks.shape), where=inside > 0)
    found: Floats = np.where(end <= np.nextafter(begin, np.inf), begin, begin + share * (end - begin))
    return found
