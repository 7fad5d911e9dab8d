"""The findings of a report on two files, worked out from their rows alone: floors and chances of every check."""

import math
import zlib
from dataclasses import dataclass

import numpy as np
from report_numbers import chi_square, kolmogorov, mann_whitney, moved_by_chance, rise
from scipy import stats

QUALITY, DRIFT, RATE, LEAST_ROWS = 0.05, 0.03, 0.02, 100


@dataclass
class Told:
    """The numbers of one finding, and those that its sentence may hold beside them, shares as per cent.

    `beyond` says whether it is large enough to alarm when chance is no explanation, `more` how many further tests it
    sums up, and `alarm` whether it does.
    """

    value: float | None
    expected: float | None
    threshold: float | None
    p: float | None
    n: int
    facts: list
    beyond: bool = False
    more: int = 0
    alarm: bool = False


def judge(tests):
    """Benjamini and Hochberg's procedure, where a change that is not large enough counts as none."""
    ordered = sorted((one for one in tests if one.beyond), key=lambda one: one.p)
    m = len(tests) + sum(one.more for one in tests)
    last = max((k for k, one in enumerate(ordered, start=1) if one.p <= RATE * k / m), default=0)
    for one in ordered[:last]:
        one.alarm = True


def drift(c, norm, level):
    """The distribution of one column."""
    n, m = c.new.sum(), norm.counts.sum()
    if n < LEAST_ROWS:
        return Told(None, None, DRIFT, None, n, [n, LEAST_ROWS])
    design = norm.design(n)
    if c.number:
        value, gap_p = kolmogorov(norm.counts, c.new, design)
        of = np.digitize([*c.edges, np.inf], c.coarse_edges)
        places = np.append(0, of[:-1])
        shapes = [
            np.bincount(places, weights=x, minlength=c.coarse_edges.size + 1) for x in (norm.counts, c.new)
        ]
        p = 3 * min(gap_p, mann_whitney(norm.counts, c.new, design), chi_square(*shapes, design))
        noise = math.sqrt(-math.log(level / 2) / 2 * design * (1 / n + 1 / m))
        more = [
            c.quantile(x, 0.5, v.min(), v.max()) for x, v in zip((norm.counts, c.new), c.values, strict=True)
        ]
    else:
        r, w = norm.counts / m, c.new / n
        mean, deviation = moved_by_chance(r, n, m)
        value, noise = max(np.abs(r - w).max(), np.abs(r - w).sum() / 2 - mean), 2 * deviation
        groups = [zlib.crc32(str(name).encode()) % 20 for name in c.names[:200]]
        groups += [20] * (norm.counts.size - len(groups))
        few = [np.bincount(groups, weights=x, minlength=20) for x in (norm.counts, c.new)]
        p = 2 * min(chi_square(norm.counts, c.new, design), chi_square(*few, design))
        most = int(np.argmax(np.abs(r - w)))
        more = [100 * r[most], 100 * w[most], *([most] if c.names[0] in (0, 1) else [])]
    threshold = max(DRIFT, min(1.0, math.hypot(norm.natural, noise)) if norm.natural else 0.0)
    facts = [100 * value, 100 * threshold, 100 * norm.natural, n, m, *more]
    return Told(value, norm.natural, threshold, min(1.0, p), n, facts, beyond=value > threshold)


def rises(c, kinds):
    """The worst of several shares that may have risen: (hits, reference hits, block, times, least, told, fault, facts)."""
    rows, base = c.rows[1], c.rows[0]

    def threshold(kind, quality):
        expected = kind[1] / base
        return max(expected + quality, kind[2] + quality / 2, expected * kind[3])

    def weight(kind):
        share, p = kind[0] / rows, rise(kind[0], rows, kind[1], base)
        breaks = kind[6] > 0 and share >= max(threshold(kind, QUALITY), kind[4]) and p < 1e-4
        return breaks, share >= threshold(kind, kind[5] * QUALITY), kind[6] == 2, share

    if not kinds:
        return Told(0.0, 0.0, QUALITY, None, rows, [rows])
    worst = max(kinds, key=weight)
    share, expected = worst[0] / rows, worst[1] / base
    p = min(1.0, rise(worst[0], rows, worst[1], base) * len(kinds))
    facts = [100 * share, 100 * expected, rows, base, *worst[7]]
    limit = threshold(worst, worst[5] * QUALITY)
    return Told(share, expected, limit, p, rows, facts, beyond=share >= limit)


