"""A Parquet body as a payload."""

import json
from typing import TYPE_CHECKING, Any, Final

import numpy.typing as npt

from keepfit.errors import RequestError
from keepfit.serving.payload import Column, Columns, Payload
from keepfit.serving.request import MAX_ROWS, Accepts

if TYPE_CHECKING:
    import pyarrow as pa

#: Bytes that the columns of one request may take when they are unpacked.
_LARGEST: Final = 1 << 28


def read_parquet(body: bytes, accepts: Accepts, *, max_rows: int = MAX_ROWS) -> Payload:
    """The columns of a Parquet file; the index that pandas stores beside them is left out unless the model takes it.

    Numbers become arrays (NaN where null), times whole microseconds since 1970, everything else lists.

    Raises:
        RequestError: it is no Parquet file, larger than is taken, or a column has a type that no feature has.
    """
    table = _table(body, max_rows)
    index = _index_of(table.schema.metadata)
    names = [name for name in table.column_names if name not in index or name in accepts.known]
    if len(set(names)) < len(names):
        raise RequestError("the Parquet file names a column twice")
    return Columns(tuple(names), tuple([_column(name, table.column(name)) for name in names]))


def _table(body: bytes, max_rows: int) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(body))
        told = file.metadata
        # A small file can hold columns of any length: what it tells of them is looked at before they are unpacked.
        if told.num_rows > max_rows:
            raise RequestError(
                f"the request has {told.num_rows:,} rows; at most {max_rows:,} are taken",
                hint="send smaller batches",
            )
        if sum(told.row_group(place).total_byte_size for place in range(told.num_row_groups)) > _LARGEST:
            raise RequestError(f"the Parquet file unpacks to more than {_LARGEST:,} bytes")
        return file.read(use_threads=False)
    except (pa.ArrowException, OSError, ValueError, KeyError, IndexError, OverflowError) as error:
        raise RequestError(f"the Parquet file cannot be read: {error}") from None


def _index_of(metadata: dict[bytes, bytes] | None) -> frozenset[str]:
    """The columns that hold an index, as pandas notes them."""
    try:
        noted = json.loads((metadata or {}).get(b"pandas", b"{}"))
        return frozenset(name for name in noted["index_columns"] if isinstance(name, str))
    except (ValueError, KeyError, TypeError, RecursionError):
        return frozenset()


def _column(name: str, values: "pa.ChunkedArray") -> Column:
    import pyarrow as pa
    from pyarrow import types

    kind = values.type
    try:
        if types.is_dictionary(kind):
            return _column(name, values.cast(kind.value_type))
        if types.is_timestamp(kind) or types.is_date(kind):
            return _listed(values.cast(pa.timestamp("us"), safe=False).cast(pa.int64()))
        if types.is_decimal(kind):
            values, kind = values.cast(pa.float64()), pa.float64()
        if types.is_floating(kind) or (types.is_integer(kind) and not values.null_count):
            numbers: npt.NDArray[Any] = values.to_numpy()
            return numbers
        if types.is_integer(kind) or types.is_boolean(kind) or types.is_null(kind) or _is_text(kind):
            return _listed(values)
    except (pa.ArrowException, ValueError) as error:
        raise RequestError(f"column '{name}' cannot be read: {error}") from None
    raise RequestError(f"column '{name}' of the Parquet file is of type {kind}, which no column is")


def _is_text(kind: "pa.DataType") -> bool:
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _listed(values: "pa.ChunkedArray") -> list[Any]:
    listed: list[Any] = values.to_pylist()
    return listed
