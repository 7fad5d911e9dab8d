"""The cells that evidence was counted in: kept once, told by the digest of what they are."""

from collections.abc import Mapping
from typing import Final

import polars as pl

from keepfit.adapters.evidence_format import FORMAT, AnyCells, digest_of, unpack_cells
from keepfit.adapters.lake.location import Location
from keepfit.adapters.lake.table import ATTEMPTS, Commit, ConflictError, LakeTable
from keepfit.errors import DataError

_COLUMNS: Final = {"digest": pl.String(), "format": pl.Int32(), "cells": pl.Binary()}

#: Cells of so many versions are held in memory.
_HELD: Final = 32


class DeltaCells:
    """A table of cells: one row for each set of them; nothing is ever replaced.

    Args:
        location: the table's folder.
        configuration: the table's own.
    """

    def __init__(self, location: Location, *, configuration: Mapping[str, str | None]) -> None:
        self._table = LakeTable(location, configuration=configuration)
        self._stored: set[str] = set()
        self._held: dict[str, tuple[AnyCells, ...]] = {}

    def keep(self, digest: str, packed: bytes) -> None:
        """Store packed cells, on disk when this returns; nothing happens when they are there.

        Raises:
            DataError: other writers were faster every time.
        """
        if digest in self._stored:
            return
        row = pl.DataFrame([(digest, FORMAT, packed)], schema=_COLUMNS, orient="row")
        commit = Commit(metadata={"keepfit.cells": digest}, serial=("keepfit-cells", 1))
        for _ in range(ATTEMPTS):
            with self._table.lock:
                if self._table.refresh() < 0:
                    self._table.create(row)
                    continue
                if self._read(digest) is None:
                    try:
                        self._table.write(row, "append", commit)
                    except ConflictError:
                        continue
                self._stored.add(digest)
                return
        raise DataError(
            f"cells could not be stored at {self._table.location.uri}: other writers were faster {ATTEMPTS} times",
            hint="try again",
        )

    def cells(self, digest: str) -> tuple[AnyCells, ...]:
        """Cells that were stored: the very same objects as long as they are held in memory, under whatever digest.

        Raises:
            DataError: they are not there, were altered, or a newer keepfit packed them.
        """
        with self._table.lock:
            if digest not in self._held:
                self._table.refresh()
                packed = self._read(digest)
                if packed is None or digest_of(packed) != digest:
                    raise DataError(
                        f"the cells {digest} at {self._table.location.uri} "
                        f"{'are not there' if packed is None else 'were altered'}",
                        hint="restore the lake's folder from a backup",
                    )
                while len(self._held) >= _HELD:
                    self._held.pop(next(iter(self._held)))
                known = {one: one for held in self._held.values() for one in held}
                self._held[digest] = tuple(known.get(one, one) for one in unpack_cells(packed))
            return self._held[digest]

    def _read(self, digest: str) -> bytes | None:
        """The packed cells, as of the last refresh; None when they are not there."""
        if not self._table.exists:
            return None
        rows = self._table.scan(f"digest = '{digest}'").filter(pl.col("digest") == digest)
        found = rows.select("cells").collect()["cells"].to_list()
        return found[0] if found else None