def worst_block(c, hits):
    """The largest share of a block of at least fifty rows."""
    return max((h / n for h, n in zip(hits, c.block_rows, strict=True) if n >= 50), default=0.0)


def novelty(c):
    """The largest share of a block that lay in a cell where no other block had a row."""
    if len(c.blocks) < 2:
        return 0.0
    total = c.blocks.sum(axis=0)
    return worst_block(
        c,
        [
            max(h for h, t in zip(block, total, strict=True) if h == t) if (block == total).any() else 0
            for block in c.blocks
        ],
    )


def nulls(c):
    """Rows without a value."""
    block = worst_block(c, c.block_nulls)
    return rises(c, [(c.nulls[1], c.nulls[0], block, 1.0, 0.0, 0.4, 1, [100 * block])])


def new_values(c):
    """Values that the reference never held, or hardly."""
    value, held = np.unique(c.values[1], return_counts=True) if c.number else _counted_texts(c.values[1])
    fresh = novelty(c)
    if c.number:
        found = sorted((-h, v) for v, h in zip(value, held, strict=True) if h > 1 and v not in c.atoms)[:8]
        cells = [int(np.digitize(v, c.edges)) for _, v in found]
        return rises(
            c,
            [
                (-h, c.old[i], max(fresh, worst_block(c, c.blocks[:, i])), 10.0, 0.0, 1.0, 2, [v])
                for (h, v), i in zip(found, cells, strict=True)
            ],
        )
    found = sorted((-h, v) for v, h in zip(value, held, strict=True) if v not in c.names)
    kinds = [(-h, c.singletons, fresh, 1.0, 0.0, 0.05, 2, []) for h, _ in found[:8]]
    if len(found) > 1:
        kinds.append((-sum(h for h, _ in found), c.singletons, fresh, 1.0, 0.5, 0.05, 1, []))
    return rises(c, kinds)


def _counted_texts(values):
    distinct = sorted(set(values))
    return distinct, [int((values == one).sum()) for one in distinct]


def out_of_range(c):
    """Rows beyond all but 0.05 % (and three rows) of the reference at either end."""
    n = c.old.sum()
    allowed = max(3, 5e-4 * n)
    if n <= 2 * allowed:
        return rises(c, [])
    first = next(i for i in range(c.old.size) if c.old[: i + 1].sum() > allowed)
    last = next(i for i in reversed(range(c.old.size)) if c.old[i:].sum() > allowed)
    outside = [int(x[:first].sum() + x[last + 1 :].sum()) for x in (c.new, c.old, *c.blocks)]
    ends = [c.edges[i] for i in (first - 1, last) if 0 <= i < c.edges.size]
    return rises(c, [(outside[0], outside[1], worst_block(c, outside[2:]), 1.0, 0.0, 0.1, 0, ends)])


def constant(c):
    """A column that holds one value only; None when it varies."""
    if len(c.values[1]) < 2 or len(set(c.values[1].tolist())) > 1:
        return None
    share = c.old[int(np.argmax(c.new))] / c.old.sum()
    n = int(c.new.sum())
    value = c.values[1][0]
    facts = [n, c.old.sum(), 100 * share, *([value] if not isinstance(value, str) else [])]
    usual = any(one.max() == one.sum() for one in (c.old, *c.blocks))
    return Told(1.0, share, 1.0, share**n, n, facts, beyond=not usual)


