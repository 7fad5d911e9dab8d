"""The digest of a frame: one number for schema, order and every value, whatever library or file held them."""

import hashlib
from typing import Final

import numpy as np
import polars as pl

from keepfit.errors import DataError

#: Names the encoding, so that a later one can never be mistaken for this one.
_ENCODING: Final = b"keepfit-frame-1"

_PLAIN: Final = (
    pl.Boolean, pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64,
    pl.Date, pl.Time, pl.Datetime, pl.Duration,
)  # fmt: skip
_FLOATS: Final = (pl.Float32, pl.Float64)
_TEXTS: Final = (pl.String, pl.Binary, pl.Decimal)


def frame_digest(frame: pl.DataFrame) -> str:
    """`sha256:…` over the columns' names and types, the order of columns and rows, and every value.

    It depends on the values only: not on chunks, slices, nor on a file format. Each column is encoded as its name, its type, a
    null mask, then its values: numbers, booleans and times as little-endian buffers (times as whole units since the
    epoch), text as byte lengths and UTF-8, decimals as their text. What lies under a null does not count. All NaNs
    are one value, and NaN is not null; 0.0 and -0.0 are two, for a model may tell them apart.

    Raises:
        DataError: naming a column whose type has no such encoding (nested values, objects, categories).

    >>> one = pl.DataFrame({"miles": [1.5, None]})
    >>> frame_digest(one) == frame_digest(pl.concat([one[:1], one[1:]], rechunk=False))
    True
    >>> frame_digest(one) == frame_digest(one.reverse())
    False
    """
    sums = hashlib.sha256(_ENCODING)
    sums.update(_size(frame.width) + _size(frame.height))
    for column in frame.iter_columns():
        for part in _encoded(column):
            sums.update(part)
    return f"sha256:{sums.hexdigest()}"


def _encoded(column: pl.Series) -> list[bytes | memoryview]:
    return [*_sized(column.name), *_sized(_type_name(column)), *_null_mask(column), *_values(column)]


def _values(column: pl.Series) -> list[bytes | memoryview]:
    if column.dtype in _FLOATS:
        numbers = column.fill_null(0.0).to_numpy()
        return [_buffer(np.where(np.isnan(numbers), numbers.dtype.type(np.nan), numbers))]
    if column.dtype in _TEXTS:
        return _text_values(column)
    if column.dtype == pl.Null:
        return []
    physical = column.to_physical()
    return [_buffer(physical.fill_null(value=False if physical.dtype == pl.Boolean else 0).to_numpy())]


def _text_values(column: pl.Series) -> list[bytes | memoryview]:
    text = column.cast(pl.String) if column.dtype == pl.Decimal else column
    if text.dtype == pl.String:
        lengths = text.str.len_bytes()
        joined = str(text.str.join("").item()).encode()
    else:
        lengths = text.bin.size()
        joined = b"".join(text.drop_nulls())
    return [_buffer(lengths.fill_null(0).cast(pl.Int64).to_numpy()), joined]


def _null_mask(column: pl.Series) -> list[bytes | memoryview]:
    """One bit a row, and none at all where nothing is null."""
    nulls = column.null_count()
    return [_size(nulls), _buffer(np.packbits(column.is_null().to_numpy()))] if nulls else [_size(0)]


def _type_name(column: pl.Series) -> str:
    """The type's name, written by this module, so that a new version of the library cannot rename it."""
    dtype = column.dtype
    name = dtype.base_type().__name__
    if isinstance(dtype, pl.Datetime):
        return f"{name}[{dtype.time_unit},{dtype.time_zone or ''}]"
    if isinstance(dtype, pl.Duration):
        return f"{name}[{dtype.time_unit}]"
    if isinstance(dtype, pl.Decimal):
        return f"{name}[{dtype.scale}]"
    if dtype in (*_PLAIN, *_FLOATS, *_TEXTS, pl.Null):
        return name
    raise DataError(
        f"column '{column.name}' has type {dtype}, which cannot be versioned",
        hint="turn it into numbers, text, booleans or times: categories into text, one column for each nested field",
    )


def _buffer(values: np.ndarray) -> memoryview:
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return little.view(np.uint8).data


def _sized(text: str) -> tuple[bytes, bytes]:
    encoded = text.encode()
    return _size(len(encoded)), encoded


def _size(number: int) -> bytes:
    """Lengths go before what they measure, so that no two frames share an encoding."""
    return number.to_bytes(8, "little")
