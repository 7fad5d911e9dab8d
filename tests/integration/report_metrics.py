"""The metrics of predictions in two files and where they are worst, worked out from the rows alone."""

import math

import numpy as np
from scipy import stats

Z = stats.norm.ppf(0.975)


def mean(losses):
    """With the normal interval of the central limit theorem."""
    reach = Z * losses.std(ddof=1) / math.sqrt(losses.size)
    return losses.mean(), losses.mean() - reach, losses.mean() + reach


def wilson(k, n):
    """A proportion, with Wilson's interval."""
    ends = stats.binomtest(int(k), int(n)).proportion_ci(0.95, method="wilson")
    return k / n, ends.low, ends.high


def regression(y, p):
    """MAE, RMSE, MAPE, R² and bias."""
    e = p - y
    square = mean(e**2)
    spread = ((y - y.mean()) ** 2).mean()
    ratio = square[0] / spread
    # The delta method of a ratio of two means: its error is that of the mean of what is linear in both.
    reach = Z * np.std(e**2 - ratio * (y - y.mean()) ** 2) / math.sqrt(y.size) / spread
    return {
        "mae": mean(np.abs(e)),
        "rmse": tuple(math.sqrt(max(0.0, one)) for one in square),
        "mape": mean(np.abs(e / y)[y != 0]),
        "r2": (1 - ratio, 1 - ratio - reach, min(1.0, 1 - ratio + reach)),
        "bias": mean(e),
    }


def binary(y, p, cells, decided):
    """Metrics of probabilities and of decisions at one half; `cells` are the edges that scores are counted between."""
    yes = p >= 0.5
    tp, fp = (yes & (y == 1)).sum(), (yes & (y == 0)).sum()
    fn, tn = (~yes & (y == 1)).sum(), (~yes & (y == 0)).sum()
    jaccard = wilson(tp, tp + fp + fn)
    found = {
        "precision": wilson(tp, tp + fp),
        "recall": wilson(tp, tp + fn),
        "specificity": wilson(tn, tn + fp),
        "f1": tuple(2 * one / (1 + one) for one in jaccard),
        "accuracy": wilson(tp + tn, y.size),
        "error_rate": wilson(fp + fn, y.size),
        "bias": mean(p - y),
        "prevalence": wilson(y.sum(), y.size),
    }
    if decided:
        return found
    clipped = np.clip(p, 1e-15, 1 - 1e-15)
    return found | {
        "log_loss": mean(-np.where(y == 1, np.log(clipped), np.log(1 - clipped))),
        "brier": mean((p - y) ** 2),
        "roc_auc": _auc(np.digitize(p, cells), y),
        "average_precision": _average_precision(np.digitize(p, cells), y, cells),
        "calibration_error": _calibration(y, p),
    }


def score_cells(scores):
    """The edges that the documentation of score cells describes, from the reference's scores."""
    x = np.sort(scores)
    n = x.size
    tail = 2.0 ** (-np.arange(1, 33) / 4) / 256
    levels = np.concatenate([np.arange(256) / 256, tail, 1 - tail])
    value, held = np.unique(x, return_counts=True)
    atoms = value[held > n / 256] if n > 256 else value
    far = 1 / (1 + np.exp(np.arange(24, 97) / 8))
    fixed = np.concatenate([np.arange(1, 100) / 100, far, 1 - far])
    places = np.minimum((levels * n).astype(int), n - 1)
    edges = np.unique(np.concatenate([x[places], atoms, np.nextafter(atoms, np.inf), fixed]))
    return edges[(edges > 0) & (edges <= 1)]


def _auc(cell, y):
    """DeLong's error by its placements, the interval in log-odds."""
    yes, no = cell[y == 1], cell[y == 0]
    below = np.array([((no < one).sum() + (no == one).sum() / 2) / no.size for one in yes])
    above = np.array([((yes > one).sum() + (yes == one).sum() / 2) / yes.size for one in no])
    value = below.mean()
    return _in_log_odds(value, math.sqrt(below.var(ddof=1) / yes.size + above.var(ddof=1) / no.size))


