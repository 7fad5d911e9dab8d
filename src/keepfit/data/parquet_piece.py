"""Some rows of a Parquet file, of which any columns are read when they are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from keepfit.errors import DataError
from keepfit.stats.category_counts import CodedText
from keepfit.stats.profile import Column

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetPiece:
    """Rows that stand together in a file.

    Attributes:
        path: the file.
        scan: the same file, as Polars reads it.
        start: the first row's number in the file.
        rows: how many.
        groups: the row groups that hold them.
        skipped: the first row's number in these groups.
        columns: those that the file has.
        coded: the columns that are read as codes.
    """

    path: Path
    scan: pl.LazyFrame
    start: int
    rows: int
    groups: tuple[int, ...]
    skipped: int
    columns: frozenset[str]
    coded: frozenset[str]

    def read(self, columns: Sequence[str]) -> Mapping[str, Column]:
        """Some of the columns: text that is stored as codes as it is stored, for it need not be compared to be counted.

        Raises:
            DataError: the file is damaged.
        """
        coded = [name for name in columns if name in self.coded]
        plain = [name for name in columns if name in self.columns and name not in self.coded]
        found: dict[str, Column] = {}
        try:
            if coded:
                found |= self._codes(coded)
            if plain:
                found |= {one.name: one for one in self._values(plain)}
        except (OSError, ValueError, pl.exceptions.PolarsError) as error:
            raise unreadable(self.path, error) from error
        return found

    def _values(self, columns: Sequence[str]) -> list[pl.Series]:
        """Polars decodes with half the work of pyarrow."""
        chosen = self.scan.select(pl.selectors.by_name(*columns))
        return chosen.slice(self.start, self.rows).collect().get_columns()

    def _codes(self, columns: Sequence[str]) -> dict[str, CodedText]:
        """Polars makes text of codes, pyarrow leaves them as they are."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path, read_dictionary=list(columns), pre_buffer=False) as file:
            table = file.read_row_groups(list(self.groups), list(columns), use_threads=False)
        return {
            name: _coded(column).slice(self.skipped, self.rows)
            for name, column in zip(table.column_names, table.unify_dictionaries().columns, strict=True)
        }


def _coded(column: "pa.ChunkedArray") -> CodedText:
    """A column of pyarrow whose chunks share a dictionary."""
    import pyarrow as pa

    codes = pa.chunked_array([chunk.indices for chunk in column.chunks], pa.int32())
    values = column.chunk(0).dictionary if column.num_chunks else pa.array([], pa.string())
    return CodedText(codes=pl.Series(codes), values=pl.Series(values))


def unreadable(path: Path, error: Exception) -> DataError:
    """What to say when a file that opened cannot be read."""
    return DataError(
        f"'{path}' cannot be read: {str(error).splitlines()[0]}",
        hint="it is damaged, or changed while it was read",
    )
