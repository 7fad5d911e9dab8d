"""A Parquet file, read by row groups: as many rows at a time as memory should hold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from keepfit.data.parquet_piece import ParquetPiece, unreadable
from keepfit.errors import DataError
from keepfit.stats.pieces import FramePiece, Piece

#: Small row groups are read together up to so many rows.
ROWS: Final = 131_072
#: Row groups that are larger than this in memory are read in pieces.
HELD_BYTES: Final = 128 * 1024 * 1024

_MARK: Final = b"PAR1"
#: Into more pieces than these Polars does not cut a row group with less work than pyarrow.
_PIECES: Final = 3
#: What is read of a column at a time, where a row group is not read whole.
_READ_BYTES: Final = 65_536
_FIXED_BYTES: Final = 8
_TEXT_BYTES: Final = 16
#: Text that is not stored as codes takes more than this for each value.
_PLAIN_TEXT_BYTES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Rows that stand together in a file, and are read at once.

    Attributes:
        start: the first row's number.
        rows: how many.
        groups: the row groups that they are.
        held_bytes: the memory that they take, about.
        coded: the columns of text that are stored as codes.
    """

    start: int
    rows: int
    groups: tuple[int, ...]
    held_bytes: int
    coded: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetPart:
    """A Parquet file.

    Attributes:
        path: where it is.
        schema: of its columns.
        rows: how many.
    """

    path: Path
    schema: pl.Schema
    rows: int

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """The rows, in order; no other column is read.

        Raises:
            DataError: the file is damaged.
        """
        for stretch in self.stretches(columns):
            yield from self.read(stretch, columns)

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        """The rows in order, in pieces that memory holds easily; their columns are read when they are asked for.

        Args:
            columns: those that will be asked for.
        """
        scan = pl.scan_parquet(self.path, glob=False, hive_partitioning=False)
        for stretch in self.stretches(columns):
            if _count(stretch) > _PIECES:
                yield from map(FramePiece, self.read(stretch, columns))
                continue
            for start, rows in _cuts(stretch):
                yield ParquetPiece(
                    path=self.path,
                    scan=scan,
                    start=stretch.start + start,
                    rows=rows,
                    groups=stretch.groups,
                    skipped=start,
                    columns=frozenset(self.schema),
                    coded=stretch.coded,
                )

    def stretches(self, columns: Sequence[str]) -> list[Stretch]:
        """How the rows are read, in order."""
        import pyarrow.parquet as pq

        metadata = pq.read_metadata(self.path)
        whole = [_stretch(metadata, group, columns, self.schema) for group in range(metadata.num_row_groups)]
        found: list[Stretch] = []
        start = 0
        for one in whole:
            if found and _fit(found[-1], one):
                found[-1] = _together(found[-1], one)
            elif one.rows:
                found.append(replace(one, start=start))
            start += one.rows
        return found

    def read(self, stretch: Stretch, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """The rows of a stretch: one frame, or more when memory should not hold it. Raises like `frames`."""
        try:
            if _count(stretch) > _PIECES:
                yield from self._batches(stretch, columns)
            else:
                yield from self._slices(stretch, columns)
        except (OSError, ValueError, pl.exceptions.PolarsError) as error:
            raise unreadable(self.path, error) from error

    def _slices(self, stretch: Stretch, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Polars decodes with half the work of pyarrow, but begins each slice at the start of its row group.

        It decodes a row group on one thread, whatever it is told: several sets of columns take as many.
        """
        scan = pl.scan_parquet(self.path, glob=False, hive_partitioning=False)
        sets = min(pl.thread_pool_size(), max(1, len(columns))) if len(stretch.groups) == 1 else 1
        chosen = [scan.select(pl.selectors.by_name(*columns[i::sets])) for i in range(sets)]
        for start, rows in _cuts(stretch):
            found = pl.collect_all([one.slice(stretch.start + start, rows) for one in chosen])
            yield pl.concat(found, how="horizontal").select(pl.selectors.by_name(*columns))

    def _batches(self, stretch: Stretch, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """A row group too large for memory: pyarrow decodes it page by page."""
        import pyarrow.parquet as pq

        rows = max(1024, min(ROWS, stretch.rows * HELD_BYTES // (2 * stretch.held_bytes)))
        with pq.ParquetFile(self.path, memory_map=False, pre_buffer=False, buffer_size=_READ_BYTES) as file:
            for batch in file.iter_batches(rows, list(stretch.groups), list(columns), use_threads=False):
                frame = pl.from_arrow(batch)
                if isinstance(frame, pl.DataFrame):
                    yield frame.select(pl.selectors.by_name(*columns))


def open_parquet(path: Path) -> ParquetPart:
    """A Parquet file, of which only the end is read.

    Raises:
        DataError: it is none, is damaged, has no columns, or two of one name.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        if file.read(len(_MARK)) != _MARK:
            raise DataError(
                f"'{path}' is no Parquet file", hint="name it by what it is: .csv, .csv.gz or .parquet"
            )
    try:
        metadata = pq.read_metadata(path)
        names = metadata.schema.to_arrow_schema().names
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise DataError(f"'{path}' has two columns named '{twice}'", hint="give each a name of its own")
        schema = pl.Schema(pl.read_parquet_schema(path))
    except (pa.ArrowException, OSError, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"'{path}' cannot be read as Parquet: {str(error).splitlines()[0]}",
            hint="it is damaged, or was not written to its end",
        ) from error
    if not schema:
        raise DataError(f"'{path}' has no columns", hint="write the table with its columns")
    return ParquetPart(path=path, schema=schema, rows=int(metadata.num_rows))


def _stretch(metadata: Any, group: int, columns: Sequence[str], schema: pl.Schema) -> Stretch:
    described = metadata.row_group(group)
    wanted = set(columns)
    stored: dict[str, int] = {}
    coded: set[str] = set()
    for number in range(described.num_columns):
        column = described.column(number)
        name = (
            column.path_in_schema.partition(".")[0]
            if column.path_in_schema not in wanted
            else column.path_in_schema
        )
        if name in wanted:
            stored[name] = stored.get(name, 0) + column.total_uncompressed_size
            if schema[name] == pl.String and _is_coded(column):
                coded.add(name)
    held = sum(max(size, described.num_rows * _width(schema[name])) for name, size in stored.items())
    return Stretch(start=0, rows=described.num_rows, groups=(group,), held_bytes=held, coded=frozenset(coded))


def _is_coded(column: Any) -> bool:
    """Whether the text of a row group is stored as codes: writers change to plain text where the values are too many."""
    small = column.total_uncompressed_size < _PLAIN_TEXT_BYTES * column.num_values
    return bool(column.has_dictionary_page and small)


def _count(stretch: Stretch) -> int:
    """The pieces that memory holds easily."""
    return max(1, -(-stretch.held_bytes // HELD_BYTES))


def _cuts(stretch: Stretch) -> list[tuple[int, int]]:
    """The first row of each piece and its rows."""
    rows = -(-stretch.rows // _count(stretch))
    return [(start, min(rows, stretch.rows - start)) for start in range(0, stretch.rows, rows)]


def _width(dtype: pl.DataType) -> int:
    fixed = dtype.is_numeric() or dtype.is_temporal() or dtype == pl.Boolean
    return _FIXED_BYTES if fixed else _TEXT_BYTES


def _fit(one: Stretch, other: Stretch) -> bool:
    return one.rows + other.rows <= ROWS and one.held_bytes + other.held_bytes <= HELD_BYTES


def _together(one: Stretch, other: Stretch) -> Stretch:
    return Stretch(
        start=one.start,
        rows=one.rows + other.rows,
        groups=one.groups + other.groups,
        held_bytes=one.held_bytes + other.held_bytes,
        coded=one.coded & other.coded,
    )
