"""Windows of evidence out of a model's table."""

from collections.abc import Collection, Mapping

from keepfit.adapters.evidence_format import Packed, unpack_evidence, unpack_windows
from keepfit.adapters.lake.byte_views import bytes_of
from keepfit.adapters.lake.evidence_shelf import Key, Shelf
from keepfit.errors import DataError
from keepfit.monitoring.evidence import WindowEvidence


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
        for place, packed in zip(kept, bytes_of(batch.column(2), kept), strict=True):
            found[numbers[place]] = digests[place], packed
    return found