def unit(c):
    """The common factor of the deciles; None when the reference takes too few values."""
    ends = [(v.min(), v.max()) for v in c.values]
    tenths = np.arange(1, 10) / 10
    was, now = (
        np.array([c.quantile(x, q, *e) for q in tenths]) for x, e in zip((c.old, c.new), ends, strict=True)
    )
    if (was != 0).sum() < 7 or (np.diff(was) != 0).sum() < 4:
        return None
    n = int(c.new.sum())
    factor, alike = _factor(was, now, n)
    if factor is None:
        return Told(None, 1.0, 1.5, None, n, [n])
    natural = 0.0
    if alike and abs(math.log(factor)) >= math.log(1.5):
        some = [b for b in c.blocks if b.any()]
        found = [
            _factor(was, np.array([c.quantile(b, q, *ends[0]) for q in tenths]), int(b.sum()))[0]
            for b in some
        ]
        natural = max(abs(math.log(one)) for one in found if one is not None)
    medians = [c.quantile(x, 0.5, *e) for x, e in zip((c.old, c.new), ends, strict=True)]
    least = max(1.5, math.exp(2 * natural))
    alarm = bool(alike and abs(math.log(factor)) >= math.log(least))
    return Told(factor, 1.0, least, None, n, [factor, n, *medians], alarm=alarm)


def _factor(was, now, n):
    both = was * now > 0
    old, new = was[both], now[both]
    if old.size < 7 or (np.diff(old) != 0).sum() < 4:
        return None, False
    steps = np.log(new / old)
    middle = float(np.median(steps))
    off = np.abs(steps - middle)
    wider = np.polyfit(np.log(np.abs(old)), steps, 1)[0]
    alike = (
        off.mean() <= math.log(1.12)
        and off.max() <= math.log(1.35)
        and abs(wider) <= 0.04 + 1.2 / math.sqrt(n)
    )
    return math.exp(middle), alike


def correlations(columns):
    """Every finding on pairs of numbers, by subject."""
    numbers = [c for c in columns.values() if c.number and not c.temporal]
    z = [[np.clip((v - c.centre) / c.scale, -2.5, 2.5) for v in c.whole] for c in numbers]
    found = []
    for i, one in enumerate(numbers):
        for j in range(i + 1, len(numbers)):
            (was, m), (now, n) = (_pearson(z[i][side], z[j][side]) for side in (0, 1))
            if n > 3 and m > 3 and np.isfinite([was, now]).all():
                gap = math.atanh(_apart(now)) - math.atanh(_apart(was))
                p = 2 * stats.norm.sf(abs(gap) / math.sqrt(1 / (n - 3) + 1 / (m - 3)))
                natural = _natural_pair(one, z[i][0], z[j][0], was)
                found.append((p, -abs(now - was), f"{one.name} ~ {numbers[j].name}", was, now, n, natural))
    told = {}
    for p, change, name, was, now, n, natural in sorted(found)[:20]:
        if -change >= 0.05:
            noise = 4 * (1 - was**2) / math.sqrt(n) if natural else 0.0
            reach = stats.norm.ppf(0.975) / math.sqrt(n - 3)
            ends = [math.tanh(math.atanh(_apart(now)) + sign * reach) for sign in (-1, 1)]
            limit = max(0.05, math.hypot(natural, noise))
            told[name] = Told(now, was, limit, p, n, [now, was, n, *ends], beyond=-change > limit)
    if found:
        n, rest = max(one[5] for one in found), len(found) - len(told)
        ends = (0.05, 1.0) if told else (max(-one[1] for one in found), min(one[0] for one in found))
        told["all other pairs" if told else "all pairs"] = Told(
            ends[0], 0.0, 0.05, ends[1], n, [rest], more=max(0, rest - 1)
        )
    return told


def _apart(r):
    return max(-1 + 1e-6, min(1 - 1e-6, r))


def _pearson(x, y):
    both = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[both], y[both]
    n = int(both.sum())
    if n < 2 or x.std() < 1e-6 or y.std() < 1e-6:
        return math.nan, n
    return float(np.corrcoef(x, y)[0, 1]), n


def _natural_pair(column, x, y, was):
    some = [b for b, rows in zip(np.unique(column.block_of), column.block_rows, strict=True) if rows >= 50]
    if len(some) < 3:
        return 0.0
    squares, noises = [], []
    for b in some:
        now, n = _pearson(x[column.block_of == b], y[column.block_of == b])
        squares.append(0.0 if math.isnan(now) else (now - was) ** 2)
        noises.append((1 - was**2) ** 2 / max(n, 1))
    square, noise = np.array(squares), np.array(noises)
    spread = math.sqrt(max(0.0, (square - noise).mean()))
    return max(math.sqrt(max(0.0, (square - 4 * noise).max())), 4 * spread)
