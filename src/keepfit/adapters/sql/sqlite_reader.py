"""What a server reads of a workspace's SQLite file, read without SQLAlchemy.

Importing SQLAlchemy takes longer than everything else that a server does before its first answer.
"""

import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from keepfit.adapters.codec import from_json
from keepfit.adapters.sql.revisions import REVISION_TABLE, REVISIONS
from keepfit.errors import NotFoundError
from keepfit.registry.model_version import ModelVersion
from keepfit.registry.signature import Signature
from keepfit.release.routing import Route

_PATIENCE_S = 30.0


class SqliteReader:
    """Routes and model versions of a database at the present revision; any number of threads may read.

    Args:
        connection: to that database; it is closed with `close`.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection, self._lock = connection, threading.Lock()
        self._routes: tuple[int, tuple[Route, ...]] | None = None

    @classmethod
    def open(cls, path: Path) -> Self | None:
        """The file's reader; None when there is no such file, or it has to be migrated first."""
        try:
            connection = _connected(path)
        except sqlite3.OperationalError:
            return None
        try:
            found = connection.execute(f"SELECT version_num FROM {REVISION_TABLE}").fetchone()  # noqa: S608 - our own name
        except sqlite3.DatabaseError:
            found = None
        if found is None or found[0] != REVISIONS[-1]:
            connection.close()
            return None
        return cls(connection)

    def routes(self) -> tuple[Route, ...]:
        """The routes of all models, by name; a look at a database that nobody wrote since costs microseconds."""
        with self._lock:
            (written,) = self._connection.execute("PRAGMA data_version").fetchone()
            if self._routes is None or self._routes[0] != written:
                rows = self._connection.execute("SELECT * FROM keepfit_routes ORDER BY model").fetchall()
                self._routes = written, tuple(_route(row) for row in rows)
            return self._routes[1]

    def version(self, model: str, number: int) -> ModelVersion:
        """One version. Raises NotFoundError."""
        query = "SELECT * FROM keepfit_model_versions WHERE model = ? AND number = ?"
        with self._lock:
            row = self._connection.execute(query, (model, number)).fetchone()
        if row is None:
            raise NotFoundError(f"there is no version {number} of model '{model}'")
        given: dict[str, Any] = dict(row) | {
            "metrics": from_json(row["metrics"], Mapping[str, float]),
            "signature": from_json(row["signature"], Signature),
            "trained_at": datetime.fromisoformat(row["trained_at"]).replace(tzinfo=UTC),
        }
        return ModelVersion(**{field.name: given[field.name] for field in fields(ModelVersion)})

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()


def _connected(path: Path) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode=rw"
    connection = sqlite3.connect(
        uri, uri=True, timeout=_PATIENCE_S, check_same_thread=False, isolation_level=None
    )
    connection.row_factory = sqlite3.Row
    return connection


def _route(row: sqlite3.Row) -> Route:
    given: dict[str, Any] = dict(row) | {"shadows": from_json(row["shadows"], tuple[int, ...])}
    return Route(**{field.name: given[field.name] for field in fields(Route)})
