"""Where is the model worst? A search over every slice that coarse cells make, with honest odds for so many looks."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from keepfit.evaluation.cell_losses import CellLosses
from keepfit.evaluation.cell_slices import Floats, Slice, Slices, Sums, inside, outside, searched
from keepfit.evaluation.evidence import display
from keepfit.evaluation.explanation import told
from keepfit.evaluation.loss_sums import LossSums
from keepfit.stats.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstSlice:
    """A slice whose mean loss is surely above that of the other rows.

    Losses are in the metric's unit, squared for `rmse`, as sums of losses are.

    Attributes:
        feature: the feature that tells its rows.
        first, last: its coarse cells.
        label: the slice in words: `miles under 2`.
        n: labelled rows in it.
        share: of all labelled rows.
        mean: their mean loss.
        rest: the mean loss of all other rows.
        interval: of `mean`; holds for all slices that were searched at once.
        expected: the mean loss of the slice in the reference; that of all its rows when the slice is not
            known there, NaN when nothing is.
        p: adjusted for every slice that was searched (Holm).
        says: one sentence.
    """

    feature: str
    first: int
    last: int
    label: str
    n: int
    share: float
    mean: float
    rest: float
    interval: Interval
    expected: float
    p: float
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """The slices that were looked at, and what came of it; arrays of shape (slices,).

    Attributes:
        within, others: the losses inside and outside of each.
        surely: the lower end of the gap between their means, for all slices at once.
        reach: half the width of the interval of the mean loss inside, likewise.
        p: adjusted.
    """

    slices: Slices
    within: Sums
    others: Sums
    surely: Floats
    reach: Floats
    p: Floats


def worst_slices(
    now: CellLosses,
    expected: CellLosses | LossSums,
    *,
    k: int = 5,
    min_rows: int = 50,
    confidence: float = 0.95,
    by: float = 0.1,
    metric: str = "loss",
) -> tuple[WorstSlice, ...]:
    """The slices whose loss is worst against the rest of the rows, the worst first; none when no slice surely is.

    Every run of adjacent coarse cells of a number (half-lines and intervals between deciles), every category and the
    nulls of every feature are held against all other rows, one-sided, by Welch's test of two means (Welch 1947,
    Biometrika 34, 28-35). So many tests share one error rate by Holm's procedure (Holm 1979, Scand. J. Statist. 6,
    65-70), which needs no assumption on how they hang together: of 100 searches of a model that is alike everywhere, at
    most 5 name a slice. Benjamini and Hochberg's would let a twentieth of the named slices be wrong, and one true
    cause shows in dozens of slices that overlap. Slices are ranked by the lower end of how much they are worse, which
    all slices hold at once at this confidence: surely worse, before perhaps much worse. A slice that shares cells
    with a better one of its feature is not repeated. Losses that vary less inside than outside are taken to vary as much:
    thirty errors among thirty rows are no proof that there is nothing else.

    Args:
        now: the losses of a window, or of several.
        expected: those of the reference, by cell or altogether: told beside, never tested.
        k: how many slices at most.
        min_rows: a slice with fewer labelled rows, or that leaves fewer, is not looked at.
        confidence: of the whole search.
        by: the least by which a slice must be worse than the rest, relatively, in the metric's own unit.
        metric: its name; `rmse` is told as a root.

    >>> from keepfit.stats.profile import CategoricalCells
    >>> import polars as pl
    >>> zones, losses = pl.Series(["JFK", "Soho"] * 500), np.tile([3.0, 1.0], 500) + np.arange(1000) % 7 / 10
    >>> found = CellLosses.of({"zone": CategoricalCells(values=("JFK", "Soho"))}, {"zone": zones}, losses)
    >>> worst_slices(found, LossSums(), metric="mae")[0].says
    "mae is 3.30 for zone 'JFK' (50.0 % of 1,000 rows; 3.28 to 3.32) and 1.30 elsewhere"
    """
    whole = now.whole
    if not (whole.n and math.isfinite(whole.squares)):
        return ()
    search = _search(now, min_rows, confidence)
    clear = (search.p <= 1 - confidence) & _worse(search, by, metric)
    chosen = _distinct(search, np.flatnonzero(clear), k)
    return tuple(_described(search, index, whole, expected, metric) for index in chosen)


def _search(now: CellLosses, min_rows: int, confidence: float) -> _Search:
    slices = searched(now)
    within = inside(slices, now)
    least = max(2, min_rows)
    slices = slices.kept((within.n >= least) & (now.whole.n - within.n >= least))
    within = inside(slices, now)
    others = outside(now.whole, within)
    # The smaller side can look alike by chance, above all where losses are skewed: it is given the scatter of the larger.
    scatter = np.maximum(within.variance, others.variance)
    own, other = scatter / within.n, scatter / others.n
    error = np.sqrt(own + other)
    degrees = _degrees(own, within.n, other, others.n)
    gap = within.mean - others.mean
    spread: Floats = np.sqrt(own)
    level = (1 - confidence) / max(1, len(slices))
    return _Search(
        slices=slices,
        within=within,
        others=others,
        surely=gap + special.stdtrit(degrees, level) * error,
        reach=-special.stdtrit(within.n - 1, level / 2) * spread,
        p=_adjusted(_chances(gap, error, degrees)),
    )


def _degrees(own: Floats, n: Floats, other: Floats, m: Floats) -> Floats:
    """Welch and Satterthwaite's degrees of freedom, from the squared errors of two means."""
    scatter = own**2 / (n - 1) + other**2 / (m - 1)
    found: Floats = np.divide((own + other) ** 2, scatter, out=n + m - 2, where=scatter > 0)
    return found


