"""What a report on two files must hold, worked out from their rows alone: cells, laws of chance, natural variation.

Nothing here is imported from the package: cells, statistics and floors are those that its documentation describes.
"""

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats


@dataclass
class Column:
    """One column in both files: its values, and their rows in the reference's cells.

    Numbers have `edges`, `atoms` and the places of the `coarse` cells; categories have `names`, most frequent first.
    """

    name: str
    values: tuple
    rows: tuple
    number: bool
    temporal: bool
    block_of: np.ndarray
    edges: np.ndarray = None
    atoms: np.ndarray = None
    coarse_edges: np.ndarray = None
    names: list = None

    def __post_init__(self):
        present = [~np.isnan(v) if self.number else np.array([x is not None for x in v]) for v in self.values]
        self.whole = self.values
        self.values = tuple(v[p] for v, p in zip(self.values, present, strict=True))
        self.nulls = tuple(int((~p).sum()) for p in present)
        if self.number:
            self._numbers()
        else:
            counts = {x: int((self.values[0] == x).sum()) for x in set(self.values[0])}
            self.names = sorted(counts, key=lambda x: (-counts[x], x))
            self.singletons = sum(n == 1 for n in counts.values())
        self.old, self.new = (self.counted(v) for v in self.values)
        numbers = np.unique(self.block_of)
        self.blocks = np.array(
            [self.counted(self.values[0][self.block_of[present[0]] == b]) for b in numbers]
        )
        self.block_rows = np.array([(self.block_of == b).sum() for b in numbers])
        self.block_nulls = np.array([(~present[0][self.block_of == b]).sum() for b in numbers])

    def _numbers(self):
        """The edges that the documentation of the cells describes; these columns have no isolated extremes."""
        x = np.sort(self.values[0])
        n = x.size
        value, held = np.unique(x, return_counts=True)
        bold, self.atoms = value[held > n / 10], value[held > n / 64]
        ends = [x[0], after(x[-1])]
        self.coarse_edges = np.unique([*ends, *(x[i * n // 10] for i in range(10)), *bold, *after(bold)])
        fine = [x[i * n // 256] for i in range(256)]
        parts = [self.coarse_edges, ends, fine, self.atoms, after(self.atoms), _ladder(x), -_ladder(-x[::-1])]
        self.edges = np.unique(np.concatenate(parts))
        self.centre = x[n // 2]
        wide = next(
            (
                (t, w)
                for t, w in ((0.25, 1.349), (0.1, 2.563), (0.01, 4.653))
                if x[int((1 - t) * (n - 1))] > x[int(t * n)]
            ),
            None,
        )
        self.scale = (x[int((1 - wide[0]) * (n - 1))] - x[int(wide[0] * n)]) / wide[1] if wide else 1.0

    def counted(self, values):
        """Rows in each cell; of categories the 200 most frequent values, then all others if the reference has no others."""
        if self.number:
            return np.bincount(np.digitize(values, self.edges), minlength=self.edges.size + 1)
        top = [int((values == name).sum()) for name in self.names[:200]]
        return np.array([*top, len(values) - sum(top)] if len(self.names) <= 200 else top)

    def coarse(self, side):
        """Rows in each coarse cell, nulls left out."""
        if self.number:
            return np.bincount(
                np.digitize(self.values[side], self.coarse_edges), minlength=self.coarse_edges.size + 1
            )
        top = [int((self.values[side] == name).sum()) for name in self.names[:20]]
        unseen = int((~np.isin(self.values[side], self.names)).sum()) if len(self.values[side]) else 0
        return np.array([*top, len(self.values[side]) - sum(top) - unseen, unseen])

    def quantile(self, counts, part, low, high):
        """Linear within the cell that holds it."""
        rank = part * counts.sum()
        i = next(i for i in range(counts.size) if counts[: i + 1].sum() > rank)
        until, held = counts[:i].sum(), counts[i]
        start = np.clip(self.edges[i - 1] if i else low, low, high)
        end = np.clip(self.edges[i] if i < self.edges.size else high, low, high)
        return start if end <= after(start) else start + (rank - until) / held * (end - start)


def after(x):
    """The next float."""
    return np.nextafter(x, np.inf)


def _ladder(x):
    positive = x[x > 0]
    if positive.size * 100 < x.size or not positive.size:
        return np.array([])
    steps = 2.0 ** (np.arange(1, 41) / 4)
    return np.concatenate(
        [positive[positive.size // 100] / steps, positive[positive.size * 99 // 100] * steps]
    )


def columns_of(frames, left_out, blocks):
    """Every column that is compared, by name."""
    found = {}
    for name in frames["reference"].columns:
        if name in left_out:
            continue
        sides = [frames[side][name] for side in ("reference", "current")]
        temporal = sides[0].dtype.is_temporal()
        number = temporal or sides[0].dtype.is_numeric()
        raw = tuple(_plain(one, number, temporal) for one in sides)
        found[name] = Column(name, raw, tuple(len(one) for one in sides), number, temporal, blocks)
    return found


def _plain(series, number, temporal):
    if temporal:
        series = series.dt.epoch("us") / 1e6
    if number:
        return series.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return np.array(
        series.cast(pl.Int8).to_list() if series.dtype == pl.Boolean else series.to_list(), object
    )


# ---- chance ----------------------------------------------------------------------------------------------------------


def kolmogorov(r, w, design):
    """The largest gap of the cumulative shares, and its chance."""
    n, m = r.sum(), w.sum()
    gap = max(abs(a / n - b / m) for a, b in zip(np.cumsum(r), np.cumsum(w), strict=True))
    return gap, stats.kstwobign.sf(gap * math.sqrt(n * m / (n + m) / design))


def mann_whitney(r, w, design):
    """Two-sided, with the correction for ties."""
    n, m = r.sum(), w.sum()
    above = sum(b * (r[:i].sum() + r[i] / 2) for i, b in enumerate(w)) / (n * m)
    variance = (1 - ((r + w) ** 3 / float(n + m) ** 3).sum()) / 12 * (1 / n + 1 / m) * design
    return 2 * stats.norm.sf(abs(above - 0.5) / math.sqrt(variance)) if variance > 0 else 1.0


def chi_square(r, w, design):
    """Pearson's, cells of fewer than five expected rows counted together, by the gamma law of Haldane's moments."""
    n, m = r.sum(), w.sum()
    pairs = [(float(a), float(b)) for a, b in zip(r, w, strict=True)]
    least = 5 * (n + m) / min(n, m)
    large = [p for p in pairs if sum(p) >= least]
    rest = [sum(one) for one in zip(*[p for p in pairs if sum(p) < least], strict=True)] or [0.0, 0.0]
    if sum(rest) >= least or not large:
        large.append(tuple(rest))
    elif sum(rest):
        i = min(range(len(large)), key=lambda j: sum(large[j]))
        large[i] = (large[i][0] + rest[0], large[i][1] + rest[1])
    k = len(large)
    if k < 2:
        return 1.0
    share = np.array([(a + b) / (n + m) for a, b in large])
    square = sum(
        (a - n * s) ** 2 / (n * s) + (b - m * s) ** 2 / (m * s)
        for (a, b), s in zip(large, share, strict=True)
    )
    mean = k - 1.0
    variance = max(2 * mean + ((1 / share).sum() - k * k - 2 * k + 2) * (1 / n + 1 / m), mean)
    return stats.gamma.sf(square / design, mean**2 / variance, scale=variance / mean)


def rise(hits, n, reference_hits, reference_n):
    """Fisher's exact test, one-sided."""
    if hits * (n + reference_n) <= (hits + reference_hits) * n:
        return 1.0
    return min(1.0, stats.hypergeom.sf(hits - 1, n + reference_n, hits + reference_hits, n))


def moved_by_chance(shares, n, m):
    """Mean and deviation of the total variation of two samples from these shares."""
    v = shares * (1 - shares)
    cells = max(2.0, v.sum() ** 2 / (v**2).sum()) if v.sum() else 2.0
    scale = 1 / n + 1 / m
    mean = sum(math.sqrt(2 / math.pi * one * scale) for one in v) / 2
    return mean, math.sqrt((1 - 2 / math.pi) * scale * v.sum() * cells / (cells - 1)) / 2


# ---- natural variation -----------------------------------------------------------------------------------------------


@dataclass
class Norm:
    """What a window is held against, and what the reference's windows do by themselves."""

    counts: np.ndarray
    natural: float = 0.0
    blocks: int = 0
    excess: float = 0.0
    rows: float = 1.0

    def design(self, n):
        """The variance of shares as a multiple of that of independent rows."""
        m = self.counts.sum()
        return 1 + self.excess * n * m / (n + m) / self.rows


def norm_of(column, starts, at, length, level):
    """All of the reference, or the windows of the same phase where these vary by less than four fifths as much."""
    kept = [i for i, one in enumerate(column.blocks) if one.sum() >= 50]
    whole = _norm(column, [kept], column.old, level)
    if at is None or not whole.natural or len(kept) < 6:
        return whole
    for phase in _phases(length):
        mine = [i for i in kept if phase(starts[i]) == phase(at)]
        if len(mine) >= 3:
            groups = [
                [i for i in kept if phase(starts[i]) == key]
                for key in dict.fromkeys(phase(starts[i]) for i in kept)
            ]
            own = _norm(column, [g for g in groups if len(g) > 1], column.blocks[mine].sum(axis=0), level)
            return own if own.natural < 0.8 * whole.natural else whole
    return whole


def _phases(length):
    weekday, weekend, time = (
        (lambda s: s.weekday()),
        (lambda s: s.weekday() >= 5),
        (lambda s: (s.hour, s.minute)),
    )
    if length == dt.timedelta(days=1):
        return [weekday, weekend]
    if length == dt.timedelta(hours=1):
        return [lambda s: (weekday(s), time(s)), lambda s: (weekend(s), time(s)), time]
    return []


def _norm(column, groups, counts, level):
    k = sum(len(g) for g in groups)
    freedom = k - len(groups)
    if k < 3 or freedom < 1:
        return Norm(counts, blocks=k)
    pairs = [
        (column.blocks[i], column.blocks[g].sum(axis=0) - column.blocks[i], len(g)) for g in groups for i in g
    ]
    largest, spread, ratio = (_gaps if column.number else _moved)(pairs, len(groups))
    spreads = min(6.0, stats.t.ppf(1 - level / 2, freedom))
    rows = np.mean([a.sum() * b.sum() / (a.sum() + b.sum()) for a, b, _ in pairs])
    excess = max(0.0, ratio - 1 - math.sqrt(2 / (freedom * 4)))
    return Norm(counts, min(1.0, max(largest, spreads * spread)), k, excess, rows)


def _gaps(pairs, groups):
    """Of the cumulative shares of each block and the rest of its group, beyond sampling."""
    squares, noises = [], []
    for a, b, k in pairs:
        n, m = a.sum(), b.sum()
        share = np.cumsum(a + b) / (n + m)
        noises.append(share * (1 - share) * (1 / n + 1 / m) * (k - 1) / k)
        squares.append((np.cumsum(a) / n - np.cumsum(b) / m) ** 2 * (k - 1) / k)
    square, noise = np.array(squares), np.array(noises)
    top = noise.max(axis=1)
    body = (noise > 0) & (noise >= 0.19 * top[:, None])
    held = np.array(
        [
            [s / v if inside else 0.0 for s, v, inside in zip(*row, strict=True)]
            for row in zip(square, noise, body, strict=True)
        ]
    )
    varied = 40 * stats.chi2.sf(held.sum(axis=0).max(), len(pairs) - groups) < 0.05
    spread = math.sqrt(max(0.0, (square - noise).mean(axis=0).max())) if varied else 0.0
    beyond = [0.0]
    for worst, v in zip(square.max(axis=1), top, strict=True):
        if 2 * math.exp(-worst / (2 * v)) * len(pairs) < 0.05:
            beyond.append(worst - 2 * math.log(2 * len(pairs) / math.log(2)) * v)
    return math.sqrt(max(beyond)), spread, held[body].mean() if body.any() else 1.0


def _moved(pairs, groups):
    """Of the total variation of each block and the rest of its group, beyond sampling."""
    further, variances, square, freedom = [], [], 0.0, 0.0
    for a, b, _ in pairs:
        n, m = a.sum(), b.sum()
        share = (a + b) / (n + m)
        mean, deviation = moved_by_chance(share, n, m)
        further.append(np.abs(a / n - b / m).sum() / 2 - mean)
        variances.append(deviation**2)
        for x, y, s in zip(a, b, share, strict=True):
            if s * min(n, m) >= 5:
                square += (x / n - y / m) ** 2 / (s * (1 / n + 1 / m))
                freedom += 1 - s
    found, noise = np.array(further), np.mean(variances)
    ratio = square / freedom if freedom else 1.0
    k, middle = found.size, found.mean()
    uneven = stats.chi2.sf((k - 1) * found.var(ddof=1) / noise, k - 1)
    if 2 * min(uneven, stats.norm.sf(middle / math.sqrt(noise / k))) >= 0.05:
        return 0.0, 0.0, ratio
    spread = math.sqrt(max(0.0, found.var(ddof=1) - noise))
    return max(0.0, found.max()), spread + max(0.0, middle) / 2, ratio
