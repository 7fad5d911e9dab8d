"""Natural variation: what the reference's own time blocks do to each other, beyond what chance makes of their rows."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from keepfit.clock import Window
from keepfit.monitoring.norm_column import NormColumn, Variation, once
from keepfit.monitoring.phase import Phase, phases
from keepfit.monitoring.reference import LEAST_BLOCK_ROWS
from keepfit.stats.intervals import normal_cdf
from keepfit.stats.numeric_cells import Floats
from keepfit.stats.numeric_profile import Counts
from keepfit.stats.profile import NumericProfile
from keepfit.stats.two_sample import LEAST_EXPECTED, total_variation_noise

#: Blocks that a phase must have to be a norm of its own, and that there must be to tell variation at all.
LEAST_BLOCKS: Final = 3
#: The most spreads that natural variation is taken to reach, however few blocks it was learned from.
MOST_SPREADS: Final = 6.0
#: A norm of the window's own phase is taken when it varies by less than this share of the variation of all blocks.
QUIETER: Final = 0.8
#: Variation of the blocks that chance makes more often than this is chance.
DOUBTED: Final = 0.05
#: Edges whose sampling variance is at least this part of the largest are looked at: from the 5th to the 95th percentile.
_BODY: Final = 0.19
#: Cells that are averaged over count as so many that are independent.
_INDEPENDENT: Final = 4
#: Edges that are looked at count as so many that are independent.
_EDGES: Final = 40

#: From counts of blocks, shape (blocks, cells), and their groups to (largest deviation, spread of the deviations, variance of
#: the shares as a multiple of that of independent rows).
Spread = Callable[[Counts, Sequence[Counts]], tuple[float, float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """What a window is held against.

    Attributes:
        counts: the reference's rows in each cell, shape (cells,).
        n: their sum.
        natural: how far windows of the reference lie from each other, at most, without anything having changed; 0
            when there are too few to tell.
        blocks: how many windows that was learned from.
        phase: what the windows that `counts` sums have in common with the window; None for all of them.
        excess, rows: see `Variation`.
    """

    counts: Counts
    n: int
    natural: float
    blocks: int
    phase: Phase | None = None
    excess: float = 0.0
    rows: float = 1.0

    def design(self, n: int) -> float:
        """How many times the variance of independent rows the shares of a window of `n` rows have against these.

        What days do by themselves does not shrink with the rows of a window, as chance does.
        """
        return 1.0 + self.excess * (n * self.n / (n + self.n)) / self.rows if n and self.n else 1.0


def norm_of(column: NormColumn, *, at: Window | None, level: float) -> Norm:
    """The norm of a window: all of the reference, or its windows of the same weekday and hour where these are more alike.

    Natural variation is the larger of what the blocks reached and what another block would stay within at `level`
    (Student's law with the number of blocks, at most 6 spreads).

    Args:
        column: of the reference.
        at: the window to judge; None when it is no single window of that length.
        level: the chance with which the natural variation of one healthy window may lie beyond.
    """
    whole, kept = _whole(column, level), _kept(column)
    if at is None or whole.natural == 0 or len(kept) < 2 * LEAST_BLOCKS:
        return whole
    for phase in phases(at.length):
        mine = [i for i in kept.tolist() if phase(column.windows[i]) == phase(at)]
        if len(mine) >= LEAST_BLOCKS:
            own = _variation(column, kept, phase)
            natural = _natural(own, level)
            if natural < QUIETER * whole.natural:
                counts = column.blocks[mine].sum(axis=0)
                return Norm(
                    counts=counts,
                    n=int(counts.sum()),
                    natural=natural,
                    blocks=own.blocks,
                    phase=phase,
                    excess=own.excess,
                    rows=own.rows,
                )
            break
    return whole


def _whole(column: NormColumn, level: float) -> Norm:
    """The norm of windows that are held against all of the reference; worked out once for a column and level."""
    if level not in column.norms:
        everything = _variation(column, _kept(column), None)
        column.norms[level] = Norm(
            counts=column.counts,
            n=int(column.counts.sum()),
            natural=_natural(everything, level),
            blocks=everything.blocks,
            excess=everything.excess,
            rows=everything.rows,
        )
    found: Norm = column.norms[level]
    return found


@once
def _kept(column: NormColumn) -> Counts:
    """The blocks that hold enough rows to tell anything."""
    return np.flatnonzero(column.blocks.sum(axis=1) >= LEAST_BLOCK_ROWS)


def _natural(variation: Variation, level: float) -> float:
    if variation.blocks < LEAST_BLOCKS or variation.freedom < 1:
        return 0.0
    spreads = min(MOST_SPREADS, float(special.stdtrit(variation.freedom, 1 - level / 2)))
    return min(1.0, max(variation.largest, spreads * variation.spread))


def _variation(column: NormColumn, kept: Counts, phase: Phase | None) -> Variation:
    """Worked out once for a column: a reference outlives thousands of windows."""
    if phase not in column.variations:
        groups = [kept] if phase is None else _groups(kept, column.windows, phase)
        column.variations[phase] = _worked_out(column, groups)
    return column.variations[phase]


def _worked_out(column: NormColumn, groups: Sequence[Counts]) -> Variation:
    blocks = sum(len(group) for group in groups)
    freedom = blocks - len(groups)
    if blocks < LEAST_BLOCKS or freedom < 1:
        return Variation(blocks=blocks)
    spread: Spread = gaps if isinstance(column.total, NumericProfile) else moved
    largest, deviation, ratio = spread(column.blocks, groups)
    error = math.sqrt(2 / (freedom * _INDEPENDENT))
    return Variation(
        largest=largest,
        spread=deviation,
        blocks=blocks,
        freedom=freedom,
        excess=max(0.0, ratio - 1 - error),
        rows=_rows(column.blocks, groups),
    )


def _rows(blocks: Counts, groups: Sequence[Counts]) -> float:
    n = np.concatenate([blocks[group].sum(axis=1) for group in groups])
    m = np.concatenate([blocks[group].sum() - blocks[group].sum(axis=1) for group in groups])
    return float((n * m / (n + m)).mean())


def _groups(kept: Counts, windows: Sequence[Window], phase: Phase) -> list[Counts]:
    """The kept blocks by phase; those that are alone in theirs tell nothing."""
    found: dict[object, list[int]] = {}
    for i in kept.tolist():
        found.setdefault(phase(windows[i]), []).append(i)
    return [np.array(group, np.int64) for group in found.values() if len(group) > 1]


def gaps(blocks: Counts, groups: Sequence[Counts]) -> tuple[float, float, float]:
    """Deviations of cumulative shares, as the Kolmogorov-Smirnov distance has them.

    At each edge the variance of the blocks' cumulative shares about those of their group, less that of
    sampling, F (1 - F) (1/n + 1/m): a method-of-moments estimate of a variance component (Searle, Casella and
    McCulloch 1992, section 3.6). The spread is the root of the largest; 0 when chance explains the blocks, since noise
    would otherwise pass for variation where blocks are small. Likewise the largest deviation of one block.
    """
    squares, noises = zip(*(_gaps(blocks[group]) for group in groups), strict=True)
    square, noise = np.concatenate(squares), np.concatenate(noises)
    freedom = len(square) - len(groups)
    # Beyond the edges that only a few rows of a block pass, the law of large numbers does not hold.
    body = (noise > 0) & (noise >= _BODY * noise.max(axis=1, keepdims=True))
    held = np.divide(square, noise, out=np.zeros_like(square), where=body)
    varied = float(special.gammaincc(freedom / 2, held.sum(axis=0).max(initial=0.0) / 2))
    component = float((square - noise).mean(axis=0).max(initial=0.0))
    spread = math.sqrt(max(0.0, component)) if varied * _EDGES < DOUBTED else 0.0
    ratio = float(held[body].mean()) if body.any() else 1.0
    return _largest_gap(square, noise), spread, ratio


def _largest_gap(square: Floats, noise: Floats) -> float:
    """The largest gap of a block, less the largest that chance makes of so many; 0 when that explains it."""
    # Kolmogorov's law, first term: the gap of the worst of k blocks stays below this half of the times.
    chance = 2 * math.log(2 * len(square) / math.log(2)) * noise.max(axis=1)
    worst = square.max(axis=1)
    surprising = 2 * np.exp(-2 * worst / np.maximum(4 * noise.max(axis=1), 1e-300)) * len(square) < DOUBTED
    return math.sqrt(max(0.0, float((worst - chance)[surprising].max(initial=0.0))))


def _gaps(blocks: Counts) -> tuple[Floats, Floats]:
    """Squared gap of each block to the rest of its group at each edge, and what chance makes of it on the average."""
    k = len(blocks)
    until = blocks.cumsum(axis=1).astype(np.float64)
    total = until.sum(axis=0)
    rest = total - until
    n, m = until[:, -1:], rest[:, -1:]
    share = total / total[-1]
    noise = share * (1 - share) * (1 / n + 1 / m)
    # A block lies from the mean of the others by its own deviation and theirs.
    own = (k - 1) / k
    return (until / n - rest / m) ** 2 * own, noise * own


def moved(blocks: Counts, groups: Sequence[Counts]) -> tuple[float, float, float]:
    """Deviations of total variation: the share of a block's rows in other categories than in the rest of its group.

    Less the mean and the variance that chance makes (see `total_variation_noise`); nothing when chance explains it all.
    """
    excess, variances, squares, freedoms = [], [], 0.0, 0.0
    for group in groups:
        some = blocks[group].astype(np.float64)
        rest = some.sum(axis=0) - some
        n, m = some.sum(axis=1), rest.sum(axis=1)
        distance = np.abs(some / n[:, None] - rest / m[:, None]).sum(axis=1) / 2
        mean, deviation = total_variation_noise(blocks[group].sum(axis=0), n, m)
        excess.append(distance - mean)
        variances.append(deviation**2)
        square, freedom = _chi_squares(some, rest)
        squares, freedoms = squares + square, freedoms + freedom
    found, variance = np.concatenate(excess), np.concatenate(variances)
    middle = float(found.mean())
    noise = float(variance.mean())
    ratio = squares / freedoms if freedoms else 1.0
    freedom = found.size - 1
    further = middle / math.sqrt(noise / found.size) if noise else 0.0
    uneven = float(special.gammaincc(freedom / 2, freedom * found.var(ddof=1) / noise / 2)) if noise else 1.0
    if min(uneven, 1 - normal_cdf(further)) * 2 >= DOUBTED:
        return 0.0, 0.0, ratio
    spread = math.sqrt(max(0.0, float(found.var(ddof=1)) - noise))
    return max(0.0, float(found.max())), spread + max(0.0, middle) / 2, ratio


def _chi_squares(blocks: Floats, rest: Floats) -> tuple[float, float]:
    """The chi-square of each block against the rest of its group, summed, and the degrees of freedom.

    Cells that let expect fewer than five rows of a block are left out.
    """
    n, m = blocks.sum(axis=1, keepdims=True), rest.sum(axis=1, keepdims=True)
    shares = (blocks + rest) / (n + m)
    told = shares * np.minimum(n, m) >= LEAST_EXPECTED
    gap = (blocks / n - rest / m) ** 2
    square = np.divide(gap, shares * (1 / n + 1 / m), out=np.zeros_like(gap), where=told)
    return float(square.sum()), float(((1 - shares) * told).sum())


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
    a window is then nothing new. A single block tells nothing: 0.

    Args:
        blocks: rows in each cell, shape (blocks, cells).
        rows: all rows of each block, shape (blocks,).

    >>> largest_novelty(np.array([[100, 0], [0, 100]]), np.array([100, 100]))
    1.0
    """
    if len(blocks) < 2:
        return 0.0
    alone = np.where(blocks == blocks.sum(axis=0), blocks, 0)
    return largest_share(alone.max(axis=1, initial=0), rows)
