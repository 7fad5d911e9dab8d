"""A few rows out of Parquet files that never change: of each file only the row groups that can hold them.

For a day of windows Polars plans and hands over to its threads for as long as the rows take to read; its streams are made for
whole tables.
"""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """What the end of a file says.

    Attributes:
        metadata: as pyarrow has it.
        spans: the smallest and largest number of each row group; None where the file does not say.
    """

    metadata: Any
    spans: tuple[tuple[int, int] | None, ...]


class RowGroups:
    """Reads row groups; the ends of the files are read once. Its caller holds the table's lock.

    Args:
        column: of whole numbers, which tells what a row group can hold.
    """

    def __init__(self, column: str) -> None:
        self._column = column
        self._known: dict[str, _File] = {}

    def keep(self, files: Collection[str]) -> None:
        """Forget all files but these."""
        self._known = {file: known for file, known in self._known.items() if file in files}

    def read(
        self, files: Sequence[str], numbers: Collection[int], columns: Sequence[str]
    ) -> "list[pa.RecordBatch]":
        """All rows of the row groups that can hold one of these numbers.

        Args:
            files: local paths.
            numbers: that are asked for.
            columns: the columns to read; every file has them.
        """
        import pyarrow.parquet as pq

        ascending = sorted(numbers)
        found: list[pa.RecordBatch] = []
        for file in files:
            known = self._known.get(file)
            metadata = None if known is None else known.metadata
            with pq.ParquetFile(file, metadata=metadata, memory_map=True, pre_buffer=False) as opened:
                if known is None:
                    known = self._known[file] = _looked_up(opened.metadata, self._column)
                groups = [number for number, span in enumerate(known.spans) if _holds(span, ascending)]
                if groups:
                    rows = opened.read_row_groups(groups, columns=[*columns], use_threads=False)
                    found += rows.select([*columns]).to_batches()
        return found


def _holds(span: tuple[int, int] | None, ascending: Sequence[int]) -> bool:
    """Whether a row group can hold one of some numbers."""
    if span is None:
        return True
    place = bisect_left(ascending, span[0])
    return place < len(ascending) and ascending[place] <= span[1]


def _looked_up(metadata: Any, column: str) -> _File:
    place = metadata.schema.to_arrow_schema().get_field_index(column)
    return _File(
        metadata=metadata,
        spans=tuple(_span(metadata.row_group(number), place) for number in range(metadata.num_row_groups)),
    )


def _span(group: Any, place: int) -> tuple[int, int] | None:
    if place < 0:
        return None
    told = group.column(place).statistics
    return (told.min, told.max) if told is not None and told.has_min_max else None
