"""Every dataset store keeps what its port promises."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from keepfit.adapters.lake.datasets import DeltaDatasets
from keepfit.adapters.memory import MemoryDatasets
from keepfit.data.dataset import DatasetStore
from keepfit.data.digest import frame_digest
from keepfit.data.schema import Column
from keepfit.errors import DataError, NotFoundError

AT = datetime(2020, 1, 31, 8, 30, 0, 123456, tzinfo=UTC)
TRIPS = pl.DataFrame(
    {"trip_id": [3, 1, 2], "zone": ["A", None, "é"], "at": [AT, AT + timedelta(hours=1), None]}
)


@pytest.fixture(params=["delta", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> DatasetStore:
    """A store without a dataset in it."""
    return DeltaDatasets(tmp_path / "datasets") if request.param == "delta" else MemoryDatasets()


def test_a_commit_says_what_it_holds(store):
    """Number, digest, rows, schema, parent, source and time are those of the frame and of the call."""
    first = store.commit("taxi", TRIPS, source="January", at=AT)
    second = store.commit(
        "taxi", TRIPS.head(2), source="a part", at=AT.astimezone(timezone(timedelta(hours=2)))
    )
    assert (first.ref, first.rows, first.parent, first.source, first.at) == ("taxi@1", 3, None, "January", AT)
    assert first.digest == frame_digest(TRIPS)
    assert first.schema.columns[0] == Column("trip_id", "Int64")
    assert (second.ref, second.rows, second.parent, second.at) == ("taxi@2", 2, 1, AT)
    assert second.at.utcoffset() == timedelta(0)


def test_rows_come_back_in_the_order_committed(store):
    """Every version stays readable, with its values, types and order."""
    frames = [
        TRIPS,
        TRIPS.reverse(),
        TRIPS.select("zone"),
        TRIPS.with_columns(fare=pl.lit(1.5)),
        TRIPS.clear(),
    ]
    versions = [store.commit("taxi", frame, source="a test", at=AT) for frame in frames]
    assert [version.number for version in versions] == [1, 2, 3, 4, 5]
    for version, frame in zip(versions, frames, strict=True):
        assert_frame_equal(store.read(version), frame)


def test_the_same_data_is_no_new_version(store):
    """The latest version is returned; data that was there before the latest is a new version again."""
    first = store.commit("taxi", TRIPS, source="January", at=AT)
    assert store.commit("taxi", TRIPS, source="again", at=AT + timedelta(days=1)) == first
    store.commit("taxi", TRIPS.head(1), source="less", at=AT)
    assert store.commit("taxi", TRIPS, source="back", at=AT).number == 3
    assert len(store.versions("taxi")) == 3


def test_versions_and_names_are_listed(store):
    """Versions oldest first, names sorted, the latest by default."""
    assert list(store.names()) == []
    one = store.commit("taxi", TRIPS, source="a test", at=AT)
    two = store.commit("taxi", TRIPS.head(1), source="a test", at=AT)
    store.commit("bikes", TRIPS, source="a test", at=AT)
    assert list(store.names()) == ["bikes", "taxi"]
    assert list(store.versions("taxi")) == [one, two]
    assert (store.version("taxi"), store.version("taxi", 1)) == (two, one)


def test_what_is_not_there_is_not_found(store):
    """Names and numbers alike; the closest name is offered."""
    store.commit("taxi", TRIPS, source="a test", at=AT)
    for ask in (
        lambda: store.versions("taxis"),
        lambda: store.version("taxis"),
        lambda: store.vacuum("taxis"),
        lambda: store.version("taxi", 2),
        lambda: store.version("taxi", 0),
        lambda: store.version("../taxi"),
    ):
        with pytest.raises(NotFoundError, match="there is no"):
            ask()
    with pytest.raises(NotFoundError) as error:
        store.versions("taxis")
    assert error.value.hint == "did you mean 'taxi'?"


def test_another_digest_is_not_read(store):
    """Rows that are not those of the version asked for are refused."""
    version = store.commit("taxi", TRIPS, source="a test", at=AT)
    with pytest.raises(DataError, match="taxi@1"):
        store.read(replace(version, digest="sha256:0"))


@pytest.mark.parametrize("name", ["Taxi Trips", "../taxi", ""])
def test_a_name_that_no_folder_can_have_is_refused(store, name):
    """Nothing is written, least of all elsewhere."""
    with pytest.raises(DataError, match="cannot name a dataset"):
        store.commit(name, TRIPS, source="a test", at=AT)
    assert list(store.names()) == []


def test_a_column_without_an_encoding_is_refused(store):
    """Nested values are not versioned, and a refused frame leaves no version."""
    with pytest.raises(DataError, match="column 'odd' has type"):
        store.commit("taxi", pl.DataFrame({"odd": [[1]]}), source="a test", at=AT)
    assert list(store.names()) == []


def test_a_checkout_is_the_same_file_every_time(store, tmp_path):
    """Also after later commits and a vacuum; and it never overwrites."""
    version = store.commit("taxi", TRIPS, source="a test", at=AT)
    first = store.checkout(version, tmp_path / "out" / "first.parquet")
    store.commit("taxi", TRIPS.reverse(), source="a test", at=AT)
    store.vacuum("taxi")
    second = store.checkout(version, tmp_path / "out" / "second.parquet")
    assert first.read_bytes() == second.read_bytes()
    assert_frame_equal(pl.read_parquet(first), TRIPS)
    with pytest.raises(DataError, match="already"):
        store.checkout(version, first)
