"""The evidence of a window as bytes: four bytes that say what it is and in which format, then columns in MessagePack.

The cells that the window was counted in are the same in every window of a version, and larger than its counts: they
are packed apart, once, and told by the digest of their bytes. `keepfit.adapters.column_form` says what a column looks
like. Nothing is compressed here: the lake's Parquet files are.

A field that comes later needs no new format: older evidence takes the field's default, which must therefore mean that
nothing is known. A change of what a field means, or of how columns are packed, does; `_READERS` then keeps the way to read
what is on disk.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from keepfit.adapters.column_form import Apart, column_form
from keepfit.adapters.profile_form import FEATURES, read_features
from keepfit.errors import DataError
from keepfit.evaluation.score_cells import ScoreCells
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.stats.coarse import CoarseCategories, CoarseNumbers
from keepfit.stats.profile import CategoricalCells, NumericCells

#: The format that is written.
FORMAT: Final = 1

#: What evidence is counted in.
AnyCells = NumericCells | CategoricalCells | ScoreCells | CoarseNumbers | CoarseCategories

_MARK: Final = b"kfe"
_KEPT_APART: Final = frozenset({NumericCells, CategoricalCells, ScoreCells, CoarseNumbers, CoarseCategories})
_UNREADABLE: Final = (ValueError, TypeError, KeyError, IndexError, msgspec.MsgspecError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """The evidence of a window, packed.

    Attributes:
        evidence: everything but the cells.
        cells: the cells that it was counted in.
        digest: of `cells`.
    """

    evidence: bytes
    cells: bytes
    digest: str


def pack_evidence(evidence: WindowEvidence) -> Packed:
    """Pack the evidence of a window, in the present format.

    Raises:
        TypeError: a field is not of its declared type, or of a type that cannot be stored.
    """
    apart = Apart(kinds=_KEPT_APART)
    packed = _packed(WindowEvidence, evidence, apart)
    cells = _packed(tuple[AnyCells, ...], tuple(apart.values), Apart())
    return Packed(evidence=packed, cells=cells, digest=digest_of(cells))


def unpack_evidence(packed: bytes, cells: Sequence[AnyCells]) -> WindowEvidence:
    """The evidence again; its arrays cannot be written to, and the columns of its traffic are stacked.

    Args:
        packed: `Packed.evidence`.
        cells: those of `Packed.cells`. Windows that share them are summed without comparing them edge by edge.

    Raises:
        DataError: a newer keepfit packed it, or it was altered.
    """
    return evidence_reader(cells)(packed)


def evidence_reader(cells: Sequence[AnyCells]) -> Callable[[bytes], WindowEvidence]:
    """`unpack_evidence` for many windows that were counted in the same cells: what they share is looked at once."""
    apart = Apart(kinds=_KEPT_APART, values=list(cells), readers={FEATURES: read_features})

    def read(packed: bytes) -> WindowEvidence:
        found: WindowEvidence = _unpacked(WindowEvidence, packed, apart, "evidence")
        return found

    return read


def unpack_cells(packed: bytes) -> tuple[AnyCells, ...]:
    """The cells of `Packed.cells`. Raises like `unpack_evidence`."""
    found: tuple[AnyCells, ...] = _unpacked(tuple[AnyCells, ...], packed, Apart(), "cells")
    return found


def digest_of(cells: bytes) -> str:
    """What tells packed cells from others.

    >>> digest_of(b"")[:19]
    'sha256:e3b0c44298fc'
    """
    return f"sha256:{hashlib.sha256(cells).hexdigest()}"


def _packed(declared: Any, value: Any, apart: Apart) -> bytes:
    column = column_form(declared).encode([value], apart)
    return _MARK + bytes([FORMAT]) + msgspec.msgpack.encode(column)


def _read_1(declared: Any, body: memoryview, apart: Apart) -> Any:
    (found,) = column_form(declared).decode(msgspec.msgpack.decode(body), 1, apart)
    return found


#: How each format that ever was on disk is read.
_READERS: Final[Mapping[int, Callable[[Any, memoryview, Apart], Any]]] = {1: _read_1}


def _unpacked(declared: Any, packed: bytes, apart: Apart, what: str) -> Any:
    if packed[: len(_MARK)] != _MARK or len(packed) <= len(_MARK):
        raise DataError(f"what is stored as {what} is none", hint=_RESTORE)
    number = packed[len(_MARK)]
    if number not in _READERS:
        raise DataError(
            f"stored {what} is in format {number}, and this keepfit reads formats up to {FORMAT}",
            hint="a newer keepfit wrote it: upgrade keepfit",
        )
    try:
        return _READERS[number](declared, memoryview(packed)[len(_MARK) + 1 :], apart)
    except _UNREADABLE as error:
        raise DataError(
            f"stored {what} of format {number} cannot be read: {error!r}", hint=_RESTORE
        ) from error


_RESTORE: Final = "it was altered: restore the lake's folder from a backup"
