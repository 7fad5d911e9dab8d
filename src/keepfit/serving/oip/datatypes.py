"""The protocol's datatypes: what each takes in JSON, and how it is laid out in bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from keepfit.errors import RequestError
from keepfit.ids import did_you_mean
from keepfit.registry.signature import Feature, Kind

NULL: Final = type(None)
_LARGEST: Final = int(np.finfo(np.float64).max)
#: The output that holds the prediction ids, which labels refer to.
IDS: Final = "prediction_id"


@dataclass(frozen=True, slots=True)
class Datatype:
    """One datatype.

    Attributes:
        name: as the protocol writes it.
        takes: the types that its JSON values are read as; null is a missing value.
        stored: one value in a binary tensor, little-endian; None for BYTES, whose values differ in length.
        bounds: of its whole numbers the least, and the first beyond the greatest.
    """

    name: str
    takes: frozenset[type]
    stored: np.dtype[Any] | None
    bounds: tuple[int, int] = (0, 0)


def _whole(bits: int, *, signed: bool) -> Datatype:
    least = -(2 ** (bits - 1)) if signed else 0
    name, code = (f"INT{bits}", "i") if signed else (f"UINT{bits}", "u")
    return Datatype(name, frozenset({int, NULL}), np.dtype(f"<{code}{bits // 8}"), (least, least + 2**bits))


def _floating(bits: int) -> Datatype:
    # Whole numbers stand for floats in JSON; those beyond the largest double are no number to a model.
    return Datatype(
        f"FP{bits}", frozenset({float, int, NULL}), np.dtype(f"<f{bits // 8}"), (-_LARGEST, _LARGEST + 1)
    )


#: Every datatype that is read, by name.
DATATYPES: Final[Mapping[str, Datatype]] = {
    one.name: one
    for one in (
        Datatype("BOOL", frozenset({bool, NULL}), np.dtype(np.bool_)),
        *(_whole(bits, signed=True) for bits in (8, 16, 32, 64)),
        *(_whole(bits, signed=False) for bits in (8, 16, 32, 64)),
        *(_floating(bits) for bits in (16, 32, 64)),
        Datatype("BYTES", frozenset({str, NULL}), None),
    )
}

#: The datatypes whose JSON values may have a fraction.
FLOATS: Final = frozenset({"FP16", "FP32", "FP64"})
#: The datatypes that can stand in a matrix of features.
NUMBERS: Final = frozenset(one.name for one in DATATYPES.values() if int in one.takes)


def datatype_of(feature: Feature) -> str:
    """The datatype that a feature is announced with.

    >>> datatype_of(Feature("miles", Kind.NUMBER)), datatype_of(Feature("hour", Kind.NUMBER, integral=True))
    ('FP64', 'INT64')
    """
    if feature.kind is Kind.NUMBER:
        return "INT64" if feature.integral else "FP64"
    return "BYTES" if feature.text else "INT64"


def find(tensor: str, datatype: str) -> Datatype:
    """The datatype of a tensor.

    Raises:
        RequestError: there is none of this name.
    """
    found = DATATYPES.get(datatype)
    if found is None:
        raise RequestError(
            f"input '{tensor}' has the unknown datatype '{datatype}'", hint=did_you_mean(datatype, DATATYPES)
        )
    return found
