"""Columns of moments, enums and nested values."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, MetaData, Table, insert, select

from keepfit.adapters.sql.column_types import Json, Moment, Word
from keepfit.adapters.sql.engine import open_engine, writing
from keepfit.clock import Window
from keepfit.jobs.job import JobState

KEPT = Table(
    "kept", MetaData(), Column("at", Moment), Column("state", Word(JobState)), Column("window", Json(Window))
)
NOON = datetime(2020, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def connection():
    """A transaction on a database with one such table."""
    engine = open_engine("sqlite://")
    with writing(engine) as found:
        KEPT.create(found)
        yield found
    engine.dispose()


def test_values_come_back_as_what_they_were(connection):
    """A moment, an enum and a record come back with their types; so does nothing at all."""
    row = (NOON, JobState.DONE, Window(NOON, NOON + timedelta(days=1)))
    connection.execute(insert(KEPT).values(row))
    connection.execute(insert(KEPT).values((None, None, None)))
    assert connection.execute(select(KEPT)).all() == [row, (None, None, None)]


def test_moments_compare_as_moments(connection):
    """A moment of another zone is stored, compared and given back in UTC."""
    in_karachi = NOON.astimezone(timezone(timedelta(hours=5)))
    connection.execute(insert(KEPT).values(at=in_karachi))
    assert connection.execute(select(KEPT.c.at).where(KEPT.c.at == NOON)).scalar_one().tzinfo is UTC
    assert connection.execute(select(KEPT.c.at).where(KEPT.c.at < in_karachi)).all() == []


def test_a_word_that_is_no_member_is_refused(connection):
    """Only members of the enum are written."""
    with pytest.raises(Exception, match="'lost' is not a valid JobState"):
        connection.execute(insert(KEPT).values(state="lost"))
