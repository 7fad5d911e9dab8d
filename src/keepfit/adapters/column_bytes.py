"""Columns as bytes: MessagePack, in which an array is an extension that is told by its dtype, and read without being copied."""

from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

_WHOLE: Final = tuple(np.dtype(code) for code in ("<u1", "<i1", "<u2", "<i2", "<u4", "<i4", "<i8"))

#: How an array is told, for ever: those of other dtypes are written as [dtype, bytes], as all were in the first format.
_CODES: Final = {
    code: np.dtype(text)
    for code, text in enumerate(("|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8"))
}
_CODE_OF: Final = {dtype: code for code, dtype in _CODES.items()}


def narrowed(flat: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers in the narrowest dtype that holds them; other numbers as they are.

    >>> narrowed(np.array([1, 300])).dtype
    dtype('uint16')
    """
    if flat.dtype.kind != "i" or not flat.size:
        return flat
    low, high = flat.min(), flat.max()
    fits = (one for one in _WHOLE if np.iinfo(one).min <= low and high <= np.iinfo(one).max)
    return flat.astype(next(fits))


def is_packed(column: Any) -> bool:
    """Whether numbers are an array, and not a list of them."""
    return isinstance(column, np.ndarray) or (len(column) == 2 and isinstance(column[1], bytes))


def unpack_array(packed: Any) -> NDArray[Any]:
    """The array of a column for which `is_packed` holds; it cannot be written to once it was stored."""
    return packed if isinstance(packed, np.ndarray) else np.frombuffer(packed[1], np.dtype(packed[0]))


def write_column(column: Any) -> bytes:
    """A column as MessagePack."""
    return _ENCODER.encode(column)


def read_column(data: bytes | memoryview) -> Any:
    """The column again. Its arrays are views of `data`, which they keep in memory.

    Raises:
        msgspec.MsgspecError: it is no MessagePack.
        KeyError, ValueError: it holds an array of a dtype that is not known, or that was cut short.
    """
    return _DECODER.decode(data)


def _written(array: Any) -> Any:
    if not isinstance(array, np.ndarray):
        raise NotImplementedError(f"a {type(array).__name__} cannot stand in a column")
    if array.dtype not in _CODE_OF:
        return [array.dtype.str, array.tobytes()]
    return msgspec.msgpack.Ext(_CODE_OF[array.dtype], array.tobytes())


def _read(code: int, data: memoryview) -> NDArray[Any]:
    return np.frombuffer(data, _CODES[code])


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_written)
_DECODER: Final = msgspec.msgpack.Decoder(ext_hook=_read)
