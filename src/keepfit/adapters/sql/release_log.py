"""Release events, kept for ever."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select

from keepfit.adapters.sql.engine import reading, writing
from keepfit.adapters.sql.rows import insert_once, read, row_of
from keepfit.adapters.sql.tables import release_events as table
from keepfit.registry.lineage import ReleaseEvent


@dataclass(frozen=True, slots=True)
class SqlReleaseLog:
    """`keepfit.registry.lineage.ReleaseLog` in SQL."""

    engine: Engine

    def append(self, event: ReleaseEvent) -> None:
        """Record an event; one with the same id is recorded once."""
        with writing(self.engine) as connection:
            insert_once(connection, table, row_of(event), key=["id"])

    def events(self, model: str | None = None) -> Sequence[ReleaseEvent]:
        """Events of a model, or of all, oldest first; events of one moment in the order they came."""
        query = select(table).order_by(table.c.at, table.c.seq)
        if model is not None:
            query = query.where(table.c.model == model)
        with reading(self.engine) as connection:
            return read(connection, query, ReleaseEvent)
