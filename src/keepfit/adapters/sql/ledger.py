"""The ledger's sums, how far each capture log was drained, and the numbers of the drains."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, func, select

from keepfit.adapters.sql.engine import reading, writing
from keepfit.adapters.sql.rows import add_up, insert_once, put, read, row_of
from keepfit.adapters.sql.tables import batches, drain_positions, ledgers, open_batches
from keepfit.predictions.batches import Batches
from keepfit.predictions.ledger import DrainPosition, Ledger

_COUNTS = ("received", "stored", "sampled_out", "dropped", "duplicates", "labels")


@dataclass(frozen=True, slots=True)
class SqlLedger:
    """`keepfit.predictions.ledger.LedgerStore` in SQL."""

    engine: Engine

    def ledger(self, model: str | None = None) -> Ledger:
        """The sums of a model, or of all; zeros when nothing was recorded."""
        sums = [func.coalesce(func.sum(ledgers.c[name]), 0).label(name) for name in _COUNTS]
        query = select(*sums)
        if model is not None:
            query = query.where(ledgers.c.model == model)
        with reading(self.engine) as connection:
            row = connection.execute(query).mappings().one()
        return Ledger(**{name: int(row[name]) for name in _COUNTS})

    def position(self, log: str) -> DrainPosition | None:
        """How far a capture log was drained; None when never."""
        query = select(drain_positions).where(drain_positions.c.log == log)
        with reading(self.engine) as connection:
            found = read(connection, query, DrainPosition)
        return found[0] if found else None

    def next_batch(self, log: str, model: str) -> int:
        """The number of the next drain of a model's rows; the same until `record` is called.

        Numbers grow by model, over all its logs, so that no two drains share one.
        """
        with writing(self.engine) as connection:
            given = _open_batch(connection, log, model)
            return _give_batch(connection, log, model) if given is None else given

    def closed(self, model: str) -> Batches:
        """The batches of this model whose drain is on record: nothing will be added to them, and all of it is in the lake."""
        newest = select(func.max(batches.c.newest)).where(batches.c.model == model)
        still_open = select(open_batches.c.batch).where(open_batches.c.model == model)
        with reading(self.engine) as connection:
            # In this order: a number that is given out in between is above the newest, and so no matter.
            given = connection.execute(newest).scalar() or 0
            return Batches.closed(given, connection.execute(still_open).scalars())

    def record(self, position: DrainPosition, counts: dict[str, Ledger], *, at: datetime) -> None:
        """Add each model's counts, move the position and close the log's batches, in one transaction, or neither."""
        with writing(self.engine) as connection:
            for model in sorted(counts):
                row = {"model": model, "updated_at": at, **row_of(counts[model])}
                add_up(connection, ledgers, row, key=["model"], sums=_COUNTS)
            put(connection, drain_positions, {**row_of(position), "updated_at": at}, key=["log"])
            connection.execute(delete(open_batches).where(open_batches.c.log == position.log))


def _open_batch(connection: Connection, log: str, model: str) -> int | None:
    query = select(open_batches.c.batch).where(open_batches.c.log == log, open_batches.c.model == model)
    return connection.execute(query).scalar()


def _give_batch(connection: Connection, log: str, model: str) -> int:
    add_up(connection, batches, {"model": model, "newest": 1}, key=["model"], sums=["newest"])
    newest: int = connection.execute(select(batches.c.newest).where(batches.c.model == model)).scalar_one()
    insert_once(connection, open_batches, {"log": log, "model": model, "batch": newest}, key=["log", "model"])
    return newest
