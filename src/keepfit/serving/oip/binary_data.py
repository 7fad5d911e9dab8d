"""Tensors whose data follows the JSON as raw bytes, little-endian and in row-major order (Triton's extension)."""

import math
from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from keepfit.errors import RequestError
from keepfit.serving.oip.datatypes import Datatype

_LENGTH: Final = Struct("<I")


def column(
    name: str, datatype: Datatype, shape: Sequence[int], raw: memoryview
) -> npt.NDArray[Any] | list[str]:
    r"""The values of a tensor: a view of its bytes, or the texts of BYTES.

    Args:
        name: the tensor's, for errors.
        datatype: how the bytes are to be read.
        shape: as the request tells it.
        raw: the tensor's bytes.

    Raises:
        RequestError: their number does not fit the shape, or a text is not UTF-8.

    >>> from keepfit.serving.oip.datatypes import DATATYPES
    >>> column("zone", DATATYPES["BYTES"], [1], memoryview(b"\x02\x00\x00\x00SI"))
    ['SI']
    """
    count = math.prod(shape)
    if datatype.stored is None:
        return _texts(name, shape, count, raw)
    if raw.nbytes != count * datatype.stored.itemsize:
        raise RequestError(
            f"input '{name}' has {raw.nbytes} bytes; {datatype.name} of shape {list(shape)} takes"
            f" {count * datatype.stored.itemsize}"
        )
    values = np.frombuffer(raw, datatype.stored)
    if datatype.name == "BOOL" and count and values.view(np.uint8).max() > 1:
        place = int(np.argmax(values.view(np.uint8) > 1))
        raise RequestError(f"input '{name}', value {place}: the byte {raw[place]} is not BOOL: 0 or 1")
    return values


def matrix(name: str, datatype: Datatype, shape: Sequence[int], raw: memoryview) -> npt.NDArray[np.float64]:
    """A number tensor of shape [n, features] as float64; a view of the bytes where they are FP64 and aligned."""
    values = np.asarray(column(name, datatype, shape, raw), np.float64)
    # The bytes begin wherever the JSON ends, and compiled models read floats at multiples of eight.
    return np.require(values, requirements="A").reshape(shape)


def packed(texts: Iterable[str]) -> bytes:
    r"""Texts as the bytes of a BYTES tensor: each with its length in four bytes in front.

    >>> packed(["SI"])
    b'\x02\x00\x00\x00SI'
    """
    parts: list[bytes] = []
    for text in texts:
        encoded = text.encode()
        parts += (_LENGTH.pack(len(encoded)), encoded)
    return b"".join(parts)


def _texts(name: str, shape: Sequence[int], count: int, raw: memoryview) -> list[str]:
    texts: list[str] = []
    place = 0
    while place < raw.nbytes:
        start = place + _LENGTH.size
        end = start + _LENGTH.unpack_from(raw, place)[0] if start <= raw.nbytes else start
        if end > raw.nbytes:
            raise RequestError(f"input '{name}', value {len(texts)}: its bytes are cut off")
        try:
            texts.append(str(raw[start:end], "utf-8"))
        except UnicodeDecodeError:
            raise RequestError(f"input '{name}', value {len(texts)}: it is not UTF-8") from None
        place = end
    if len(texts) != count:
        raise RequestError(f"input '{name}' has {len(texts)} values for shape {list(shape)}")
    return texts
