"""What is forced to disk after a commit: everything that the commit wrote."""

import os
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from keepfit.adapters.lake.durable import sync_commits


@pytest.fixture
def synced(monkeypatch) -> set[Path]:
    """The paths that were forced to disk; they still are."""
    seen: set[Path] = set()
    real = os.fsync

    def noting(descriptor: int) -> None:
        seen.add(Path(f"/proc/self/fd/{descriptor}").resolve())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    return seen


@pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="the names of open files are known on Linux only"
)
def test_a_commits_files_log_and_folders_are_synced(tmp_path, synced):
    """The first commit syncs the folders above it too; a later one syncs its own files, not the older ones."""
    table = tmp_path / "lake" / "taxi" / "labels"
    write_deltalake(table, pl.DataFrame({"a": [1]}))
    first = set(table.rglob("*.parquet")) | set(table.rglob("*.json"))
    sync_commits(table, 0, 0)
    assert synced == {*first, table, table / "_delta_log", table.parent, table.parent.parent, tmp_path}
    synced.clear()
    write_deltalake(table, pl.DataFrame({"a": [2]}), mode="append")
    sync_commits(table, 1, 1)
    second = (set(table.rglob("*.parquet")) | set(table.rglob("*.json"))) - first
    assert synced == {*second, table, table / "_delta_log"}


@pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="the names of open files are known on Linux only"
)
def test_a_checkpoint_is_synced(tmp_path, synced):
    """Log entries may be deleted once a checkpoint stands for them, so it must be on disk as well."""
    write_deltalake(tmp_path / "t", pl.DataFrame({"a": [1]}))
    DeltaTable(tmp_path / "t").create_checkpoint()
    sync_commits(tmp_path / "t", 0, 0)
    log = tmp_path / "t" / "_delta_log"
    assert {log / f"{0:020}.checkpoint.parquet", log / "_last_checkpoint"} <= synced
