"""The evidence of every version and window, packed."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from keepfit.adapters.codec import pack, unpack
from keepfit.adapters.sql.engine import reading, writing
from keepfit.adapters.sql.rows import put
from keepfit.adapters.sql.tables import evidence as table
from keepfit.monitoring.evidence import WindowEvidence

#: Counts are small numbers in eight bytes each: the fastest level makes a third of them.
_LEVEL = 1


@dataclass(frozen=True, slots=True)
class SqlEvidence:
    """`keepfit.monitoring.evidence.EvidenceStore` in SQL."""

    engine: Engine

    def put(self, evidence: WindowEvidence) -> None:
        """Insert, or replace the evidence of the same model, version and window."""
        row = {
            "model": evidence.model,
            "version": evidence.version,
            "window_start": evidence.window.start,
            "packed": zlib.compress(pack(evidence), _LEVEL),
        }
        with writing(self.engine) as connection:
            put(connection, table, row, key=["model", "version", "window_start"])

    def evidence(
        self, model: str, version: int, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[WindowEvidence]:
        """The windows of a version that begin in [since, until), oldest first; None leaves an end open."""
        query = select(table.c.packed).where(table.c.model == model, table.c.version == version)
        if since is not None:
            query = query.where(table.c.window_start >= since)
        if until is not None:
            query = query.where(table.c.window_start < until)
        with reading(self.engine) as connection:
            blobs = connection.execute(query.order_by(table.c.window_start)).scalars().all()
        return [unpack(zlib.decompress(blob), WindowEvidence) for blob in blobs]
