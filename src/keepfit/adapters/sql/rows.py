"""Between records and rows: a record's fields are its row's columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, Table
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")


def row_of(record: Any) -> dict[str, Any]:
    """A record's fields by name; nested records are left for the column's type to write."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def read(connection: Connection, query: Select[Any], kind: type[T]) -> list[T]:
    """The rows of a query as records; columns that are no field are passed over."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # kind is always a dataclass
    return [kind(**{name: row[name] for name in names}) for row in connection.execute(query).mappings()]


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what to do on a conflict, in the words of this database."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def insert_once(connection: Connection, table: Table, row: Mapping[str, Any], *, key: Sequence[str]) -> bool:
    """Insert a row; False, and nothing is changed, when one with its key is there."""
    statement = upsert(connection, table).values(**row).on_conflict_do_nothing(index_elements=key)
    # A count of rows is not to be had from every driver after such an INSERT; the row that it returns is.
    return connection.execute(statement.returning(table.c[key[0]])).first() is not None


def put(connection: Connection, table: Table, row: Mapping[str, Any], *, key: Sequence[str]) -> None:
    """Insert a row, or replace the one with its key."""
    statement = upsert(connection, table).values(**row)
    changed: dict[str, Any] = {name: statement.excluded[name] for name in row if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=changed))


def add_up(
    connection: Connection, table: Table, row: Mapping[str, Any], *, key: Sequence[str], sums: Iterable[str]
) -> None:
    """Insert a row, or add its `sums` to those of the row with its key and replace the rest."""
    statement = upsert(connection, table).values(**row)
    changed: dict[str, Any] = {name: statement.excluded[name] for name in row if name not in key}
    added: dict[str, Any] = {name: table.c[name] + statement.excluded[name] for name in sums}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=changed | added))
