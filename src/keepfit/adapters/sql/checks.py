"""The findings of every window, and how far checks have seen the lake."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, RowMapping, func, select

from keepfit.adapters.sql.engine import reading, writing
from keepfit.adapters.sql.rows import put
from keepfit.adapters.sql.tables import checks, seen_batches
from keepfit.clock import Window
from keepfit.monitoring.record import CheckRecord

_KEY = ("model", "version", "window_start", "window_end")


@dataclass(frozen=True, slots=True)
class SqlChecks:
    """`keepfit.monitoring.record.CheckStore` in SQL."""

    engine: Engine

    def save(self, record: CheckRecord) -> None:
        """Insert, or replace the record of the same model, version and window."""
        row = {
            "model": record.model,
            "version": record.version,
            "window_start": record.window.start,
            "window_end": record.window.end,
            "at": record.at,
            "findings": record.findings,
        }
        with writing(self.engine) as connection:
            put(connection, checks, row, key=_KEY)

    def records(
        self, model: str, *, version: int | None = None, limit: int | None = None
    ) -> Sequence[CheckRecord]:
        """Records by window, oldest first; only the newest `limit` windows when given.

        A window that several versions were checked in counts once, and gives a record of each.
        """
        about = [checks.c.model == model]
        if version is not None:
            about.append(checks.c.version == version)
        query = (
            select(checks)
            .where(*about)
            .order_by(checks.c.window_start, checks.c.version, checks.c.window_end)
        )
        if limit is not None:
            newest = select(checks.c.window_start).where(*about).distinct()
            newest = newest.order_by(checks.c.window_start.desc()).limit(limit)
            query = query.where(checks.c.window_start.in_(newest))
        with reading(self.engine) as connection:
            return [_record(row) for row in connection.execute(query).mappings()]

    def seen_batch(self, model: str) -> int:
        """The newest batch of the lake that was checked; 0 when none."""
        with reading(self.engine) as connection:
            return _seen(connection, model)

    def set_seen_batch(self, model: str, batch: int) -> None:
        """Checks have seen the lake up to this batch."""
        with writing(self.engine) as connection:
            put(connection, seen_batches, {"model": model, "batch": batch}, key=["model"])


def _seen(connection: Connection, model: str) -> int:
    query = select(func.coalesce(func.max(seen_batches.c.batch), 0)).where(seen_batches.c.model == model)
    return int(connection.execute(query).scalar_one())


def _record(row: RowMapping) -> CheckRecord:
    return CheckRecord(
        model=row["model"],
        version=row["version"],
        window=Window(row["window_start"], row["window_end"]),
        at=row["at"],
        findings=row["findings"],
    )
