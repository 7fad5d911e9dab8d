"""Opening databases, and the two kinds of transaction."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import pytest
from sqlalchemy import text

from keepfit.adapters.sql.engine import open_engine, reading, writing
from keepfit.errors import ConfigError

ADD = text("UPDATE sums SET total = :total")


@pytest.fixture(params=["file", "memory"])
def engine(request, tmp_path):
    """A database with one number in it."""
    found = open_engine(
        "sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path}/deep/down/keepfit.db"
    )
    with writing(found) as connection:
        connection.execute(text("CREATE TABLE sums (total INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO sums VALUES (0)"))
    yield found
    found.dispose()


def total(engine) -> int:
    with reading(engine) as connection:
        return connection.execute(text("SELECT total FROM sums")).scalar_one()


def test_writers_that_read_first_lose_nothing(engine):
    """Four threads that read a number and write it back plus one wait for each other; none is refused."""

    def add(_: int) -> None:
        for _ in range(25):
            with writing(engine) as connection:
                before = connection.execute(text("SELECT total FROM sums")).scalar_one()
                connection.execute(ADD, {"total": before + 1})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    assert total(engine) == 100


def test_a_transaction_that_fails_leaves_nothing(engine):
    """What was written before an error is undone."""

    def fail() -> None:
        with writing(engine) as connection:
            connection.execute(ADD, {"total": 7})
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert total(engine) == 0


def test_a_reader_changes_nothing(engine):
    """What a reading transaction writes is undone, even after it ended well."""
    with reading(engine) as connection:
        connection.execute(ADD, {"total": 7})
    assert total(engine) == 0


def test_a_file_is_read_while_it_is_written(tmp_path):
    """In write-ahead mode a reader sees the state before an open writing transaction, without waiting for it."""
    engine = open_engine(f"sqlite:///{tmp_path}/keepfit.db")
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE sums (total INTEGER)"))
        connection.execute(text("INSERT INTO sums VALUES (1)"))
    with writing(engine) as connection:
        connection.execute(ADD, {"total": 2})
        assert total(engine) == 1
    assert total(engine) == 2
    engine.dispose()


def test_sqlite_keeps_commits_and_checks_references(tmp_path):
    """Every connection flushes each commit to the disk, keeps a write-ahead log, and checks foreign keys."""
    engine = open_engine(f"sqlite:///{tmp_path}/keepfit.db")
    with reading(engine) as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    with sqlite3.connect(tmp_path / "keepfit.db") as plain:
        assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    plain.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [("mysql://root@/x", "in mysql"), ("keepfit.db", "cannot be read"), ("oracle://x", "in oracle")],
)
def test_other_addresses_are_refused(url, says):
    """An address that keepfit cannot use is refused with the ones that it can."""
    with pytest.raises(ConfigError, match=says) as caught:
        open_engine(url)
    assert "sqlite:///path" in str(caught.value.hint)


def test_an_unreadable_address_does_not_show_its_password():
    """The address is not repeated: it may hold a password."""
    with pytest.raises(ConfigError) as caught:
        open_engine("postgresql//me:secret@host/db")
    assert "secret" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_postgresql_needs_its_driver(scheme):
    """Both spellings are taken; without the driver the error names the extra that brings it."""
    url = f"{scheme}://me@host/db"
    if find_spec("psycopg") is None:
        with pytest.raises(ConfigError, match="driver") as caught:
            open_engine(url)
        assert "keepfit[postgres]" in str(caught.value.hint)
    else:
        assert open_engine(url).url.drivername == "postgresql+psycopg"
