"""Every decision, "do nothing" included."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select

from keepfit.adapters.sql.engine import reading, writing
from keepfit.adapters.sql.rows import insert_once, read, row_of
from keepfit.adapters.sql.tables import decisions as table
from keepfit.fleet.decision import DecisionRecord


@dataclass(frozen=True, slots=True)
class SqlDecisions:
    """`keepfit.fleet.decision.DecisionStore` in SQL."""

    engine: Engine

    def record(self, decision: DecisionRecord) -> None:
        """Record a decision; one with the same id is recorded once."""
        with writing(self.engine) as connection:
            insert_once(connection, table, row_of(decision), key=["id"])

    def decisions(
        self, model: str | None = None, *, kind: str | None = None, limit: int | None = None
    ) -> Sequence[DecisionRecord]:
        """Decisions, oldest first; only the newest `limit` when given."""
        query = select(table).order_by(table.c.at.desc(), table.c.seq.desc()).limit(limit)
        if model is not None:
            query = query.where(table.c.model == model)
        if kind is not None:
            query = query.where(table.c.kind == kind)
        with reading(self.engine) as connection:
            return read(connection, query, DecisionRecord)[::-1]
