"""Values beyond where the reference's lie, and columns that stand still."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from keepfit.evaluation.wording import percent
from keepfit.monitoring.finding import Check, Fault, Finding, Verdict
from keepfit.monitoring.measured import Measured
from keepfit.monitoring.norm_column import Column, NormColumn, once, value_counts
from keepfit.monitoring.rise import Rise
from keepfit.monitoring.variation import largest_share
from keepfit.stats.numeric_profile import Counts
from keepfit.stats.profile import NumericProfile

#: The part of the reference's rows at either end that the range leaves out, and the least number of them: a few wild
#: values in the reference do not make every other value an ordinary one.
BEYOND: Final = 5e-4
LEAST_BEYOND: Final = 3
#: A rise of values out of range by this part of what makes a fault is a change that is told.
TOLD_OUT_OF_RANGE: Final = 0.1


def out_of_range(window: NumericProfile, column: NormColumn) -> list[Rise]:
    """The rows beyond the range that holds all of the reference but 0.05 % (and three rows) at either end.

    No fault by itself: the world may grow. Empty when the reference holds no value.
    """
    known = _range(column)
    if known is None:
        return []
    return [
        Rise(
            what=known.says,
            hits=window.n - int(window.counts[known.first : known.last + 1].sum()),
            rows=window.rows,
            reference_hits=known.hits,
            reference_rows=column.total_rows,
            block=known.block,
            norm=known.norm,
            fault=None,
            told=TOLD_OUT_OF_RANGE,
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Range:
    """The first and the last cell of the range, and what the reference has outside: rows, most in a block, in words."""

    first: int
    last: int
    hits: int
    block: float
    says: str
    norm: str


@once
def _range(column: NormColumn) -> _Range | None:
    inside = _inside(column.counts)
    if inside is None or not isinstance(column.total, NumericProfile):
        return None
    first, last = inside
    edges = column.total.cells.edges
    low = f"{edges[first - 1]:.4g}" if first > 0 else "any"
    high = f"{edges[last]:.4g}" if last < len(edges) else "any"
    hits = int(_outside(column.counts, first, last))
    return _Range(
        first=first,
        last=last,
        hits=hits,
        block=largest_share(_outside(column.blocks, first, last), column.rows),
        says=f"outside {low} to {high}",
        norm=f"{percent(hits / column.total_rows)} of the reference ({column.total_rows:,} rows)",
    )


def _inside(counts: Counts) -> tuple[int, int] | None:
    """The first and the last cell of the range."""
    n = int(counts.sum())
    allowed = max(LEAST_BEYOND, BEYOND * n)
    if n <= 2 * allowed:
        return None
    first = int(np.argmax(counts.cumsum() > allowed))
    last = counts.size - 1 - int(np.argmax(counts[::-1].cumsum() > allowed))
    return first, last


def _outside(counts: Counts, first: int, last: int) -> Counts:
    found: Counts = counts[..., :first].sum(axis=-1) + counts[..., last + 1 :].sum(axis=-1)
    return found


def constant_test(window: Column, column: NormColumn) -> Measured | None:
    """Whether a column that varied in every window of the reference holds one value only: a stuck sensor, a default.

    p is the chance that rows drawn from the reference all lie in the cell of that value. None when the column does not
    stand still.
    """
    value = _only_value(window)
    if value is None or window.n < 2:
        return None
    name = column.name
    cell = int(np.argmax(value_counts(window)))
    share = float(column.counts[cell]) / column.total_n if column.total_n else 0.0
    held = np.vstack([column.counts, column.blocks])
    usual = bool((held.max(axis=1) == held.sum(axis=1)).any())
    says = f"{name} is {value} in all {window.n:,} rows"
    finding = Finding(
        check=Check.CONSTANT,
        subject=name,
        statistic="share of one value",
        value=1.0,
        expected=share,
        threshold=1.0,
        n=window.n,
        verdict=Verdict.OK,
        says=f"{says}, as in windows of the reference" if usual else says,
        p=math.exp(window.n * math.log(share)) if share > 0 else 0.0,
    )
    return Measured(
        finding=finding,
        beyond=not usual,
        says=f"{says}; in the reference it varies, with that value in at most {percent(share)} of {column.total_n:,} rows",
        fault=Fault(column=name, kind="all"),
    )


def _only_value(column: Column) -> str | None:
    """The value that every row holds, as text; None when they differ, or there is none."""
    if isinstance(column, NumericProfile):
        alone = column.minimum is not None and column.minimum == column.maximum and column.summed == column.n
        return f"{column.minimum:.10g}" if alone else None
    if column.n and int(column.counts.max(initial=0)) == column.n:
        return repr(column.cells.values[int(np.argmax(column.counts))])
    alone = bool(column.named) and column.named[0][1] == column.n
    return repr(column.named[0][0]) if alone else None
