"""Which files of a table may hold a row again: told from the keys of their rows, remembered as hashes."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from keepfit.adapters.lake.table import LakeTable

#: 128 MiB of hashes: files beyond it are read each time instead.
_MOST_KEYS: Final = 16 * 1024 * 1024
#: Files that a table no longer has are forgotten when this many more are remembered than are asked for.
_SPARE_FILES: Final = 256

_Hashes = npt.NDArray[np.uint64]


class KnownKeys:
    """Remembers the keys of a table's files, each read once. Its caller holds the table's lock.

    Files never change, so that what was read of one stays true; a table that was compacted has other files. A hash of 64 bits
    may be that of another key: such a file is looked into for nothing, which is the only harm.

    Args:
        key: the hash of a row's key, as UInt64.
        most: keys to remember.
    """

    def __init__(self, key: pl.Expr, *, most: int = _MOST_KEYS) -> None:
        self._key, self._most = key, most
        self._of_file: dict[str, _Hashes] = {}
        self._count = 0

    def holding(self, table: LakeTable, files: Sequence[str], rows: pl.DataFrame) -> list[str]:
        """Those of `files` that hold a key of `rows`, and perhaps some that do not."""
        self._forget(table, files)
        wanted = self._hashes(rows.lazy())
        return [file for file in files if self._may_hold(table, file, wanted)]

    def _may_hold(self, table: LakeTable, file: str, wanted: _Hashes) -> bool:
        known = self._of_file.get(file)
        if known is None:
            if self._count >= self._most:
                return True
            known = self._of_file[file] = self._hashes(table.scan_of([file]))
            self._count += known.size
        if not known.size:
            return False
        places = np.minimum(np.searchsorted(known, wanted), known.size - 1)
        return bool((known[places] == wanted).any())

    def _hashes(self, rows: pl.LazyFrame) -> _Hashes:
        hashes: _Hashes = rows.select(self._key.alias("key")).collect()["key"].to_numpy()
        return np.sort(hashes)

    def _forget(self, table: LakeTable, files: Sequence[str]) -> None:
        if len(self._of_file) <= len(files) + _SPARE_FILES and self._count < self._most:
            return
        there = set(files) if self._count >= self._most else set(table.files())
        self._of_file = {file: keys for file, keys in self._of_file.items() if file in there}
        self._count = sum(keys.size for keys in self._of_file.values())
