"""Versioned datasets: one Delta table each, whose log says what every version is."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl
from deltalake.exceptions import DeltaError

from keepfit.adapters.lake.checkout import write_parquet
from keepfit.adapters.lake.location import Location
from keepfit.adapters.lake.storable import from_stored, to_stored
from keepfit.adapters.lake.table import ATTEMPTS, Commit, ConflictError, LakeTable
from keepfit.clock import parse_time, utc
from keepfit.data.dataset import DatasetVersion
from keepfit.data.digest import frame_digest
from keepfit.data.schema import Column, Schema
from keepfit.errors import DataError, NotFoundError
from keepfit.ids import did_you_mean, is_name

_RECORD: Final = "keepfit.dataset"

#: The log is the record of the versions, so none of it may ever expire.
_CONFIGURATION: Final = {
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorded:
    """A version, and the Delta version that holds its rows."""

    version: DatasetVersion
    delta: int


@dataclass(slots=True)
class _Dataset:
    """An open table, and the versions that its log was read for already."""

    table: LakeTable
    recorded: list[_Recorded] = field(default_factory=list)
    seen: int = -1

    def refresh(self) -> list[_Recorded]:
        """All versions, oldest first; only commits that were not seen yet are read."""
        with self.table.lock:
            newest = self.table.refresh()
            if newest > self.seen:
                commits = self.table.history(newest - self.seen)
                self.recorded += [
                    _recorded(entry[_RECORD]) for entry in reversed(commits) if _RECORD in entry
                ]
                self.seen = newest
            return list(self.recorded)


class DeltaDatasets:
    """Implements `keepfit.data.dataset.DatasetStore` on a folder of Delta tables.

    Args:
        root: a local folder, or the URI of one on an object store.
        options: credentials and endpoints of the object store.
    """

    def __init__(self, root: str | Path, *, options: Mapping[str, str] | None = None) -> None:
        self._root = Location.of(root, options)
        self._open: dict[str, _Dataset] = {}
        self._lock = threading.Lock()

    def commit(self, name: str, frame: pl.DataFrame, *, source: str, at: datetime) -> DatasetVersion:
        """A new version holding `frame`; the latest one when its digest is the same already.

        Raises:
            DataError: the name, or a column, cannot be stored.
        """
        if not is_name(name):
            raise DataError(
                f"'{name}' cannot name a dataset", hint="use lower-case letters, digits, '-', '_' and '.'"
            )
        digest, stored = frame_digest(frame), to_stored(frame)
        dataset = self._dataset(name)
        for _ in range(ATTEMPTS):
            with dataset.table.lock:
                recorded = dataset.refresh()
                if recorded and recorded[-1].version.digest == digest:
                    return recorded[-1].version
                if dataset.seen < 0:
                    dataset.table.create(stored)
                    continue
                version = DatasetVersion(
                    name=name,
                    number=recorded[-1].version.number + 1 if recorded else 1,
                    digest=digest,
                    rows=frame.height,
                    schema=Schema.of(frame),
                    parent=recorded[-1].version.number if recorded else None,
                    source=source,
                    at=utc(at),
                )
                if _written(dataset, stored, version):
                    return version
        raise DataError(
            f"'{name}' could not be committed: other writers were faster {ATTEMPTS} times", hint="try again"
        )

    def names(self) -> Sequence[str]:
        """The datasets there are, sorted."""
        return [name for name in self._root.folders() if self._dataset(name).refresh()]

    def versions(self, name: str) -> Sequence[DatasetVersion]:
        """All versions of a dataset, oldest first. Raises NotFoundError."""
        return [entry.version for entry in self._recorded(name)]

    def version(self, name: str, number: int | None = None) -> DatasetVersion:
        """One version, the latest when `number` is None. Raises NotFoundError."""
        return self._entry(name, number).version

    def read(self, version: DatasetVersion) -> pl.DataFrame:
        """The rows, in the order committed, verified against the digest.

        Raises:
            DataError: files of the version are missing or were altered.
            NotFoundError: there is no such version.
        """
        entry = self._entry(version.name, version.number)
        table = self._dataset(version.name).table
        try:
            frame = from_stored(table.scan_at(entry.delta).collect(), version.schema)
        except (OSError, DeltaError, pl.exceptions.PolarsError) as error:
            raise DataError(f"{version.ref} cannot be read: {error}", hint=_RESTORE) from error
        if (digest := frame_digest(frame)) != version.digest:
            raise DataError(
                f"{version.ref} was altered: its digest is {digest}, not {version.digest}", hint=_RESTORE
            )
        return frame

    def checkout(self, version: DatasetVersion, path: Path) -> Path:
        """Write the version to one Parquet file; the same version gives the same bytes.

        Raises:
            DataError: the version cannot be read, or there is a file at `path` already.
        """
        return write_parquet(self.read(version), path)

    def vacuum(self, name: str) -> int:
        """Delete files that no recorded version needs; the number of files deleted.

        Such files are left behind by writers that crashed or were too late. Files younger than an hour stay: their
        writer may still be at work. Raises NotFoundError.
        """
        with self._dataset(name).table.lock:
            recorded = self._recorded(name)
            return self._dataset(name).table.vacuum([entry.delta for entry in recorded])

    def _dataset(self, name: str) -> _Dataset:
        with self._lock:
            if name not in self._open:
                table = LakeTable(self._root.under(name), configuration=_CONFIGURATION)
                self._open[name] = _Dataset(table)
            return self._open[name]

    def _recorded(self, name: str) -> list[_Recorded]:
        recorded = self._dataset(name).refresh() if is_name(name) else []
        if not recorded:
            raise NotFoundError(f"there is no dataset '{name}'", hint=did_you_mean(name, self.names()))
        return recorded

    def _entry(self, name: str, number: int | None) -> _Recorded:
        recorded = self._recorded(name)
        if number is None:
            return recorded[-1]
        for entry in recorded:
            if entry.version.number == number:
                return entry
        raise NotFoundError(
            f"there is no version {number} of dataset '{name}'",
            hint=f"its versions are 1 to {recorded[-1].version.number}",
        )


_RESTORE: Final = "restore the dataset's folder from a backup, or commit the data again"


def _written(dataset: _Dataset, stored: pl.DataFrame, version: DatasetVersion) -> bool:
    """Commit the version; False when another writer was first."""
    delta = dataset.seen + 1
    commit = Commit(
        metadata={_RECORD: _record(version, delta)}, serial=("keepfit-dataset", version.number), rebase=False
    )
    try:
        dataset.table.write(stored, "overwrite", commit)
    except ConflictError:
        return False
    return True


def _record(version: DatasetVersion, delta: int) -> str:
    return json.dumps(
        {
            "name": version.name,
            "number": version.number,
            "digest": version.digest,
            "rows": version.rows,
            "schema": [[column.name, column.dtype] for column in version.schema.columns],
            "parent": version.parent,
            "source": version.source,
            "at": version.at.isoformat(),
            "delta": delta,
        }
    )


def _recorded(text: str) -> _Recorded:
    record: dict[str, Any] = json.loads(text)
    delta = record.pop("delta")
    schema = Schema(tuple(Column(name, dtype) for name, dtype in record.pop("schema")))
    at = parse_time(record.pop("at"))
    return _Recorded(version=DatasetVersion(**record, schema=schema, at=at), delta=delta)
