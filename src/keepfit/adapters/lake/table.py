"""One Delta table: a handle that is opened once, scans that read only the files they need, and durable commits."""

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import unquote

import polars as pl
from deltalake import (
    CommitProperties,
    DeltaTable,
    PostCommitHookProperties,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from keepfit.adapters.lake.durable import sync_commits
from keepfit.adapters.lake.location import Location
from keepfit.adapters.lake.row_groups import RowGroups

if TYPE_CHECKING:
    import pyarrow as pa

#: How often a commit is tried again after another writer was faster.
ATTEMPTS: Final = 20

#: Files that no commit names are deleted when they are older: a writer may be about to commit a younger one.
ORPHAN_AGE: Final = timedelta(hours=1)

#: Small enough that a week of rows is read from months of them without the rest.
_WRITER: Final = WriterProperties(max_row_group_size=16_384, compression="ZSTD")

#: Statistics of times in the Delta log are cut to milliseconds, so a bound is widened by one.
_STATISTICS_STEP: Final = timedelta(milliseconds=1)


class ConflictError(Exception):
    """Another writer committed first: look again, then try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What goes into the log with a commit.

    Attributes:
        metadata: recorded with it; JSON values.
        serial: two commits with one application conflict when neither saw the other; and its number.
        rebase: the commit may land after others that it did not see and does not conflict with.
    """

    metadata: Mapping[str, Any]
    serial: tuple[str, int]
    rebase: bool = True

    @property
    def properties(self) -> CommitProperties:
        """As `deltalake` takes it."""
        return CommitProperties(
            custom_metadata=dict(self.metadata),
            max_commit_retries=None if self.rebase else 0,
            app_transactions=[Transaction(*self.serial)],
        )


class LakeTable:
    """A Delta table that may not be there yet. Safe to share among threads; processes meet in Delta's log.

    Args:
        location: the table's folder.
        configuration: the table's own, when it is created here.
        writer: how its files are written.
    """

    def __init__(
        self,
        location: Location,
        *,
        configuration: Mapping[str, str | None] | None = None,
        writer: WriterProperties = _WRITER,
    ) -> None:
        self.location = location
        self._configuration = configuration
        self._writer = writer
        self._handle: DeltaTable | None = None
        self._spans: dict[str, tuple[int, list[_Span]]] = {}
        self._groups: dict[str, RowGroups] = {}
        self.lock = threading.RLock()

    def refresh(self) -> int:
        """See the commits of others; the newest Delta version, -1 when there is no table yet."""
        with self.lock:
            if self._handle is not None:
                self._handle.update_incremental()
            else:
                try:
                    self._handle = DeltaTable(self.location.uri, storage_options=self._options)
                except TableNotFoundError:
                    return -1
            return int(self._handle.version())

    @property
    def exists(self) -> bool:
        """Whether the table was there at the last refresh."""
        return self._handle is not None

    @property
    def handle(self) -> DeltaTable:
        """The open table, as of the last refresh."""
        if self._handle is None:
            raise TableNotFoundError(f"there is no table at {self.location.uri}")
        return self._handle

    def schema(self) -> pl.Schema:
        """Columns and types, as of the last refresh."""
        return pl.Schema(self.handle.schema().to_arrow())

    def create(self, rows: pl.DataFrame) -> None:
        """Create the table, empty, with the columns of `rows`; or open it, where another process was faster.

        The first commit is then made like every other, on top of a state that was seen.
        """
        with self.lock:
            try:
                self._handle = DeltaTable.create(
                    self.location.uri,
                    rows.clear().to_arrow().schema,
                    configuration=self._configuration,
                    storage_options=self._options,
                )
                self._sync(-1)
            except DeltaError:
                if self.refresh() < 0:
                    raise

    def write(self, rows: pl.DataFrame, mode: Literal["append", "overwrite"], commit: Commit) -> int:
        """Commit rows on top of the last refresh, and force them to disk; the new Delta version.

        Appending adds columns that are new; overwriting replaces the columns too.

        Raises:
            ConflictError: another writer was first; nothing was written.
        """
        with self.lock:
            before = self.handle.version()
            try:
                write_deltalake(
                    self.handle,
                    rows,
                    mode=mode,
                    schema_mode="merge" if mode == "append" else "overwrite",
                    writer_properties=self._writer,
                    commit_properties=commit.properties,
                    post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
                )
            except CommitFailedError as error:
                raise ConflictError(str(error)) from error
            return self._sync(before)

    def files(self, prune: str | None = None) -> list[str]:
        """The data files, as of the last refresh.

        Args:
            prune: SQL on the files' statistics; files that cannot hold a matching row are left out.
        """
        with self.lock:
            files: list[str] = self.handle.file_uris(file_pruning_predicate=prune)
            return files

    def scan(self, prune: str | None = None) -> pl.LazyFrame:
        """The rows, as of the last refresh.

        Args:
            prune: SQL on the files' statistics; files that cannot hold a matching row are not opened, so the caller
                filters the rows as well.
        """
        with self.lock:
            return self.scan_of(self.files(prune))

    def scan_of(self, files: list[str]) -> pl.LazyFrame:
        """The rows of some files, with the columns of the last refresh."""
        return scan_files(files, self.schema(), self.location)

    def scan_between(self, column: str, first: int, last: int | None = None) -> pl.LazyFrame:
        """The rows as of the last refresh, without files that hold no number of `column` in [first, last].

        What `scan` does with SQL, ten times as fast: what files hold is looked up once for each Delta version.

        Args:
            column: of whole numbers.
            first: the smallest that is asked for.
            last: the largest; None for no end.
        """
        with self.lock:
            return scan_files(self._files_between(column, first, last), self.schema(), self.location)

    def batches_of(
        self, column: str, numbers: Collection[int], columns: Sequence[str]
    ) -> "list[pa.RecordBatch]":
        """Rows as of the last refresh, all whose `column` is one of some numbers among them.

        For a few rows of a large table, at half of what a scan costs: local files are read row group by row group.

        Args:
            column: of whole numbers.
            numbers: those that are asked for, at least one; the caller filters the rows as well.
            columns: the columns to read; every file has them.
        """
        first, last = min(numbers), max(numbers)
        with self.lock:
            files = self._files_between(column, first, last)
            if self.location.path is not None:
                groups = self._groups.setdefault(column, RowGroups(column))
                return groups.read([unquote(file) for file in files], numbers, columns)
            scan = scan_files(files, self.schema(), self.location)
        wanted = pl.col(column).is_between(first, last)
        if last - first >= len(numbers):
            # Polars takes milliseconds to prune by a list, and most numbers stand in a row.
            wanted &= pl.col(column).is_in([*numbers])
        rows = scan.filter(wanted).select(columns).collect()
        batches: list[pa.RecordBatch] = rows.to_arrow(compat_level=pl.CompatLevel.newest()).to_batches()
        return batches

    def _files_between(self, column: str, first: int, last: int | None) -> list[str]:
        """The files that can hold a number in [first, last]; None for no end."""
        return [
            one.uri
            for one in self._spans_of(column)
            if one.high is None
            or one.low is None
            or (one.high >= first and (last is None or one.low <= last))
        ]

    def _spans_of(self, column: str) -> list["_Span"]:
        version, spans = self._spans.get(column, (-1, []))
        if version != self.handle.version():
            spans = _spans(self.handle, column)
            self._spans[column] = self.handle.version(), spans
            if column in self._groups:
                self._groups[column].keep({unquote(one.uri) for one in spans})
        return spans

    def scan_at(self, version: int) -> pl.LazyFrame:
        """The rows of an older Delta version."""
        table = DeltaTable(self.location.uri, version=version, storage_options=self._options)
        return scan_files(table.file_uris(), pl.Schema(table.schema().to_arrow()), self.location)

    def history(self, newest: int) -> list[dict[str, Any]]:
        """The metadata of the newest commits, newest first."""
        with self.lock:
            commits: list[dict[str, Any]] = self.handle.history(newest)
            return commits

    def vacuum(self, keep: list[int]) -> int:
        """Delete files that neither the newest state nor a version in `keep` names; how many there were."""
        with self.lock:
            before = self.handle.version()
            deleted = self.handle.vacuum(
                retention_hours=int(ORPHAN_AGE.total_seconds() // 3600),
                dry_run=False,
                enforce_retention_duration=False,
                full=True,
                keep_versions=keep,
            )
            self._sync(before)
            return len(deleted)

    def delete(self, where: str) -> bool:
        """Delete rows on top of the last refresh, forced to disk; False when another writer was first and none was deleted.

        Args:
            where: SQL that finds them.
        """
        with self.lock:
            before = self.handle.version()
            try:
                self.handle.delete(
                    where,
                    writer_properties=self._writer,
                    post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
                )
            except CommitFailedError:
                self.refresh()
                return False
            self._sync(before)
            return True

    def compact(self, *, small: int, target: int) -> None:
        """Join files smaller than a quarter of `target` bytes once there are more than `small` of them.

        Files that were joined are deleted when no reader can hold them any more.
        """
        with self.lock:
            sizes = pl.DataFrame(self.handle.get_add_actions())["size_bytes"]
            if int((sizes < target // 4).sum()) <= small:
                return
            before = self.handle.version()
            try:
                self.handle.optimize.compact(target_size=target, writer_properties=self._writer)
                self._sync(before)
                self.vacuum([])
                self.handle.cleanup_metadata()  # the checkpoint that stands for old log entries is on disk by now
            except CommitFailedError:
                self.refresh()  # another process compacted the same files: they are joined, which is all we wanted

    def _sync(self, before: int) -> int:
        after = self.refresh()
        if self.location.path is not None:
            sync_commits(self.location.path, before + 1, after)
        return after

    @property
    def _options(self) -> dict[str, str] | None:
        return dict(self.location.options) if self.location.options else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """A file, and the smallest and largest number of one of its columns; None where its statistics do not say."""

    uri: str
    low: int | None
    high: int | None


def _spans(table: DeltaTable, column: str) -> list[_Span]:
    known = pl.DataFrame(table.get_add_actions(flatten=True))
    ends = [f"{end}.{column}" for end in ("min", "max")]
    if not set(ends) <= set(known.columns):
        return [_Span(uri=uri, low=None, high=None) for uri in table.file_uris()]
    found = {path.rsplit("/", 1)[-1]: rest for path, *rest in known.select("path", *ends).iter_rows()}
    return [
        _Span(uri=uri, low=low, high=high)
        for uri in table.file_uris()
        for low, high in [found[uri.rsplit("/", 1)[-1]]]
    ]


def scan_files(files: list[str], schema: pl.Schema, location: Location) -> pl.LazyFrame:
    """Rows of Parquet files of one table; columns that a file does not have yet are null."""
    if not files:
        return pl.LazyFrame(schema=schema)
    return pl.scan_parquet(
        # `deltalake` gives local paths escaped like URLs; Polars takes them as they are on disk.
        [unquote(file) for file in files] if location.path is not None else files,
        schema=schema,
        missing_columns="insert",
        glob=False,
        hive_partitioning=False,
        storage_options=dict(location.options) if location.options else None,
    )


def overlaps(column: str, start: datetime, end: datetime) -> str:
    """SQL that keeps files whose `column` may lie in [start, end], both included.

    >>> from datetime import UTC
    >>> overlaps("event_time", datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC))[:53]
    "event_time >= '2019-12-31T23:59:59.999000+00:00' AND "
    """
    low, high = start - _STATISTICS_STEP, end + _STATISTICS_STEP
    return f"{column} >= '{low.isoformat()}' AND {column} <= '{high.isoformat()}'"
