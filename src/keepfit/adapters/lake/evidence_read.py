"""Windows of evidence out of a model's table."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from keepfit.adapters.evidence_format import Packed, unpack_evidence, unpack_windows
from keepfit.adapters.lake.evidence_shelf import Key, Shelf
from keepfit.errors import DataError
from keepfit.monitoring.evidence import WindowEvidence

if TYPE_CHECKING:
    import pyarrow as pa

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
    stored = _stored(shelf, missing)
    if lost := missing.keys() - stored.keys():
        version, start = missing[min(lost)]
        raise DataError(
            f"evidence of {model}@{version}, window of {start.isoformat()}, is no longer there",
            hint="somebody else deleted it: restore the lake's folder from a backup",
        )
    alike: dict[str, dict[int, Packed]] = {}
    for number, (digest, packed) in stored.items():
        alike.setdefault(digest, {})[number] = packed
    found: dict[int, WindowEvidence] = {}
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


def _stored(shelf: Shelf, wanted: Collection[int]) -> dict[int, tuple[str, Packed]]:
    """The digest of the cells, and the evidence, of some rows by their numbers; of those that are there."""
    found = {}
    for batch in shelf.table.batches_of("sequence", wanted, ("sequence", "cells", "evidence")):
        numbers, digests = (batch.column(place).to_pylist() for place in (0, 1))
        kept = [place for place, number in enumerate(numbers) if number in wanted]
        for place, packed in zip(kept, _values(batch.column(2), kept), strict=True):
            found[numbers[place]] = digests[place], packed
    return found


def _values(column: "pa.Array", places: Sequence[int]) -> list[Packed]:
    """Values of a column of bytes, of which none is null; not copied where little else stays in memory for it.

    A day of evidence is megabytes, and what is copied is memory that was never touched before.
    """
    import pyarrow as pa

    if not pa.types.is_binary_view(column.type):
        return [column[place].as_py() for place in places]
    _, views, *buffers = column.buffers()
    told = np.frombuffer(views, _VIEW, count=len(column), offset=column.offset * _VIEW.itemsize)
    data, lengths = [memoryview(one) for one in buffers], told["length"].tolist()
    used: Counter[int] = Counter()
    for place in places:
        used[told["buffer"][place]] += lengths[place]
    found: list[Packed] = []
    for place in places:
        _, _, buffer, begin = told[place].tolist()
        if lengths[place] <= _IN_THE_VIEW or data[buffer].nbytes > _AT_MOST * used[buffer]:
            found.append(column[place].as_py())
        else:
            found.append(data[buffer][begin : begin + lengths[place]])
    return found
