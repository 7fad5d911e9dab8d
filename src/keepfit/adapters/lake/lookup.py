"""Finding the rows of some predictions among millions, by their ids: only files that hold one of them are read."""

from typing import Final

import polars as pl

from keepfit.adapters.lake.known_keys import KnownKeys
from keepfit.adapters.lake.table import LakeTable

#: Of more ids than this nearly every file holds one: to ask which takes longer than to read them.
_MANY: Final = 65_536


class Lookup:
    """Finds rows of one table by `prediction_id`. Its caller holds the table's lock.

    It remembers a hash of each id, read once from each file, and apart from those that tell repeats: who appends asks for the
    files of a day only, and lets go of the others when there are too many to remember.

    Args:
        table: with a column `prediction_id`.
    """

    def __init__(self, table: LakeTable) -> None:
        self._table = table
        self._known = KnownKeys(pl.col("prediction_id").hash())

    def rows(self, ids: pl.Series, prune: str | None = None) -> pl.LazyFrame:
        """The rows with these ids, as of the last refresh.

        Args:
            ids: distinct.
            prune: SQL on the files' statistics, see `LakeTable.scan`; the caller filters the rows as well.
        """
        files, wanted = self._table.files(prune), ids.to_frame("prediction_id")
        if wanted.height <= _MANY:
            files = self._known.holding(self._table, files, wanted) if wanted.height else []
        return self._table.scan_of(files).join(wanted.lazy(), on="prediction_id", how="semi")