def _in_log_odds(value, error):
    middle, reach = math.log(value / (1 - value)), Z * error / (value * (1 - value))
    return value, 1 / (1 + math.exp(reach - middle)), 1 / (1 + math.exp(-reach - middle))


def _average_precision(cell, y, edges):
    """Row by row from the highest score down; within a cell in random order, or all at once when it holds one score."""
    bounds = [0.0, *edges, np.nextafter(1.0, 2.0)]
    found = false = 0
    steps = []
    for i in sorted(set(cell.tolist()), reverse=True):
        p, n = int((y[cell == i] == 1).sum()), int((y[cell == i] == 0).sum())
        if np.nextafter(bounds[i], 2.0) == bounds[i + 1]:
            steps += [(found + p) / (found + p + false + n)] * p
        else:
            steps += [(found + j) / (found + j + false + n * j / (p + 1)) for j in range(1, p + 1)]
        found, false = found + p, false + n
    value = sum(steps) / found
    return _in_log_odds(value, math.sqrt(value * (1 - value) / found))


def _calibration(y, p):
    total, noises = 0.0, []
    for i in range(10):
        inside = (p >= i / 10) & ((p < (i + 1) / 10) | (i == 9))
        rows, hits = inside.sum(), y[inside].sum()
        if rows:
            share = (hits + 1) / (rows + 2)
            total += abs(p[inside].sum() - hits) / y.size
            noises.append(math.sqrt(rows * share * (1 - share)) / y.size)
    reach = math.sqrt(2 / math.pi) * sum(noises)
    reach += stats.norm.ppf(0.95) * math.sqrt((1 - 2 / math.pi) * sum(one**2 for one in noises))
    return total, max(0.0, total - reach), min(1.0, total + reach)


def multiclass(actual, given):
    """Accuracy, and precision, recall and F1 averaged; errors by the delta method with slopes taken numerically."""
    names = sorted({*actual, *given})
    table = np.array([[((actual == a) & (given == g)).sum() for g in names] for a in names], float)
    found = {"accuracy": wilson(np.trace(table), table.sum())}
    for average in ("macro", "weighted"):
        for part in ("precision", "recall", "f1"):
            value = _averaged(table, part, average)
            variance = 0.0
            for i, j in np.ndindex(table.shape):
                step = np.zeros(table.shape)
                step[i, j] = 1e-3
                slope = (
                    _averaged(table + step, part, average) - _averaged(table - step, part, average)
                ) / 2e-3
                variance += table[i, j] * slope**2
            reach = Z * math.sqrt(variance)
            found[f"{average}_{part}"] = value, max(0.0, value - reach), min(1.0, value + reach)
    return found


def _averaged(table, part, average):
    right, actual, given = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    each = {"precision": right / given, "recall": right / actual, "f1": 2 * right / (actual + given)}[part]
    return each.mean() if average == "macro" else (actual * each).sum() / table.sum()


def change(was, now):
    """The difference of two measures, with Newcombe's interval."""
    gap = now[0] - was[0]
    low = gap - math.hypot(now[0] - now[1], was[2] - was[0])
    return gap, low, gap + math.hypot(now[2] - now[0], was[0] - was[1])


