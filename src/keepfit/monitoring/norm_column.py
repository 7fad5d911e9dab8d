"""One column of the reference: its time blocks side by side, as arrays."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import Any, TypeVar

import numpy as np

from keepfit.clock import Window
from keepfit.monitoring.phase import Phase
from keepfit.monitoring.reference import LEAST_BLOCK_ROWS, Reference
from keepfit.stats.moments import Moments
from keepfit.stats.numeric_cells import Floats
from keepfit.stats.numeric_profile import Counts
from keepfit.stats.profile import CategoricalProfile, NumericProfile

Column = NumericProfile | CategoricalProfile

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """How far blocks lie from the others of their group, beyond chance.

    Attributes:
        largest: the largest deviation.
        spread: the standard deviation of the deviations.
        blocks: how many blocks that rests on.
        freedom: blocks less groups.
        excess: by how much the variance of the blocks' shares is above that of independent rows, relatively, on the
            average over the cells; less its standard error, and at least 0.
        rows: how many rows that was seen with: nm / (n + m) of a block and its group, on the average.
    """

    largest: float = 0.0
    spread: float = 0.0
    blocks: int = 0
    freedom: int = 0
    excess: float = 0.0
    rows: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NormColumn:
    """What a column of a window is held against.

    Attributes:
        name: the column's.
        total: its profile over the whole reference.
        windows: the reference's time blocks.
        blocks: rows with a value in each block and cell, shape (blocks, cells); see `value_counts`.
        nulls: rows without a value in each block, shape (blocks,).
        counts: rows with a value in each cell, shape (cells,).
        rows: all rows of each block, shape (blocks,).
        total_n, total_rows: rows with a value, and all rows, of the whole reference.
        variations: what was worked out already of its natural variation, by phase.
        norms: what windows are held against that are not compared with those of their own phase, by level.
        known: what else was worked out already, see `once`.
    """

    name: str
    total: Column
    windows: tuple[Window, ...]
    blocks: Counts
    nulls: Counts
    counts: Counts
    rows: Counts
    total_n: int
    total_rows: int
    variations: dict[Phase | None, Variation] = field(default_factory=dict, repr=False)
    norms: dict[float, Any] = field(default_factory=dict, repr=False)
    known: dict[Callable[["NormColumn"], Any], Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, name: str, total: Column, blocks: Sequence[tuple[Window, Column]]) -> "NormColumn":
        """From the column's profile over the whole reference and in each of its time blocks."""
        counts = value_counts(total)
        stacked = np.stack([np.zeros_like(counts), *(value_counts(block) for _, block in blocks)])[1:]
        nulls = np.array([block.nulls for _, block in blocks], np.int64)
        return cls(
            name=name,
            total=total,
            windows=tuple(window for window, _ in blocks),
            blocks=stacked,
            nulls=nulls,
            counts=counts,
            rows=np.array([block.rows for _, block in blocks], np.int64),
            total_n=total.n,
            total_rows=total.rows,
        )


def once(work: Callable[[NormColumn], T]) -> Callable[[NormColumn], T]:
    """A fact of a column of the reference that is worked out when it is first asked for, and then known.

    A reference outlives thousands of windows, and most of what a window is held against does not depend on the window.
    """

    @wraps(work)
    def found(column: NormColumn) -> T:
        if work not in column.known:
            column.known[work] = work(column)
        fact: T = column.known[work]
        return fact

    return found


def norm_columns(
    totals: Mapping[str, Column], blocks: Sequence[tuple[Window, Mapping[str, Column]]]
) -> dict[str, NormColumn]:
    """The columns of a reference by name."""
    return {
        name: NormColumn.of(name, total, [(window, columns[name]) for window, columns in blocks])
        for name, total in totals.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Norms:
    """A reference made ready to hold many windows against it.

    Attributes:
        rows: of the reference.
        columns: feature → its norm.
        predictions: the norm of the predictions.
        moments: of the numbers, over the whole reference; None without two of them.
        correlations: theirs, shape (numbers, numbers); None likewise.
        block_correlations: the same of each time block with enough rows, and the rows of each pair.
    """

    rows: int
    columns: Mapping[str, NormColumn]
    predictions: NormColumn
    moments: Moments | None
    correlations: Floats | None
    block_correlations: tuple[tuple[Floats, Counts], ...]


#: What the predictions are called in findings.
PREDICTION = "prediction"


@lru_cache(maxsize=16)
def norms_of(reference: Reference) -> Norms:
    """The norms of a reference; those of the references asked for last are kept."""
    total = reference.total
    moments = [block.moments for _, block in reference.blocks if block.rows >= LEAST_BLOCK_ROWS]
    predicted = [(when, {PREDICTION: block}) for when, block in reference.prediction_blocks]
    return Norms(
        rows=total.rows,
        columns=norm_columns(total.features, [(when, block.features) for when, block in reference.blocks]),
        predictions=norm_columns({PREDICTION: reference.prediction_total}, predicted)[PREDICTION],
        moments=total.moments,
        correlations=None if total.moments is None else total.moments.correlations(),
        block_correlations=tuple((one.correlations(), one.pairs_n()) for one in moments if one is not None),
    )


def value_counts(column: Column) -> Counts:
    """Rows in each cell, nulls left out; of categories the listed values, and where the reference had no others all the rest.

    With more values than are listed, those listed are the ones that chance favoured in the reference: together they have fewer
    rows in every other sample of the same world. Their shares of each other's rows do not change by that, so the
    rows of all other values are left out.
    """
    if isinstance(column, NumericProfile):
        return column.counts
    if column.cells.tail or not column.cells.complete:
        return column.counts
    return np.append(column.counts, column.other + column.unseen)
