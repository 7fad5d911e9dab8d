"""Events that wait for the other half of their pair: one SQLite file, shared by the workers of a server."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from keepfit.errors import CaptureError

#: How long an event waits, unless told otherwise.
WAIT: Final = timedelta(minutes=10)
#: How many wait at most, unless told otherwise.
MOST: Final = 100_000

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS halves (
    key TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, event BLOB NOT NULL, PRIMARY KEY (key, kind)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS halves_by_time ON halves (at);
CREATE TABLE IF NOT EXISTS settled (key TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS settled_by_time ON settled (at);
CREATE TABLE IF NOT EXISTS tally (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
"""


class EventHalves:
    """Implements `keepfit.serving.ingest.kserve.Halves`; any number of threads and processes may use one file.

    What it holds outlives the process. An event that has waited too long is let go of and counted; so is the oldest when
    too many wait. That a pair was settled is remembered for as long as an event waits, so that a repeat of one is known.

    Args:
        path: the file; made when missing.
        wait: how long an event waits for its other half.
        most: how many wait at most.
        expired: told how many events were let go of, when this process does so.

    Raises:
        CaptureError: the file cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        *,
        wait: timedelta = WAIT,
        most: int = MOST,
        expired: Callable[[int], None] = lambda _events: None,
    ) -> None:
        self._tell_expired = expired
        self._path, self._wait_us, self._most = path, wait // timedelta(microseconds=1), most
        self._lock = threading.Lock()
        self._looked_us = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = NORMAL")
            self._base.executescript(_TABLES)
        except (sqlite3.Error, OSError) as error:
            raise CaptureError(f"events cannot be kept in {path}: {error}") from error

    def meet(self, key: str, kind: str, event: bytes, *, now_us: int) -> bytes | None:
        """Keep an event; the other kind's event of this key when it waits here, else None.

        Raises:
            CaptureError: it cannot be kept; whoever sent it should send it again.
        """
        with self._writing() as base:
            self._let_go(base, now_us)
            if base.execute("SELECT 1 FROM settled WHERE key = ?", (key,)).fetchone():
                return None
            base.execute("INSERT OR IGNORE INTO halves VALUES (?, ?, ?, ?)", (key, kind, now_us, event))
            found = base.execute(
                "SELECT event FROM halves WHERE key = ? AND kind <> ?", (key, kind)
            ).fetchone()
            return None if found is None else bytes(found[0])

    def settle(self, key: str) -> None:
        """The pair of this key was recorded. Raises CaptureError."""
        with self._writing() as base:
            base.execute(
                "INSERT OR IGNORE INTO settled SELECT key, max(at) FROM halves WHERE key = ? GROUP BY key",
                (key,),
            )
            base.execute("DELETE FROM halves WHERE key = ?", (key,))

    @property
    def waiting(self) -> int:
        """Events that wait."""
        return self._number("SELECT count(*) FROM halves")

    @property
    def expired(self) -> int:
        """Events that were let go of because their other half did not come, ever."""
        return self._number("SELECT coalesce(sum(number), 0) FROM tally WHERE name = 'expired'")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    def _let_go(self, base: sqlite3.Connection, now_us: int) -> None:
        """Once a second at most: what came meanwhile has hardly waited too long."""
        if now_us - self._looked_us < 1_000_000:
            return
        self._looked_us = now_us
        gone = base.execute("DELETE FROM halves WHERE at < ?", (now_us - self._wait_us,)).rowcount
        surplus = base.execute("SELECT count(*) FROM halves").fetchone()[0] - self._most
        if surplus > 0:
            gone += base.execute(
                "DELETE FROM halves WHERE (key, kind) IN (SELECT key, kind FROM halves ORDER BY at LIMIT ?)",
                (surplus,),
            ).rowcount
        base.execute("DELETE FROM settled WHERE at < ?", (now_us - self._wait_us,))
        if gone:
            base.execute(
                "INSERT INTO tally VALUES ('expired', ?) ON CONFLICT (name) DO UPDATE SET number = number + ?",
                (gone, gone),
            )
            self._tell_expired(gone)

    def _number(self, query: str) -> int:
        with self._lock:
            return int(self._base.execute(query).fetchone()[0])

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._base.execute("BEGIN IMMEDIATE")
                try:
                    yield self._base
                except BaseException:
                    self._base.execute("ROLLBACK")
                    raise
                self._base.execute("COMMIT")
            except sqlite3.Error as error:
                raise CaptureError(f"an event cannot be kept in {self._path}: {error}") from error
