"""Windows of evidence out of a model's table."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from keepfit.adapters.evidence_format import Packed, unpack_evidence, unpack_windows
from keepfit.adapters.lake.evidence_shelf import Key, Shelf
from keepfit.errors import DataError
from keepfit.monitoring.evidence import WindowEvidence

#: How Arrow tells a value of bytes: its length, and if that is over 12, its first four bytes, its buffer and where it begins.
_VIEW = np.dtype([("length", "<i4"), ("prefix", "<i4"), ("buffer", "<i4"), ("begin", "<i4")])
_IN_THE_VIEW = 12
#: Bytes that may be kept in memory for one that is asked for.
_AT_MOST = 2


def read_windows(shelf: Shelf, model: str, missing: Mapping[int, Key]) -> dict[int, WindowEvidence]:
    """Windows by the numbers of their rows; they are held in memory from now on.

    Args:
        shelf: of the model; its lock is held.
        model: for messages.
        missing: number of a row → version and start of its window.

    Raises:
        DataError: one is no longer there, was altered, or a newer keepfit wrote it.
    """
    if not missing:
        return {}
    first, last = min(missing), max(missing)
    wanted = pl.col("sequence").is_between(first, last)
    if last - first >= len(missing):
        # Polars takes milliseconds to prune by a list, and most windows stand in a row.
        wanted &= pl.col("sequence").is_in([*missing])
    rows = (
        shelf.table.scan_between("sequence", first, last)
        .filter(wanted)
        .select("sequence", "cells", "evidence")
        .collect()
    )
    numbers = rows["sequence"].to_list()
    found: dict[int, WindowEvidence] = {}
    if lost := missing.keys() - set(numbers):
        version, start = missing[min(lost)]
        raise DataError(
            f"evidence of {model}@{version}, window of {start.isoformat()}, is no longer there",
            hint="somebody else deleted it: restore the lake's folder from a backup",
        )
    alike: dict[str, dict[int, Packed]] = {}
    for number, digest, packed in zip(
        numbers, rows["cells"].to_list(), _values(rows["evidence"]), strict=True
    ):
        alike.setdefault(digest, {})[number] = packed
    for digest, some in alike.items():
        found |= _unpacked(shelf, model, digest, some, missing)
        for number, packed in some.items():
            shelf.hold(number, found[number], len(packed))
    return found


def _unpacked(
    shelf: Shelf, model: str, digest: str, packed: Mapping[int, Packed], keys: Mapping[int, Key]
) -> dict[int, WindowEvidence]:
    """Windows that were counted in the same cells, by the numbers of their rows."""
    cells = shelf.cells.cells(digest)
    try:
        return dict(zip(packed, unpack_windows([*packed.values()], cells), strict=True))
    except DataError:
        for number, one in packed.items():  # all at once do not tell which of them it is
            version, start = keys[number]
            try:
                unpack_evidence(one, cells)
            except DataError as error:
                where = f"{model}@{version}, window of {start.isoformat()}"
                raise DataError(f"evidence of {where}: {error}", hint=error.hint) from error
        raise


def _values(column: pl.Series) -> Sequence[Packed]:
    """The values of a column of bytes, of which none is null; not copied, as long as little else stays in memory for it.

    A day of evidence is megabytes, and what is copied is memory that was never touched before.
    """
    array = column.to_arrow(compat_level=pl.CompatLevel.newest())
    _, views, *buffers = array.buffers()
    told = np.frombuffer(views, _VIEW, count=len(array), offset=array.offset * _VIEW.itemsize)
    kept = sum(one.size for one in buffers)
    if not told.size or told["length"].min() <= _IN_THE_VIEW or kept > _AT_MOST * int(told["length"].sum()):
        values: list[bytes] = column.to_list()
        return values
    data = [memoryview(one) for one in buffers]
    places = zip(told["buffer"].tolist(), told["begin"].tolist(), told["length"].tolist(), strict=True)
    return [data[buffer][begin : begin + length] for buffer, begin, length in places]
