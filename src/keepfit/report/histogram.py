"""Two numeric profiles as one picture: bins of about the same width, cut at the reference's own cells."""

from typing import Final

import numpy as np

from keepfit.report.file_report import CountPair, Histogram, Single
from keepfit.stats.numeric_cells import Floats
from keepfit.stats.numeric_kernel import edges_of
from keepfit.stats.numeric_profile import Counts, NumericProfile

#: Bins that are aimed at.
BINS: Final = 48
#: The picture spans the values between these quantiles of either side: an outlier must not flatten the rest.
REACH: Final = (0.005, 0.995)
#: A value that more than this share of either side holds gets a bar of its own.
BOLD: Final = 0.05
#: When values with bars of their own are this share of both sides, all that repeat get one.
DISCRETE: Final = 0.8
#: Bars of single values that can be read.
MOST_SINGLES: Final = 24
#: Positive values whose median lies this far left in the picture are drawn on a logarithmic scale.
SKEWED: Final = 0.1


def histogram(reference: NumericProfile, current: NumericProfile) -> Histogram:
    """The histogram of two profiles in the same cells.

    Every bin is a union of cells, so that its counts are exact. Bins are nearly as wide as each other in the body, and
    as wide as a cell is in the tails.
    """
    if not reference.n + current.n:
        return Histogram(scale="linear")
    single, bins = _singles(reference, current), edges_of(reference.cells)
    low, high = _span(reference, current)
    scale = _scale(reference if reference.n else current, low, high)
    edges = _edges(bins, low, high, scale)
    rest = [_without(profile, single) for profile in (reference, current)]
    counts = [_counted(one, bins, edges) for one in rest]
    if not any(one[1:-1].any() for one in counts):
        # All that there is to see has a bar of its own.
        edges = np.array([])
        counts = [_counted(one, bins, edges) for one in rest]
    return Histogram(
        scale=scale,
        edges=tuple(edges.tolist()),
        reference=tuple(counts[0][1:-1].tolist()),
        current=tuple(counts[1][1:-1].tolist()),
        below=CountPair(reference=int(counts[0][0]), current=int(counts[1][0])),
        above=CountPair(reference=int(counts[0][-1]), current=int(counts[1][-1])),
        singles=tuple(single.values()),
    )


def densities(histogram: Histogram, side: str) -> Floats:
    """The heights of one side's bars, shape (bins,): the share of its values in each bin over the bin's width.

    Args:
        histogram: of both sides.
        side: `reference` or `current`.

    >>> two = Histogram(scale="linear", edges=(0.0, 1.0, 3.0), reference=(1, 1), current=(0, 0))
    >>> densities(two, "reference").tolist()
    [0.5, 0.25]
    """
    counts = np.array(getattr(histogram, side), np.float64)
    edges = np.array(histogram.edges)
    widths = np.diff(np.log10(edges) if histogram.scale == "log" else edges)
    total = values_of(histogram, side)
    return counts / (widths * total) if total else np.zeros(counts.size)


def values_of(histogram: Histogram, side: str) -> int:
    """All values of one side, those outside the picture included."""
    outside = getattr(histogram.below, side) + getattr(histogram.above, side)
    return int(sum(getattr(histogram, side)) + outside + sum(getattr(one, side) for one in histogram.singles))


def _singles(reference: NumericProfile, current: NumericProfile) -> dict[int, Single]:
    """Values with a bar of their own, by the number of their cell, ascending."""
    cells = {reference.cells.cell_of(value): value for value in reference.cells.atoms}
    found = {
        cell: Single(value=value, reference=int(reference.counts[cell]), current=int(current.counts[cell]))
        for cell, value in cells.items()
    }
    n, m = reference.n, current.n
    in_atoms = [sum(getattr(one, side) for one in found.values()) for side in ("reference", "current")]
    alike = in_atoms[0] >= DISCRETE * n and in_atoms[1] >= DISCRETE * m
    if alike and len(found) <= MOST_SINGLES:
        return found
    return {cell: one for cell, one in found.items() if one.reference > BOLD * n or one.current > BOLD * m}


def _without(profile: NumericProfile, single: dict[int, Single]) -> Counts:
    rest = profile.counts.copy()
    rest[list(single)] = 0
    return rest


def _span(reference: NumericProfile, current: NumericProfile) -> tuple[float, float]:
    sides = [side for side in (reference, current) if side.summed]
    if not sides:
        return 0.0, 0.0
    ends = [side.quantiles(REACH) for side in sides]
    return min(low for low, _ in ends), max(high for _, high in ends)


def _scale(profile: NumericProfile, low: float, high: float) -> str:
    skewed = low > 0 and not profile.cells.temporal and profile.quantile(0.5) - low < SKEWED * (high - low)
    return "log" if skewed else "linear"


def _edges(cells: Floats, low: float, high: float, scale: str) -> Floats:
    """The cells' edges nearest to an even grid; none when there are fewer than two."""
    usable = cells[cells > 0] if scale == "log" else cells
    if usable.size < 2:
        return np.array([])
    grid = np.geomspace(low, high, BINS + 1) if scale == "log" else np.linspace(low, high, BINS + 1)
    after = np.clip(np.searchsorted(usable, grid), 1, usable.size - 1)
    nearer = np.where(grid - usable[after - 1] < usable[after] - grid, after - 1, after)
    chosen = np.unique(usable[nearer])
    # A cell as wide as the next float is an atom: no bin of a picture.
    wide = np.diff(chosen, append=np.inf) > (high - low) * 1e-9
    edges: Floats = chosen[wide]
    return edges if edges.size > 1 else np.array([])


def _counted(counts: Counts, cells: Floats, edges: Floats) -> Counts:
    """Rows below the edges, in each bin, and above, shape (bins + 2,); all of them above when there is no edge."""
    if not edges.size:
        return np.array([0, counts.sum()])
    first = np.searchsorted(cells, edges) + 1
    until = np.concatenate([[0], np.cumsum(counts)])
    marks = np.concatenate([[0], until[first], [until[-1]]])
    found: Counts = np.diff(marks)
    return found
