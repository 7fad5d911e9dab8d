"""Where does a change in the mean loss come from? From more rows of a hard kind, or from harder rows, and of which kind."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from keepfit.evaluation.cell_losses import CellLosses
from keepfit.evaluation.cell_slices import Floats, Slice, Slices, over_cells, searched
from keepfit.evaluation.explanation import Explanation, Part, headline, sentences
from keepfit.evaluation.loss_sums import LossSums
from keepfit.evaluation.mix_change import mix_changes
from keepfit.evaluation.slice_change import SliceChange, error_of
from keepfit.stats.intervals import Interval, normal_quantile

#: The confidence of all that is said.
CONFIDENCE: Final = 0.95
#: A slice stands out when it has more of the change than of the rows by this much, at least.
LEAST_EXCESS: Final = 0.1
#: A slice needs so many rows on one side, and so do the rows outside it.
LEAST_ROWS: Final = 50


def explain_drop(now: CellLosses, expected: CellLosses, metric: str) -> Explanation:
    """Where the change in the mean loss comes from: which slices, and a changed mix of rows or changed losses.

    For each feature the change is an exact sum over its cells, each of them of two parts (Kitagawa 1955, JASA 50,
    1168-1194; Oaxaca 1973): (w - r)(l - m), the mix, and w (l' - l), the losses, with w and r the cell's share
    of the rows now and before, l' and l its mean loss now and before, and m the mean loss of all rows before.

    A slice (a run of adjacent cells of a number, a category, the nulls) stands out when it surely has more of the change
    than its share of the rows *and* bears more of all losses than it did: so neither a loss that rose everywhere by as
    much, nor one that rose everywhere by the same factor, is laid at the door of some slice. Both are one-sided normal
    tests at 95 % for all slices together (Bonferroni). When none stands out, the change is said to be spread evenly. What
    share of the change a slice makes is told only when it is known to within 0.3. Of a fall the same is said as of a
    rise, and nothing of a change that may be chance.

    Args:
        now: the losses of the window or windows in question.
        expected: those on the rows where the version was validated, in the same cells.
        metric: of the losses; for `rmse` shares are of the change in the mean squared loss.

    Raises:
        ValueError: the two hold different features or cells.

    >>> import polars as pl
    >>> from keepfit.stats.profile import CategoricalCells
    >>> cells, zones = {"zone": CategoricalCells(values=("JFK", "Soho"))}, pl.Series(["JFK", *["Soho"] * 4] * 400)
    >>> losses, jfk = 1 + np.arange(2000) % 7 / 10, (zones == "JFK").to_numpy()
    >>> then = CellLosses.of(cells, {"zone": zones}, losses)
    >>> now = CellLosses.of(cells, {"zone": zones}, losses + jfk)
    >>> explain_drop(now, then, "mae").says.split(". ")[1]
    "All of that (95 to 106 %) comes from zone 'JFK': 20.0 % of the rows; mae there is 2.30, was 1.30"
    """
    before, after = expected.whole, now.whole
    if not _known(before) or not _known(after):
        return _nothing(metric, before, after)
    _check_cells(now, expected)
    total, error = after.mean - before.mean, error_of(after, before)
    reach = normal_quantile(0.5 + CONFIDENCE / 2) * error
    clear = abs(total) > reach
    sure = _standing_out(now, expected) if clear else []
    parts = _parts(now, expected, sure)
    mixes = mix_changes(now, expected, clear=clear)
    opening = headline(metric, before, after, clear=clear)
    causes, told_mixes = [one for one in parts if one.sure], [one for one in mixes if one.sure]
    return Explanation(
        metric=metric,
        n=after.n,
        before=before.mean,
        after=after.mean,
        total=total,
        interval=Interval(total - reach, total + reach),
        parts=parts,
        mixes=mixes,
        says=sentences(opening, metric, causes, told_mixes, after.n) if clear else opening,
    )


def _check_cells(now: CellLosses, expected: CellLosses) -> None:
    alike = now.features.keys() == expected.features.keys() and all(
        one.cells == expected.features[name].cells for name, one in now.features.items()
    )
    if not alike:
        raise ValueError(
            "losses in different cells cannot be held against each other: count both in those of one reference"
        )


def _known(sums: LossSums) -> bool:
    return sums.n > 1 and math.isfinite(sums.squares)


def _nothing(metric: str, before: LossSums, after: LossSums) -> Explanation:
    side = "now" if not _known(after) else "where the version was validated"
    return Explanation(
        metric=metric,
        n=after.n,
        before=before.mean,
        after=after.mean,
        total=math.nan,
        interval=Interval(-math.inf, math.inf),
        parts=(),
        mixes=(),
        says=f"{metric} cannot be explained: too few labelled rows {side}",
    )


def _standing_out(now: CellLosses, expected: CellLosses) -> list[Slice]:
    """The slices that stand out, the clearest first; no two of a feature share cells."""
    slices = searched(now, expected)
    cut = SliceChange.of(slices, now, expected)
    cut = SliceChange.of(slices.kept(_large(cut)), now, expected)
    if not len(cut.slices):
        return []
    z = -normal_quantile((1 - CONFIDENCE) / len(cut.slices))
    surely = _surely(cut, z)
    enough = cut.change / cut.total - cut.now.rows >= LEAST_EXCESS
    chosen: list[Slice] = []
    for index in np.argsort(-surely, kind="stable").tolist():
        one = cut.slices[index] if surely[index] > 0 else None
        if one is None:
            break
        if enough[index] and not any(one.overlaps(better) for better in chosen):
            chosen.append(one)
    return chosen


def _large(cut: SliceChange) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (np.maximum(cut.now.within.n, cut.old.within.n) >= LEAST_ROWS) & (
        np.maximum(cut.now.others.n, cut.old.others.n) >= LEAST_ROWS
    )
    return found


def _surely(cut: SliceChange, z: float) -> Floats:
    """By how much of the change each slice stands out at least, shape (slices,)."""
    ways = [cut.excess]
    if min(cut.now.whole.mean, cut.old.whole.mean) > 0:
        ways.append(cut.burden)
    way, size = math.copysign(1.0, cut.total), abs(cut.total)
    found: Floats = np.min([(way * value - z * error) / size for value, error in ways], axis=0)
    return found


def _parts(now: CellLosses, expected: CellLosses, sure: Sequence[Slice]) -> tuple[Part, ...]:
    """Every feature's cells that hold rows, those of a slice that stands out joined; these come first."""
    cut = SliceChange.of(_partition(now, expected, sure), now, expected)
    low, high = cut.share_intervals(normal_quantile(0.5 + CONFIDENCE / 2))
    loss = _changed_losses(cut.slices, now, expected)
    stand_out = {(one.feature, one.first) for one in sure}
    parts = []
    for index in range(len(cut.slices)):
        one, change = cut.slices[index], float(cut.change[index])
        parts.append(
            Part(
                feature=one.feature,
                first=one.first,
                last=one.last,
                label=one.label,
                rows=float(cut.now.rows[index]),
                rows_before=float(cut.old.rows[index]),
                mean=float(cut.now.within.mean[index]),
                mean_before=float(cut.old.within.mean[index]),
                change=change,
                mix=change - float(loss[index]),
                loss=float(loss[index]),
                share=change / cut.total if cut.total else math.nan,
                interval=Interval(float(low[index]), float(high[index])),
                sure=(one.feature, one.first) in stand_out,
            )
        )
    way, size = math.copysign(1.0, cut.total), abs(cut.total)
    # Of what stands out, first what can be told with its share.
    return tuple(
        sorted(
            parts,
            key=lambda part: (
                not part.sure,
                not (part.sure and part.known),
                part.rows * size - way * part.change,
            ),
        )
    )


def _partition(now: CellLosses, expected: CellLosses, sure: Sequence[Slice]) -> Slices:
    """Each feature's cells that hold rows on either side, where those of a sure slice are one."""
    runs: list[tuple[int, int, int]] = []
    for place, (name, one) in enumerate(now.features.items()):
        joined = [(found.first, found.last) for found in sure if found.feature == name]
        taken = {cell for first, last in joined for cell in range(first, last + 1)}
        held = np.flatnonzero(one.counts + expected.features[name].counts).tolist()
        alone = [(cell, cell) for cell in held if cell not in taken]
        runs += [(place, first, last) for first, last in sorted(joined + alone)]
    feature, first, last = np.array(runs, np.int64).reshape(-1, 3).T
    cells = {name: one.cells for name, one in now.features.items()}
    return Slices(cells=cells, feature=feature, first=first, last=last)


def _changed_losses(slices: Slices, now: CellLosses, expected: CellLosses) -> Floats:
    """Σ w (l' - l) over each slice's cells that hold rows on both sides."""
    rows = now.whole.n
    parts = []
    for name in slices.cells:
        new, old = now.features[name], expected.features[name]
        both = (new.counts > 0) & (old.counts > 0)
        before = np.divide(old.totals, old.counts, out=np.zeros(both.size), where=both)
        parts.append(np.where(both, new.totals - new.counts * before, 0.0) / rows)
    return over_cells(slices, parts)
