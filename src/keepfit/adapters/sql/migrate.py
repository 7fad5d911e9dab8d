"""Bringing the database to the present revision of the tables.

A database that is there already at the present revision costs one query: Alembic, whose import takes half a
second, is only loaded when an old one has to be changed. A new database is made from the tables themselves,
which the migrations produce to the letter (a test compares the two).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    func,
    insert,
    inspect,
    select,
)

from keepfit.adapters.file_lock import file_lock
from keepfit.adapters.sql.engine import reading, writing
from keepfit.adapters.sql.revisions import REVISION_TABLE, REVISIONS
from keepfit.adapters.sql.tables import metadata
from keepfit.errors import WorkspaceError

MIGRATIONS: Final = Path(__file__).parent / "migrations"

#: Any number, the same in every process: PostgreSQL's advisory locks are numbered.
_LOCK_NUMBER: Final = 0x6B656570


def migrate(engine: Engine) -> None:
    """Bring the database to the present revision; any number of processes may call this at once.

    Raises:
        WorkspaceError: a newer keepfit wrote the database.
    """
    with reading(engine) as connection:
        if revision(connection) == REVISIONS[-1]:
            return
    with _alone(engine), writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK_NUMBER)))
        _bring_forward(connection)


def revision(connection: Connection) -> str | None:
    """The revision that the database has; None when it is new."""
    if not inspect(connection).has_table(REVISION_TABLE):
        return None
    return connection.execute(select(_revision_table().c.version_num)).scalar()


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations that the database has not seen, up to one of `REVISIONS` or to the last."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, to)


def _bring_forward(connection: Connection) -> None:
    present = revision(connection)
    if present is None:
        _make(connection)
    elif present not in REVISIONS:
        raise WorkspaceError(
            f"the database is at revision {present}, which this keepfit does not know",
            hint="a newer keepfit wrote it: upgrade keepfit",
        )
    elif present != REVISIONS[-1]:
        upgrade(connection)


def _make(connection: Connection) -> None:
    """Every table at once, in a database that has none."""
    metadata.create_all(connection, checkfirst=False)
    table = _revision_table()
    table.create(connection)
    connection.execute(insert(table).values(version_num=REVISIONS[-1]))


def _revision_table() -> Table:
    """The table in which Alembic notes the revision."""
    return Table(
        REVISION_TABLE,
        MetaData(),
        Column("version_num", String(32)),
        PrimaryKeyConstraint("version_num", name=f"{REVISION_TABLE}_pkc"),
    )


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Keep other processes out while a SQLite file is changed."""
    database = engine.url.database
    if engine.dialect.name != "sqlite" or database in (None, "", ":memory:"):
        yield
        return
    with file_lock(Path(f"{database}.lock")):
        yield
