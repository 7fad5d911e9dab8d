"""Values that the reference never held, or hardly: a new category, a new sentinel among numbers."""

from bisect import bisect_right

from keepfit.evaluation.wording import percent
from keepfit.monitoring.finding import Fault
from keepfit.monitoring.norm_column import NormColumn, once
from keepfit.monitoring.rise import TOLD_WHEN_NEW, Rise
from keepfit.monitoring.variation import largest_novelty, largest_share
from keepfit.stats.profile import CategoricalProfile, NumericProfile

#: A number that the reference held now and then is new when it is this many times as frequent: an hour of the night
#: in which more people are about is not.
TIMES_AS_FREQUENT = 10.0


#: With more values than this that were never seen, a categorical column was coded anew.
CODED_ANEW = 0.5


def new_numbers(window: NumericProfile, column: NormColumn, *, least: float = 0.0) -> list[Rise]:
    """The window's most frequent numbers that carry no more than 1/64 of the reference.

    To be new, a number must be ten times as frequent as in the reference, on top of the floors of every rise. How often the reference held a value is bounded by the rows in the value's cell: none when it is out of range.

    Args:
        window: of the column.
        column: of the reference.
        least: rises to a smaller share of the rows, which are no change, are left out, but for the largest: of most
            columns no number comes more than once or twice.
    """
    rows = window.rows
    told = [one for one in window.named if one[1] >= least * rows]
    return [_new_number(value, hits, rows, window, column) for value, hits in told or window.named[:1]]


def _new_number(value: float, hits: int, rows: int, window: NumericProfile, column: NormColumn) -> Rise:
    cell = bisect_right(window.cells.edges, value)
    held, written = int(column.counts[cell]), f"{value:.10g}"
    return Rise(
        what=written,
        hits=hits,
        rows=rows,
        reference_hits=held,
        reference_rows=column.total_rows,
        block=max(_novelty(column), largest_share(column.blocks[:, cell], column.rows)),
        norm=_norm(written, held, column.total_rows),
        fault=Fault(column=column.name, kind="value", value=value),
        times=TIMES_AS_FREQUENT,
        told=1.0,
    )


@once
def _novelty(column: NormColumn) -> float:
    return largest_novelty(column.blocks, column.rows)


def _norm(value: str, held: int, rows: int) -> str:
    if not held:
        return f"the reference ({rows:,} rows) never holds {value}"
    return f"the reference ({rows:,} rows) holds {value} in at most {percent(held / rows)}"


def new_categories(window: CategoricalProfile, column: NormColumn) -> list[Rise]:
    """The most frequent categories that the reference never held; all of them together when no one stands out.

    Together they are held against what the reference lets expect: one in as many rows as there are values that it
    held only once (Good and Turing). They are a fault only when they fill most of the rows: then the column was coded
    anew. New categories beside the old ones are the world changing.
    """
    if not window.named:
        return []
    novelty, mine = _novelty(column), window.rows
    found = [
        Rise(
            what=repr(value),
            hits=hits,
            rows=mine,
            # Of a column that always brings new values, one of them coming twice is no news.
            reference_hits=window.cells.singletons,
            reference_rows=column.total_rows,
            block=novelty,
            norm=f"the reference ({column.total_rows:,} rows) never holds {value!r}{_lets_expect(window, column)}",
            fault=Fault(column=column.name, kind="value", value=str(value)),
            told=TOLD_WHEN_NEW,
        )
        for value, hits in window.named
    ]
    if len(window.named) < 2:
        return found
    together = Rise(
        what="a value never seen before",
        hits=window.unseen,
        rows=mine,
        reference_hits=window.cells.singletons,
        reference_rows=column.total_rows,
        block=novelty,
        norm=f"the reference ({column.total_rows:,} rows) lets expect "
        f"{percent(window.cells.singletons / column.total_rows if column.total_rows else 0.0)}",
        fault=Fault(column=column.name, kind="all"),
        least=CODED_ANEW,
        told=TOLD_WHEN_NEW,
    )
    return [*found, together]


def _lets_expect(window: CategoricalProfile, column: NormColumn) -> str:
    """What share of rows new values may have, where the reference says that some come."""
    if not window.cells.singletons:
        return ""
    return f", and lets expect new values in {percent(window.cells.singletons / column.total_rows)}"
