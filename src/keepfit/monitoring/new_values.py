"""Values that the reference never held, or hardly: a new category, a new sentinel among numbers."""

from collections.abc import Sequence

import numpy as np

from keepfit.monitoring.finding import Fault
from keepfit.monitoring.rise import Rise, percent
from keepfit.monitoring.variation import largest_novelty, largest_share
from keepfit.stats.profile import CategoricalProfile, NumericProfile

#: A number that the reference held now and then is new when it is this many times as frequent: an hour of the night
#: in which more people are about is not.
TIMES_AS_FREQUENT = 10.0


#: With more values than this that were never seen, a categorical column was coded anew.
CODED_ANEW = 0.5


def new_numbers(
    name: str, window: NumericProfile, total: NumericProfile, blocks: Sequence[NumericProfile]
) -> list[Rise]:
    """The window's most frequent numbers that carry no more than 1/64 of the reference.

    To be new, a number must be ten times as frequent as in the reference, on top of the floors of every rise. How often the reference held a value is bounded by the rows in the value's cell: none when it is out of range.
    """
    counts = _stacked([block.counts for block in blocks])
    rows = np.array([block.rows for block in blocks], np.int64)
    novelty = largest_novelty(counts, rows)
    found = []
    for value, hits in window.named:
        cell = window.cells.cell_of(value)
        held = int(total.counts[cell])
        found.append(
            Rise(
                what=f"{value:.10g}",
                hits=hits,
                rows=window.rows,
                reference_hits=held,
                reference_rows=total.rows,
                block=max(novelty, largest_share(counts[:, cell], rows)),
                norm=_norm(f"{value:.10g}", held, total.rows),
                fault=Fault(column=name, kind="value", value=value),
                times=TIMES_AS_FREQUENT,
            )
        )
    return found


def _norm(value: str, held: int, rows: int) -> str:
    if not held:
        return f"the reference ({rows:,} rows) never holds {value}"
    return f"the reference ({rows:,} rows) holds {value} in at most {percent(held / rows)}"


def new_categories(
    name: str, window: CategoricalProfile, total: CategoricalProfile, blocks: Sequence[CategoricalProfile]
) -> list[Rise]:
    """The most frequent categories that the reference never held; all of them together when no one stands out.

    Together they are held against what the reference lets expect: one in as many rows as there are values that it
    held only once (Good and Turing). They are a fault only when they fill most of the rows: then the column was coded
    anew. New categories beside the old ones are the world changing, which the drift check sees.
    """
    counts = _stacked([block.counts for block in blocks])
    rows = np.array([block.rows for block in blocks], np.int64)
    novelty = largest_novelty(counts, rows)
    found = [
        Rise(
            what=repr(value),
            hits=hits,
            rows=window.rows,
            reference_hits=0,
            reference_rows=total.rows,
            block=novelty,
            norm=f"the reference ({total.rows:,} rows) never holds {value!r}",
            fault=Fault(column=name, kind="value", value=str(value)),
        )
        for value, hits in window.named
    ]
    if len(window.named) < 2:
        return found
    together = Rise(
        what="a value never seen before",
        hits=window.unseen,
        rows=window.rows,
        reference_hits=total.cells.singletons,
        reference_rows=total.rows,
        block=novelty,
        norm=f"the reference ({total.rows:,} rows) lets expect "
        f"{percent(total.cells.singletons / total.rows if total.rows else 0.0)}",
        fault=Fault(column=name, kind="all"),
        least=CODED_ANEW,
    )
    return [*found, together]


def _stacked(
    counts: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.int64]]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.stack(counts) if counts else np.zeros((0, 0), np.int64)
