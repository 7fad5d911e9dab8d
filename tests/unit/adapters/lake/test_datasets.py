"""What the Delta dataset store promises beyond its port: durable, shared by processes, and it notices what was altered."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from keepfit.adapters.lake.datasets import DeltaDatasets
from keepfit.errors import DataError

AT = datetime(2020, 1, 31, 8, 30, tzinfo=UTC)
TRIPS = pl.DataFrame({"trip_id": [3, 1, 2], "zone": ["A", None, "é"]})


COMMIT_FIVE = """
import datetime, sys
import polars as pl
from keepfit.adapters.lake.datasets import DeltaDatasets
store, who = DeltaDatasets(sys.argv[1]), int(sys.argv[2])
for number in range(5):
    frame = pl.DataFrame({"who": [who], "number": [number]})
    store.commit("taxi", frame, source="a test", at=datetime.datetime.now(datetime.UTC))
"""


@pytest.fixture
def store(tmp_path) -> DeltaDatasets:
    return DeltaDatasets(tmp_path)


def data_files(root: Path) -> list[Path]:
    return sorted((root / "taxi").glob("*.parquet"))


def grow_old(table: Path) -> None:
    """Make every file of a table, and every overwriting that its log records, decades old."""
    for file in table.glob("*.parquet"):
        os.utime(file, (0, 0))
    for entry in (table / "_delta_log").glob("*.json"):
        entry.write_text(re.sub(r'"deletionTimestamp":\d+', '"deletionTimestamp":1', entry.read_text()))


def test_the_table_describes_itself(store, tmp_path):
    """Another process finds every version with nothing but the folder."""
    store.commit("taxi", TRIPS, source="January", at=AT)
    store.commit("taxi", TRIPS.cast({"trip_id": pl.UInt64}), source="February", at=AT)
    other = DeltaDatasets(str(tmp_path))
    assert list(other.versions("taxi")) == list(store.versions("taxi"))
    assert_frame_equal(other.read(other.version("taxi", 2)), TRIPS.cast({"trip_id": pl.UInt64}))


def test_a_store_sees_the_commits_of_others(store, tmp_path):
    """A handle that was opened before is no older than the folder."""
    store.commit("taxi", TRIPS, source="a test", at=AT)
    other = DeltaDatasets(tmp_path)
    other.commit("taxi", TRIPS.head(1), source="a test", at=AT)
    assert store.version("taxi").number == 2
    assert store.commit("taxi", TRIPS.head(1), source="a test", at=AT).number == 2


def test_two_processes_lose_no_version(store, tmp_path):
    """Both commit five versions at once, the first of them too: ten are there, numbered without a gap, each readable."""
    workers = [subprocess.Popen([sys.executable, "-c", COMMIT_FIVE, tmp_path, str(who)]) for who in (1, 2)]
    assert [worker.wait() for worker in workers] == [0, 0]
    versions = store.versions("taxi")
    assert [version.number for version in versions] == list(range(1, 11))
    assert [version.parent for version in versions] == [None, *range(1, 10)]
    read = [store.read(version).rows()[0] for version in versions]
    assert sorted(read) == [(who, number) for who in (1, 2) for number in range(5)]


def test_an_altered_file_is_noticed(store, tmp_path):
    """Rows that are not those that were committed are never given out."""
    version = store.commit("taxi", TRIPS, source="a test", at=AT)
    [file] = data_files(tmp_path)
    pl.read_parquet(file).with_columns(zone=pl.lit("B")).write_parquet(file)
    with pytest.raises(DataError, match="taxi@1 was altered"):
        store.read(version)
    with pytest.raises(DataError, match="taxi@1 was altered"):
        store.checkout(version, tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize("damage", ["gone", "garbage"])
def test_a_damaged_file_is_noticed(store, tmp_path, damage):
    """A file that is missing, or is none, is an error of ours that names the version."""
    version = store.commit("taxi", TRIPS, source="a test", at=AT)
    [file] = data_files(tmp_path)
    file.unlink() if damage == "gone" else file.write_bytes(b"not a table at all")
    with pytest.raises(DataError, match="taxi@1 cannot be read"):
        store.read(version)


def test_a_vacuum_deletes_orphans_only(store, tmp_path):
    """What a crashed writer left goes once it is old; what a writer may be about to commit stays, and so does every version."""
    versions = [store.commit("taxi", TRIPS.head(rows), source="a test", at=AT) for rows in (1, 2, 3)]
    grow_old(tmp_path / "taxi")
    old, young = tmp_path / "taxi" / "part-00000-old.parquet", tmp_path / "taxi" / "part-00000-young.parquet"
    old.write_bytes(b"half a file")
    young.write_bytes(b"half a file")
    os.utime(old, (0, 0))
    store = DeltaDatasets(tmp_path)
    assert store.vacuum("taxi") == 1
    assert (old.exists(), young.exists()) == (False, True)
    assert [store.read(version).height for version in versions] == [1, 2, 3]
    assert store.commit("taxi", TRIPS.reverse(), source="after", at=AT).number == 4
    assert store.read(store.version("taxi", 4))["trip_id"].to_list() == [2, 1, 3]


def test_the_record_outlives_a_checkpoint(store, tmp_path):
    """Delta folds its log after a hundred commits, and would forget old entries after a month: not here."""
    for number in range(3):
        store.commit("taxi", pl.DataFrame({"n": [number]}), source="a test", at=AT)
    table = DeltaTable(tmp_path / "taxi")
    table.create_checkpoint()
    table.cleanup_metadata()
    assert table.metadata().configuration["delta.enableExpiredLogCleanup"] == "false"
    fresh = DeltaDatasets(tmp_path)
    assert [version.number for version in fresh.versions("taxi")] == [1, 2, 3]
    assert fresh.read(fresh.version("taxi", 1))["n"].to_list() == [0]


def test_a_creation_that_crashed_is_no_dataset(store, tmp_path):
    """A table without a version is not listed, and the next commit is its first."""
    DeltaTable.create(tmp_path / "taxi", TRIPS.to_arrow().schema)
    assert list(store.names()) == []
    assert store.commit("taxi", TRIPS, source="a test", at=AT).number == 1


def test_names_that_clash_in_a_table_are_refused(store):
    """The columns are named; a table would mix them up."""
    with pytest.raises(DataError, match="'Zone' and 'zone' differ in case only"):
        store.commit("taxi", pl.DataFrame({"Zone": [1], "zone": [2]}), source="a test", at=AT)
