"""Values of bytes out of an Arrow column, as views of the memory that it was read into."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

#: How Arrow tells a value of bytes: its length, and if that is over 12, its first four bytes, its buffer and where it begins.
_VIEW: Final = np.dtype([("length", "<i4"), ("prefix", "<i4"), ("buffer", "<i4"), ("begin", "<i4")])
_IN_THE_VIEW: Final = 12
#: Bytes that may be kept in memory for one that is asked for.
_AT_MOST: Final = 2


def bytes_of(column: "pa.Array", places: Sequence[int]) -> list[bytes | memoryview]:
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
    found: list[bytes | memoryview] = []
    for place in places:
        _, _, buffer, begin = told[place].tolist()
        if lengths[place] <= _IN_THE_VIEW or data[buffer].nbytes > _AT_MOST * used[buffer]:
            found.append(column[place].as_py())
        else:
            found.append(data[buffer][begin : begin + lengths[place]])
    return found
