"""Natural variation: what the reference's own time blocks do to each other."""

import numpy as np

from keepfit.monitoring.reference import LEAST_BLOCK_ROWS
from keepfit.stats.distances import LEAST_SHARE, psi, shares
from keepfit.stats.numeric_cells import Floats
from keepfit.stats.numeric_profile import Counts


def sized(blocks: Counts) -> Counts:
    """The blocks with at least 50 rows, shape (kept, cells): smaller ones say nothing about shares."""
    kept: Counts = blocks[blocks.sum(axis=1) >= LEAST_BLOCK_ROWS]
    return kept


def largest_share(hits: Counts, rows: Counts) -> float:
    """The largest share of `hits` among `rows` in any block of at least 50 rows; both of shape (blocks,); 0 without one.

    >>> largest_share(np.array([1, 9, 5]), np.array([100, 100, 5]))
    0.09
    """
    enough = rows >= LEAST_BLOCK_ROWS
    return float((hits[enough] / rows[enough]).max(initial=0.0))


def largest_novelty(blocks: Counts, rows: Counts) -> float:
    """The largest share of a block's rows that lay in one cell where no other block had any.

    Near 1 where every block brings a value of its own, as the day of the month does in daily blocks: a new value in
    a window is then nothing new.

    Args:
        blocks: rows in each cell, shape (blocks, cells).
        rows: all rows of each block, shape (blocks,).

    >>> largest_novelty(np.array([[100, 0], [0, 100]]), np.array([100, 100]))
    1.0
    """
    alone = np.where(blocks == blocks.sum(axis=0), blocks, 0)
    return largest_share(alone.max(axis=1, initial=0), rows)


def largest_psi(blocks: Counts) -> float:
    """The largest stability index of a block against all other blocks, less what its own few rows make of it.

    Args:
        blocks: rows in each coarse cell, shape (blocks, cells).
    """
    total = blocks.sum(axis=0)
    kept = sized(blocks)
    kept = kept[kept.sum(axis=1) < total.sum()]
    if not len(kept):
        return 0.0
    rest = total - kept
    excess = psi(rest, kept) - expected_psi(total, kept.sum(axis=1), rest.sum(axis=1))
    return max(0.0, float(excess.max()))


def expected_psi(total: Counts, n: Counts, m: Counts) -> Floats:
    """The mean stability index of two samples of `n` and `m` rows from the shares of `total`.

    Σ (1 - π)(1/n + 1/m) over the cells that hold at least a thousandth: (cells - 1)(1/n + 1/m) when all do
    (Yurdakul and Naranjo 2020, Journal of Risk Model Validation 14(4)).

    >>> float(expected_psi(np.array([50, 50]), np.array([100]), np.array([100]))[0])
    0.02
    """
    held = shares(total)
    found: Floats = (1 - held[held >= LEAST_SHARE]).sum() * (1 / n + 1 / m)
    return found