def _chances(gap: Floats, error: Floats, degrees: Floats) -> Floats:
    """One-sided p-values; without any scatter, 0 or 1."""
    ratio = np.divide(gap, error, out=np.where(gap > 0, np.inf, 0.0), where=error > 0)
    found: Floats = special.stdtr(degrees, -ratio)
    return found


def _adjusted(p: Floats) -> Floats:
    """Holm's adjustment: the i-th smallest of m p-values times m + 1 - i, and no smaller than the one before it."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    found = np.empty(p.size)
    found[order] = np.minimum(1.0, stepped)
    return found


def _worse(search: _Search, by: float, metric: str) -> NDArray[np.bool_]:
    """Whether the gap is one that matters, in the unit that people read."""
    pairs = zip(search.within.mean.tolist(), search.others.mean.tolist(), strict=True)
    shown = np.array([[display(metric, mean), display(metric, rest)] for mean, rest in pairs]).reshape(-1, 2)
    found: NDArray[np.bool_] = shown[:, 0] - shown[:, 1] >= by * np.abs(shown[:, 1])
    return found


def _distinct(search: _Search, clear: NDArray[np.intp], k: int) -> list[int]:
    """The best k of those that are clear, none of which shares cells with a better one."""
    chosen: dict[int, Slice] = {}
    for index in clear[np.argsort(-search.surely[clear], kind="stable")].tolist():
        one = search.slices[index]
        if not any(one.overlaps(better) for better in chosen.values()):
            chosen[index] = one
        if len(chosen) >= k:
            break
    return list(chosen)


def _described(
    search: _Search, index: int, whole: LossSums, expected: CellLosses | LossSums, metric: str
) -> WorstSlice:
    one = search.slices[index]
    n, mean, rest = (
        int(search.within.n[index]),
        float(search.within.mean[index]),
        float(search.others.mean[index]),
    )
    interval = Interval(mean - float(search.reach[index]), mean + float(search.reach[index]))
    known, where = _expected(one, expected)
    low, high, inner, outer, norm = (told(metric, value) for value in (*interval, mean, rest, known))
    was = f"; it was {norm} {where}" if math.isfinite(known) else ""
    return WorstSlice(
        feature=one.feature,
        first=one.first,
        last=one.last,
        label=one.label,
        n=n,
        share=n / whole.n,
        mean=mean,
        rest=rest,
        interval=interval,
        expected=known,
        p=float(search.p[index]),
        says=f"{metric} is {inner} for {one.label} ({n / whole.n:.1%} of {whole.n:,} rows; {low} to {high}) and "
        f"{outer} elsewhere{was}".replace("%", " %"),
    )


def _expected(one: Slice, expected: CellLosses | LossSums) -> tuple[float, str]:
    """The mean loss in the reference, and of which rows."""
    if isinstance(expected, LossSums):
        return expected.mean, "on all rows of the reference"
    cells = expected.features.get(one.feature)
    n = int(cells.counts[one.first : one.last + 1].sum()) if cells else 0
    if cells is None or not n:
        return expected.whole.mean, "on all rows of the reference"
    return float(cells.totals[one.first : one.last + 1].sum()) / n, "there in the reference"
