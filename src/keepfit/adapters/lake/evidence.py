"""Evidence: a Delta table a model, appended to, of which the newest row of each version and window counts.

A row says what it is about in columns that anybody can read: the window, how many rows were served and labelled in it,
the newest batch of the lake that is in it. The evidence itself is packed, see `keepfit.adapters.evidence_format`; the cells
that it was counted in stand in a table beside it, once.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

import polars as pl
from deltalake import ColumnProperties, WriterProperties

from keepfit.adapters.evidence_format import FORMAT, pack_evidence
from keepfit.adapters.lake.evidence_cells import DeltaCells
from keepfit.adapters.lake.evidence_read import read_windows
from keepfit.adapters.lake.evidence_shelf import Key, Shelf
from keepfit.adapters.lake.location import Location
from keepfit.adapters.lake.table import ATTEMPTS, Commit, ConflictError, LakeTable
from keepfit.clock import utc
from keepfit.errors import DataError
from keepfit.ids import is_name
from keepfit.monitoring.evidence import WindowEvidence

#: So many windows go into one commit: a tenth of a megabyte each where there are forty features.
_AT_ONCE: Final = 64

_SMALL_FILES: Final = 40
_FILE_BYTES: Final = 64 * 1024 * 1024
#: Rows that count no more are deleted when they are more than these, and more than a quarter of the others.
_SUPERSEDED: Final = 32

_UTC: Final = pl.Datetime("us", "UTC")
_COLUMNS: Final = {
    "model": pl.String(),
    "version": pl.Int64(),
    "window_start": _UTC,
    "window_end": _UTC,
    "rows": pl.Int64(),
    "predicted": pl.Int64(),
    "labelled": pl.Int64(),
    "batch": pl.Int64(),
    "sequence": pl.Int64(),
    "format": pl.Int32(),
    "cells": pl.String(),
    "evidence": pl.Binary(),
}

#: Rows here are the record, not the log.
_CONFIGURATION: Final = {"delta.logRetentionDuration": "interval 2 days"}
#: A few windows are read without the others of their file: a day of hours is in four groups. Of their bytes there is
#: nothing to look up. LZ4 makes files a seventh larger than Zstandard does, and is read four times as fast: a window
#: is written once, and read by every check until it leaves the week.
_WRITER: Final = WriterProperties(
    max_row_group_size=8,
    compression="LZ4_RAW",
    column_properties={"evidence": ColumnProperties(dictionary_enabled=False, statistics_enabled="NONE")},
)


class DeltaEvidence:
    """Implements `keepfit.monitoring.evidence.EvidenceStore` on a folder of Delta tables.

    Evidence is on disk when `put` returns. Any number of processes may put and read: of two that restate one window
    the one that has seen more of the lake wins.

    Args:
        root: a local folder, or the URI of one on an object store.
        options: credentials and endpoints of the object store.
    """

    def __init__(self, root: str | Path, *, options: Mapping[str, str] | None = None) -> None:
        self._root = Location.of(root, options)
        self._shelves: dict[str, Shelf] = {}
        self._lock = threading.Lock()

    def put(self, evidence: WindowEvidence) -> None:
        """Insert, or replace the evidence of the same model, version and window. Raises like `put_all`."""
        self.put_all([evidence])

    def put_all(self, evidence: Iterable[WindowEvidence]) -> None:
        """Insert or replace; evidence that has seen less of the lake than what is there is passed over.

        Windows are taken and committed a few at a time, so that any number may come out of a generator.

        Raises:
            DataError: other writers were faster every time; what was committed before stays.
        """
        windows = iter(evidence)
        while some := list(islice(windows, _AT_ONCE)):
            for model in dict.fromkeys(one.model for one in some):
                self._put(model, [one for one in some if one.model == model])

    def evidence(
        self, model: str, version: int, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[WindowEvidence]:
        """The windows of a version that begin in [since, until), oldest first; None leaves an end open.

        Windows that were read before are not read again.

        Raises:
            DataError: what is stored was altered, or a newer keepfit wrote it.
        """
        return self._found(
            model, lambda shelf: [key for key in shelf.between(since, until) if key[0] == version]
        )

    def of_windows(self, model: str, starts: Collection[datetime]) -> Sequence[WindowEvidence]:
        """The evidence of every version in the windows that begin then, oldest first. Raises like `evidence`."""
        wanted = sorted({utc(start) for start in starts})
        return self._found(
            model,
            lambda shelf: [
                key for start in wanted for key in shelf.between(start, start + datetime.resolution)
            ],
        )

    def _found(self, model: str, wanted: Callable[[Shelf], list[Key]]) -> Sequence[WindowEvidence]:
        shelf = self._shelf(model)
        with shelf.table.lock:
            if not shelf.look():
                return []
            numbers = {shelf.newest[key].sequence: key for key in wanted(shelf)}
            held = {number: shelf.take(number) for number in numbers}
            found = {number: window for number, window in held.items() if window is not None}
            missing = {number: key for number, key in numbers.items() if number not in found}
            found |= read_windows(shelf, model, missing)
            return [found[number] for number in numbers]

    def _shelf(self, model: str) -> Shelf:
        if not is_name(model):
            raise DataError(
                f"'{model}' cannot name a model", hint="use lower-case letters, digits, '-', '_' and '.'"
            )
        with self._lock:
            if model not in self._shelves:
                self._shelves[model] = Shelf(
                    LakeTable(
                        self._root.under(model, "windows"), configuration=_CONFIGURATION, writer=_WRITER
                    ),
                    DeltaCells(self._root.under(model, "cells"), configuration=_CONFIGURATION),
                )
            return self._shelves[model]

    def _put(self, model: str, windows: list[WindowEvidence]) -> None:
        shelf = self._shelf(model)
        rows = _rows(shelf.cells, _once(windows))
        for _ in range(ATTEMPTS):
            with shelf.table.lock:
                if not shelf.look():
                    shelf.table.create(rows)
                    continue
                if _written(shelf, rows):
                    _tidy(shelf)
                    return
        raise DataError(
            f"the evidence of '{model}' could not be stored: other writers were faster {ATTEMPTS} times",
            hint="check the model again",
        )


def _once(windows: Iterable[WindowEvidence]) -> Iterable[WindowEvidence]:
    """Of windows of one model, the last of each version and start that has seen no less of the lake than those before."""
    chosen: dict[Key, WindowEvidence] = {}
    for one in windows:
        key = one.version, utc(one.window.start)
        if key not in chosen or one.batch >= chosen[key].batch:
            chosen[key] = one
    return chosen.values()


def _rows(cells: DeltaCells, windows: Iterable[WindowEvidence]) -> pl.DataFrame:
    """A row for each window, numbered from 0; their cells are stored before they are named."""
    rows = []
    for number, one in enumerate(windows):
        packed = pack_evidence(one)
        cells.keep(packed.digest, packed.cells)
        rows.append(
            {
                "model": one.model,
                "version": one.version,
                "window_start": utc(one.window.start),
                "window_end": utc(one.window.end),
                "rows": one.traffic.rows,
                "predicted": one.performance.predicted,
                "labelled": one.performance.labelled.n,
                "batch": one.batch,
                "sequence": number,
                "format": FORMAT,
                "cells": packed.digest,
                "evidence": packed.evidence,
            }
        )
    return pl.DataFrame(rows, schema=_COLUMNS)


def _written(shelf: Shelf, rows: pl.DataFrame) -> bool:
    """Append what has seen no less of the lake than the rows that were looked at; False when another writer was first.

    Appends conflict with each other on purpose: what is newer is judged against the very state that is committed on, and
    no two rows have one number.
    """
    there = [shelf.newest.get(key) for key in rows.select("version", "window_start").iter_rows()]
    fresh = rows.filter(
        pl.Series(
            [row is None or batch >= row.batch for row, batch in zip(there, rows["batch"], strict=True)]
        )
    )
    if fresh.is_empty():
        return True
    first = shelf.sequence + 1
    numbered = fresh.with_columns(pl.col("sequence") + first)
    commit = Commit(metadata={"keepfit.sequence": first}, serial=("keepfit-evidence", first))
    try:
        shelf.table.write(numbered, "append", commit)
    except ConflictError:
        return False
    shelf.see(numbered)
    return True


def _tidy(shelf: Shelf) -> None:
    """Now and then, delete rows that count no more and join small files.

    Each is one commit: a crash leaves the table before it or the table after it, and in both the newest rows. The row
    that was written last counts, so that its number is never given out again.
    """
    rows = sum(pl.DataFrame(shelf.table.handle.get_add_actions())["num_records"])
    if rows - len(shelf.newest) > max(_SUPERSEDED, len(shelf.newest) // 4):
        count = {row.sequence for row in shelf.newest.values()}
        numbers = shelf.table.scan().select("sequence").collect()["sequence"]
        gone = [one for one in numbers if one <= shelf.sequence and one not in count]
        if gone:  # the others may be new ones, of a writer that came in between
            shelf.table.delete(f"sequence IN ({', '.join(map(str, gone))})")
    shelf.table.compact(small=_SMALL_FILES, target=_FILE_BYTES)
