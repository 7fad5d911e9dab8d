"""What is known of one model's evidence without a look at its table: which rows count, and the windows asked for lately."""

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Final

import polars as pl

from keepfit.adapters.lake.evidence_cells import DeltaCells
from keepfit.adapters.lake.table import LakeTable
from keepfit.monitoring.evidence import WindowEvidence

#: Packed evidence whose windows are held in memory; unpacked they take about twice that.
HELD_BYTES: Final = 64 * 1024 * 1024

#: What tells which row counts.
_LIGHT: Final = ("version", "window_start", "batch", "sequence")

#: A version, and the start of a window.
Key = tuple[int, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The newest row of a version and window.

    Attributes:
        batch: the newest batch of the lake that is in it.
        sequence: the number of the row: the one that was written last counts.
    """

    batch: int
    sequence: int


@dataclass(slots=True)
class Shelf:
    """One model's tables, and what was seen of them.

    Not safe to share among threads but under the lock of `table`.

    Attributes:
        table: the windows.
        cells: what they were counted in.
        newest: the rows that count, of those that were seen.
        order: start and version of each of them, ascending.
        sequence: of the last row that was seen.
        looked: the Delta version whose rows were all seen.
        held: windows in memory, by the number of their rows, and the bytes that these take; what nobody asked for
            lately comes first.
        held_bytes: the sum of these.
    """

    table: LakeTable
    cells: DeltaCells
    newest: dict[Key, Row] = field(default_factory=dict)
    order: list[tuple[datetime, int]] = field(default_factory=list)
    sequence: int = 0
    looked: int = -1
    held: dict[int, tuple[WindowEvidence, int]] = field(default_factory=dict)
    held_bytes: int = 0

    def look(self) -> bool:
        """See the rows of others; those that were seen already are not read. False when there is no table."""
        version = self.table.refresh()
        if version > self.looked:
            newer = self.table.scan_between("sequence", self.sequence + 1).filter(
                pl.col("sequence") > self.sequence
            )
            self.see(newer.select(_LIGHT).collect())
            self.looked = version
        return version >= 0

    def see(self, rows: pl.DataFrame) -> None:
        """Rows that are newer than all that were seen."""
        for version, start, batch, sequence in rows.select(_LIGHT).sort("sequence").iter_rows():
            before = self.newest.get((version, start))
            if before is not None:
                self.drop(before.sequence)
            else:
                insort(self.order, (start, version))
            self.newest[version, start] = Row(batch=batch, sequence=sequence)
            self.sequence = sequence

    def between(self, since: datetime | None, until: datetime | None) -> list[Key]:
        """The windows that begin in [since, until), oldest first; None leaves an end open."""
        first = 0 if since is None else bisect_left(self.order, since, key=itemgetter(0))
        last = len(self.order) if until is None else bisect_left(self.order, until, key=itemgetter(0))
        return [(version, start) for start, version in self.order[first:last]]

    def take(self, sequence: int) -> WindowEvidence | None:
        """A window that is held in memory."""
        held = self.held.pop(sequence, None)
        if held is None:
            return None
        self.held[sequence] = held
        return held[0]

    def hold(self, sequence: int, evidence: WindowEvidence, size: int) -> None:
        """Keep a window in memory; others make room."""
        self.held[sequence] = evidence, size
        self.held_bytes += size
        while self.held_bytes > HELD_BYTES:
            self.drop(next(iter(self.held)))

    def drop(self, sequence: int) -> None:
        """Hold a window no longer, if it is held."""
        _, size = self.held.pop(sequence, (None, 0))
        self.held_bytes -= size
