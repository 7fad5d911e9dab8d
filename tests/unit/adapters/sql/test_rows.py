"""Records and rows."""

import pytest
from sqlalchemy import func, select

from keepfit.adapters.sql.engine import open_engine, writing
from keepfit.adapters.sql.migrate import migrate
from keepfit.adapters.sql.rows import add_up, insert_once, put, read, row_of
from keepfit.adapters.sql.tables import drain_positions, routes, seen_batches
from keepfit.clock import EPOCH
from keepfit.predictions.ledger import DrainPosition
from keepfit.release.routing import Route

POSITION = DrainPosition(log="log-1", segment="0001", offset=5)


@pytest.fixture
def connection():
    """A transaction on an empty database."""
    engine = open_engine("sqlite://")
    migrate(engine)
    with writing(engine) as found:
        yield found
    engine.dispose()


def count(connection, table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_record_comes_back_without_the_columns_it_does_not_know(connection):
    """A row may hold more than the record: the rest is passed over."""
    insert_once(connection, drain_positions, row_of(POSITION) | {"updated_at": EPOCH}, key=["log"])
    assert read(connection, select(drain_positions), DrainPosition) == [POSITION]


def test_a_row_is_inserted_once(connection):
    """The second row of a key is not inserted, and the answer says so."""
    row = {"model": "taxi-eta", "batch": 1}
    assert insert_once(connection, seen_batches, row, key=["model"])
    assert not insert_once(connection, seen_batches, row | {"batch": 2}, key=["model"])
    assert connection.execute(select(seen_batches.c.batch)).scalar_one() == 1


def test_a_row_is_replaced(connection):
    """The second row of a key takes the place of the first."""
    for batch in (1, 2):
        put(connection, seen_batches, {"model": "taxi-eta", "batch": batch}, key=["model"])
    assert connection.execute(select(seen_batches.c.batch)).scalar_one() == 2
    assert count(connection, seen_batches) == 1


def test_sums_are_added_and_the_rest_is_replaced(connection):
    """Of the second row of a key, the named columns are added and the others replaced."""
    for champion in (1, 2):
        row = row_of(Route(model="taxi-eta", generation=10, champion=champion))
        add_up(connection, routes, row, key=["model"], sums=["generation"])
    (route,) = read(connection, select(routes), Route)
    assert (route.generation, route.champion) == (20, 2)
