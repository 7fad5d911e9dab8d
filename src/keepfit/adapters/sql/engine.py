"""Opening the database, and the two kinds of transaction: one that reads, one that writes."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from keepfit.errors import ConfigError

#: How long a writer waits for another one.
BUSY_TIMEOUT_S: Final = 30

_WRITES: Final = "keepfit_writes"


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///path`, `sqlite://` (in memory) or `postgresql://…`.

    SQLite runs in write-ahead mode with every commit flushed to the disk; the folder of its file is made when it is
    missing. A database in memory has one connection, which threads take in turns. Nothing is created in the
    database: see `keepfit.adapters.sql.migrate`.

    Raises:
        ConfigError: the address is of another kind, or its driver is not installed.
    """
    address = _parsed(url)
    kind = address.get_backend_name()
    if kind == "sqlite":
        return _sqlite(address)
    if kind == "postgresql":
        return _postgresql(address)
    raise ConfigError(
        f"keepfit does not keep its state in {kind}", hint="use sqlite:///path or postgresql://…"
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one moment of the database; what it changes is undone."""
    with engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that is committed whole when the block ends well, and undone when it does not.

    SQLite's takes its place in the queue of writers before it reads. A transaction that began as a reader
    and then wrote would be refused, not made to wait, if another had written in between.
    """
    with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        yield connection


def _parsed(url: str) -> URL:
    try:
        return make_url(url.replace("postgres://", "postgresql://", 1))
    except ArgumentError:
        raise ConfigError(
            "the database address cannot be read", hint="write sqlite:///path or postgresql://user@host/name"
        ) from None


def _sqlite(address: URL) -> Engine:
    in_memory = address.database in (None, "", ":memory:")
    if not in_memory:
        Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
    # Threads in turn on one connection: each would see a database of its own otherwise.
    pool: dict[str, Any] = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0} if in_memory else {}
    engine = create_engine(
        address.set(drivername="sqlite"),
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        pool_timeout=BUSY_TIMEOUT_S,
        **{"poolclass": QueuePool, **pool},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """Leave transactions to us: Python's driver would begin them late, and as readers."""
    connection.isolation_level = None
    for pragma in (f"busy_timeout = {BUSY_TIMEOUT_S * 1000}", "journal_mode = WAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(address: URL) -> Engine:
    if find_spec("psycopg") is None:
        raise ConfigError(
            "the driver for PostgreSQL is not installed", hint="pip install 'keepfit[postgres]'"
        )
    return create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