def worst_slices(columns, losses):
    """Every slice that coarse cells make against all other rows, and the five that are surely worst.

    Returns a list of dicts: rows, loss, elsewhere, reference, p, and the facts that their sentence may hold.
    """
    slices = [
        (name, cells, first, last, where, ends)
        for name, column in columns.items()
        for cells, first, last, where, ends in _slices(column)
    ]
    now, n = losses[1], losses[1].size
    looked = []
    for name, cells, first, last, where, ends in slices:
        mine, others = now[where], now[~where]
        if min(mine.size, others.size) < 50:
            continue
        scatter = max(mine.var(ddof=1), others.var(ddof=1))
        a, b = scatter / mine.size, scatter / others.size
        degrees = (a + b) ** 2 / (a**2 / (mine.size - 1) + b**2 / (others.size - 1))
        gap, error = mine.mean() - others.mean(), math.sqrt(a + b)
        p = stats.t.sf(gap / error, degrees)
        looked.append((name, cells, first, last, mine, others, gap, error, degrees, a, p, ends))
    level = 0.05 / max(1, len(looked))
    adjusted, most = {}, 0.0
    for i, k in enumerate(sorted(range(len(looked)), key=lambda k: looked[k][10])):
        most = max(most, min(1.0, looked[k][10] * (len(looked) - i)))
        adjusted[k] = most
    clear = [k for k, one in enumerate(looked) if adjusted[k] <= 0.05 and one[6] >= 0.1 * abs(one[5].mean())]
    clear.sort(key=lambda k: -(looked[k][6] + stats.t.ppf(level, looked[k][8]) * looked[k][7]))
    chosen = []
    for k in clear:
        name, _, first, last = looked[k][:4]
        if not any(name == looked[j][0] and first <= looked[j][3] and looked[j][2] <= last for j in chosen):
            chosen.append(k)
    return [_described(looked[k], adjusted[k], losses[0], n, level) for k in chosen[:5]]


def _described(one, p, before, n, level):
    _, cells, first, last, mine, others, _, _, _, a, _, ends = one
    there = before[(cells >= first) & (cells <= last)]
    reference = (there if there.size else before).mean()
    reach = -stats.t.ppf(level / 2, mine.size - 1) * math.sqrt(a)
    facts = [
        mine.mean(),
        others.mean(),
        reference,
        100 * mine.size / n,
        n,
        mine.mean() - reach,
        mine.mean() + reach,
    ]
    return {
        "rows": mine.size,
        "loss": mine.mean(),
        "elsewhere": others.mean(),
        "reference": reference,
        "p": p,
        "facts": [*facts, *ends],
        "ends": ends,
    }


def _slices(column):
    """Runs of adjacent coarse cells of a number, single categories, nulls; with the reference's coarse cell of each row."""
    old, new, valued = _coarse_places(column)
    held = np.bincount(new, minlength=valued + 1)
    if not column.number:
        return [(old, i, i, new == i, []) for i in np.flatnonzero(held).tolist()]
    cells = [i for i in range(valued) if held[i]]
    thin = [i for i in cells if i in (0, valued - 1) and held[i] < 0.01 * held[:valued].sum()]
    body = [i for i in cells if i not in thin]
    runs = [(i, i) for i in [*thin, *([valued] if held[valued] else [])]]
    for a in range(len(body)):
        until = [b for b in range(a, len(body)) if b - a + 1 < len(body)]
        first = 0 if a == 0 else body[a]
        runs.extend((first, valued - 1 if b == len(body) - 1 else body[b]) for b in until)
    edges = column.coarse_edges
    ends = {(a, b): [edges[i] for i in (a - 1, b) if 0 <= i < edges.size] for a, b in runs}
    return [(old, a, b, (new >= a) & (new <= b), ends[a, b]) for a, b in runs]


def _coarse_places(column):
    """The coarse cell of each row of both files, the nulls in the last."""
    if column.number:
        valued = column.coarse_edges.size + 1
        found = [np.where(np.isnan(x), valued, np.digitize(x, column.coarse_edges)) for x in column.whole]
        return *found, valued
    top = column.names[:20]
    places = {name: i if i < 20 else len(top) for i, name in enumerate(column.names)}
    found = [
        np.array([len(top) + 2 if x is None else places.get(x, len(top) + 1) for x in side])
        for side in column.whole
    ]
    return *found, len(top) + 2
