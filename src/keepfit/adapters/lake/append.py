"""Appending each row once, whatever crashes and whoever appends at the same time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from keepfit.adapters.lake.conform import settle
from keepfit.adapters.lake.dedupe import NEW, fates
from keepfit.adapters.lake.table import ATTEMPTS, Commit, ConflictError, LakeTable
from keepfit.errors import DataError

_SMALL_FILES: Final = 40
_FILE_BYTES: Final = 16 * 1024 * 1024


def append_once(
    table: LakeTable,
    rows: pl.DataFrame,
    keyed: pl.DataFrame,
    keys: Sequence[str],
    there: Callable[[], pl.DataFrame],
) -> pl.Series:
    """Append the rows that are new, and return the fate of every row (see `keepfit.adapters.lake.dedupe`).

    Appends to one table conflict with each other on purpose: what is new is judged against the very state that the rows
    are committed on. The one that was slower looks again.

    Args:
        table: where to; created when it is not there.
        rows: one batch, with its number in the column `batch`.
        keyed: the same rows with the columns of `keys`.
        keys: what makes two rows the same.
        there: reads keys and batch of the rows in the table that may be the same.

    Raises:
        DataError: other writers were faster every time.
    """
    if rows.is_empty():
        return pl.Series("fate", [], dtype=pl.String)
    batch = int(rows["batch"][0])
    commit = Commit(metadata={"keepfit.batch": batch}, serial=("keepfit-drain", batch))
    for _ in range(ATTEMPTS):
        with table.lock:
            if table.refresh() < 0:
                table.create(rows)
                continue
            fate = fates(keyed, there(), keys, batch=batch)
            if not (fate == NEW).any():
                return fate
            if _written(table, rows.filter(fate == NEW), commit):
                table.compact(small=_SMALL_FILES, target=_FILE_BYTES)
                return fate
    raise DataError(
        f"batch {batch} could not be stored at {table.location.uri}: other writers were faster {ATTEMPTS} times",
        hint="append it again",
    )


def _written(table: LakeTable, rows: pl.DataFrame, commit: Commit) -> bool:
    """Append rows, after widening columns that cannot hold them; False when another writer was first."""
    fitted, widened = settle(rows, table.schema())
    try:
        if widened:
            table.write(table.scan().cast(widened).collect(), "overwrite", replace(commit, rebase=False))
        table.write(fitted, "append", commit)
    except ConflictError:
        return False
    return True
