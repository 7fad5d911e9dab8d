"""Which rows of a batch are new, which an earlier attempt stored, and which repeat a row that was there."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from keepfit.predictions.record import SERVED

NEW: Final = "new"
STORED: Final = "stored"
REPEAT: Final = "repeat"

#: Served rows share one slot, for a caller gets one answer; a version that shadowed or failed has its own.
SLOT: Final = pl.when(pl.col("role").is_in(SERVED)).then(-1).otherwise(pl.col("version")).alias("slot")


def fates(rows: pl.DataFrame, there: pl.DataFrame, keys: Sequence[str], *, batch: int) -> pl.Series:
    """For each row `new`, `stored` or `repeat`.

    A row that is in the lake under this very batch was put there by an attempt that crashed before it could say so: it is
    stored, not repeated. So an attempt, done again, gives the counts of the first one.

    Args:
        rows: the batch, with the columns of `keys`.
        there: `keys` and `batch` of rows in the lake.
        keys: what makes two rows the same.
        batch: the number of the batch.

    >>> there = pl.DataFrame({"id": ["a", "b"], "batch": [1, 2]})
    >>> fates(pl.DataFrame({"id": ["a", "b", "c", "c"]}), there, ["id"], batch=2).to_list()
    ['repeat', 'stored', 'new', 'repeat']
    """
    known = there.select(*keys, pl.col("batch").alias("known")).unique(keys, keep="any")
    return (
        rows.select(*keys, first=pl.struct(keys).is_first_distinct())
        .join(known, on=list(keys), how="left", nulls_equal=True, maintain_order="left")
        .select(
            fate=pl.when(~pl.col("first"))
            .then(pl.lit(REPEAT))
            .when(pl.col("known").is_null())
            .then(pl.lit(NEW))
            .when(pl.col("known") == batch)
            .then(pl.lit(STORED))
            .otherwise(pl.lit(REPEAT))
        )
        .to_series()
    )
