"""What a report on two files shows of a column, worked out from its rows: summaries, distances, bins and bars."""

import numpy as np
from scipy import stats


def column_numbers(c, one):
    """One column: counts, summaries, distances, and what is drawn."""
    kept, found = c.values, {}
    for i, side in enumerate(("reference", "current")):
        found |= {
            f"values.{side}": kept[i].size,
            f"nulls.{side}": c.nulls[i],
            f"null_share.{side}": c.nulls[i] / c.rows[i],
        }
    if c.number:
        for i, (side, counts) in enumerate(zip(("reference", "current"), (c.old, c.new), strict=True)):
            x = kept[i]
            parts = {"lower quartile": 0.25, "median": 0.5, "upper quartile": 0.75}
            summary = {name: c.quantile(counts, part, x.min(), x.max()) for name, part in parts.items()}
            summary |= {
                "mean": x.mean(),
                "standard deviation": x.std(ddof=1),
                "smallest": x.min(),
                "largest": x.max(),
            }
            found |= {f"summary[{name}].{side}": value for name, value in summary.items()}
        found |= _histogram(c, one.histogram)
    else:
        found |= _bars(c, one.bars)
    return found if c.temporal else found | _distances(c)


def _distances(c):
    """By their textbook formulas; of numbers over the cells, each with its rows at their mean."""
    r, w = (np.append(c.coarse(i), c.nulls[i]) / c.rows[i] for i in (0, 1))
    least = [np.maximum(one, 1e-3) for one in (r, w)]
    middle = (r + w) / 2
    entropy = [stats.entropy(one, middle, base=2) for one in (r, w)]
    held = r + w > 0
    found = {
        "total variation": np.abs(r - w).sum() / 2,
        "stability index (PSI)": ((least[1] - least[0]) * np.log(least[1] / least[0])).sum(),
        "Jensen-Shannon": np.sqrt(np.mean(entropy)),
        "Hellinger": np.sqrt(((np.sqrt(r) - np.sqrt(w)) ** 2).sum() / 2),
        "largest change of a cell": np.abs(r - w).max(),
        "Cramér's V": np.sqrt(((r - w)[held] ** 2 / (r + w)[held]).sum() / 2),
    }
    if c.number:
        places = [
            [x[np.digitize(x, c.edges) == i].mean() for i in np.flatnonzero(n)]
            for x, n in zip(c.values, (c.old, c.new), strict=True)
        ]
        moved = stats.wasserstein_distance(*places, c.old[c.old > 0], c.new[c.new > 0])
        gap = np.abs(np.cumsum(c.old) / c.old.sum() - np.cumsum(c.new) / c.new.sum()).max()
        found |= {"Kolmogorov-Smirnov": gap, "Wasserstein": moved, "Wasserstein over spread": moved / c.scale}
    return {f"distances[{name}]": value for name, value in found.items()}


def _histogram(c, drawn):
    """Bins begin at edges of the reference's cells, and bars of single values stand at its atoms."""
    found, edges = {}, np.array(drawn.edges)
    for i, edge in enumerate(drawn.edges):
        found[f"histogram.edges[{i}]"] = c.edges[np.abs(c.edges - edge).argmin()]
    assert (np.diff(edges) > 0).all()
    for side, x in zip(("reference", "current"), c.values, strict=True):
        for i, one in enumerate(drawn.singles):
            found[f"histogram.singles[{i}].value"] = c.atoms[np.abs(c.atoms - one.value).argmin()]
            found[f"histogram.singles[{i}].{side}"] = (x == one.value).sum()
        rest = x[~np.isin(x, [one.value for one in drawn.singles])]
        for i in range(edges.size - 1):
            found[f"histogram.{side}[{i}]"] = ((rest >= edges[i]) & (rest < edges[i + 1])).sum()
        found[f"histogram.below.{side}"] = (rest < edges[0]).sum() if edges.size else 0
        found[f"histogram.above.{side}"] = (rest >= edges[-1]).sum() if edges.size else rest.size
    return found


def _bars(c, drawn):
    """The eight most frequent values and the four of the others that changed most; then the four commonest new ones."""
    rows = [{name: int((x == name).sum()) for name in {*c.names, *x}} for x in c.values]
    top = c.names[:200]
    gap = {
        name: abs(rows[0][name] / c.values[0].size - rows[1].get(name, 0) / c.values[1].size) for name in top
    }
    moved = sorted((name for name in top[8:] if gap[name] > 0), key=lambda name: -gap[name])[:4]
    known = [name for name in top if name in {*top[:8], *moved}]
    new = sorted(
        (name for name in rows[1] if name not in rows[0]), key=lambda name: (-rows[1][name], str(name))
    )[:4]
    shown = [*known, *new]
    assert len(drawn.values) == len(shown)
    found = {f"bars.values[{i}]": {0: "false", 1: "true"}.get(name, name) for i, name in enumerate(shown)}
    for side, mine in zip(("reference", "current"), rows, strict=True):
        found |= {f"bars.{side}[{i}]": mine.get(name, 0) for i, name in enumerate(shown)}
        found[f"bars.other.{side}"] = sum(
            n for name, n in mine.items() if name in rows[0] and name not in shown
        )
        found[f"bars.unseen.{side}"] = sum(
            n for name, n in mine.items() if name not in rows[0] and name not in shown
        )
    return found
