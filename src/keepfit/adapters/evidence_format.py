"""The evidence of a window as bytes: four bytes that say what it is and in which format, then columns in MessagePack.

The cells that the window was counted in are the same in every window of a version, and larger than its counts: they
are packed apart, once, and told by the digest of their bytes. `keepfit.adapters.column_form` says what a column looks
like. Nothing is compressed here: the lake's Parquet files are.

A field that comes later needs no new format: older evidence takes the field's default, which must therefore mean that
nothing is known. A change of what a field means, or of how columns are packed, does; `_READERS` then keeps the way to read
what is on disk.
"""

import hashlib
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import msgspec

from keepfit.adapters.column_bytes import read_column, write_column
from keepfit.adapters.column_form import column_form
from keepfit.adapters.columns import Apart
from keepfit.adapters.profile_form import PROFILE_FORMS, PairedColumns
from keepfit.errors import DataError
from keepfit.evaluation.score_cells import ScoreCells
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.stats.coarse import CoarseCategories, CoarseNumbers
from keepfit.stats.profile import CategoricalCells, NumericCells
from keepfit.stats.profile_stack import ColumnLayout

#: The format that is written.
FORMAT: Final = 2

#: What evidence is counted in.
AnyCells = (
    NumericCells
    | CategoricalCells
    | ScoreCells
    | CoarseNumbers
    | CoarseCategories
    | ColumnLayout
    | PairedColumns
)

_MARK: Final = b"kfe"
_KEPT_APART: Final = frozenset(typing.get_args(AnyCells))
_UNREADABLE: Final = (ValueError, TypeError, KeyError, IndexError, OverflowError, msgspec.MsgspecError)


#: The evidence of a window, packed.
Packed = bytes | memoryview


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedEvidence:
    """The evidence of a window, packed, and what it was counted in.

    Attributes:
        evidence: everything but the cells.
        cells: the cells that it was counted in.
        digest: of `cells`.
    """

    evidence: bytes
    cells: bytes
    digest: str


def pack_evidence(evidence: WindowEvidence) -> PackedEvidence:
    """Pack the evidence of a window, in the present format.

    Raises:
        TypeError: a field is not of its declared type, or of a type that cannot be stored.
    """
    apart = Apart(kinds=_KEPT_APART, forms=PROFILE_FORMS)
    packed = _packed(WindowEvidence, evidence, apart)
    cells = _packed(tuple[AnyCells, ...], tuple(apart.values), Apart())
    return PackedEvidence(evidence=packed, cells=cells, digest=digest_of(cells))


def unpack_evidence(packed: Packed, cells: Sequence[AnyCells]) -> WindowEvidence:
    """The evidence again; its arrays cannot be written to, and the columns of its traffic are stacked.

    Args:
        packed: `PackedEvidence.evidence`.
        cells: those of `PackedEvidence.cells`. Windows that share them are summed without comparing them edge by edge.

    Raises:
        DataError: a newer keepfit packed it, or it was altered.
    """
    return unpack_windows([packed], cells)[0]


def unpack_windows(packed: Sequence[Packed], cells: Sequence[AnyCells]) -> list[WindowEvidence]:
    """`unpack_evidence` of many windows that were counted in the same cells, at half of the work. Raises alike."""
    apart = Apart(kinds=_KEPT_APART, values=list(cells), forms=PROFILE_FORMS)
    return _unpacked(WindowEvidence, packed, apart, "evidence")


def unpack_cells(packed: bytes) -> tuple[AnyCells, ...]:
    """The cells of `PackedEvidence.cells`. Raises like `unpack_evidence`."""
    found: tuple[AnyCells, ...] = _unpacked(tuple[AnyCells, ...], [packed], Apart(), "cells")[0]
    return found


def digest_of(cells: bytes) -> str:
    """What tells packed cells from others.

    >>> digest_of(b"")[:19]
    'sha256:e3b0c44298fc'
    """
    return f"sha256:{hashlib.sha256(cells).hexdigest()}"


def _packed(declared: Any, value: Any, apart: Apart) -> bytes:
    column = column_form(declared).encode([value], apart)
    return _MARK + bytes([FORMAT]) + write_column(column)


def _read(declared: Any, bodies: Sequence[memoryview], apart: Apart) -> list[Any]:
    columns = [read_column(body) for body in bodies]
    return list(column_form(declared).decode_all(columns, [1] * len(columns), apart))


#: How each format that ever was on disk is read: of the first, arrays were [dtype, bytes], which are read where they occur.
_READERS: Final[Mapping[int, Callable[[Any, Sequence[memoryview], Apart], list[Any]]]] = {1: _read, 2: _read}


def _unpacked(declared: Any, packed: Sequence[Packed], apart: Apart, what: str) -> list[Any]:
    """Values of one type, those of one format that follow each other at once."""
    found: list[Any] = []
    for number, some in groupby(packed, lambda one: _format_of(one, what)):
        try:
            found += _READERS[number](declared, [memoryview(one)[len(_MARK) + 1 :] for one in some], apart)
        except _UNREADABLE as error:
            raise DataError(
                f"stored {what} of format {number} cannot be read: {error!r}", hint=_RESTORE
            ) from error
    return found


def _format_of(packed: Packed, what: str) -> int:
    if packed[: len(_MARK)] != _MARK or len(packed) <= len(_MARK):
        raise DataError(f"what is stored as {what} is none", hint=_RESTORE)
    number = packed[len(_MARK)]
    if number not in _READERS:
        raise DataError(
            f"stored {what} is in format {number}, and this keepfit reads formats up to {FORMAT}",
            hint="a newer keepfit wrote it: upgrade keepfit",
        )
    return number


_RESTORE: Final = "it was altered: restore the lake's folder from a backup"
