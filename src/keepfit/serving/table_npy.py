"""A NumPy array (`application/x-npy`) as a payload."""

import io
import math
import tokenize
from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from keepfit.errors import RequestError
from keepfit.serving.feature_names import names_of
from keepfit.serving.payload import Block, Payload
from keepfit.serving.request import Accepts

_KINDS: Final = frozenset("fiub")


def read_npy(body: bytes, accepts: Accepts) -> Payload:
    """A matrix of all features in order, of shape [n, features], or [features] for one row.

    Raises:
        RequestError: it is no such file, holds no numbers, or the model takes categories.
    """
    values = _array(body)
    known = names_of(accepts.signature)
    if known.category is not None:
        raise RequestError(
            f"an array holds numbers only, and '{known.category}' is a category", hint="send CSV or JSON"
        )
    rows = values.reshape(1, -1) if values.ndim == 1 else values
    if rows.ndim != 2 or rows.shape[1] != len(known.names):
        raise RequestError(
            f"the array has shape {list(values.shape)}; the model takes [n, {len(known.names)}]:"
            f" {', '.join(known.names)}"
        )
    return Block(np.ascontiguousarray(np.require(rows, np.float64, "A")))


def _array(body: bytes) -> npt.NDArray[np.generic]:
    # NumPy's own reader would first make room for whatever length the header tells.
    file = io.BytesIO(body)
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(file)
    except (ValueError, SyntaxError, TypeError, tokenize.TokenError, RecursionError, MemoryError) as error:
        raise RequestError(f"the array cannot be read: {error}") from None
    if dtype.kind not in _KINDS:
        raise RequestError(f"the array holds {dtype}, which are no numbers")
    raw = memoryview(body)[file.tell() :]
    if math.prod(shape) * dtype.itemsize != raw.nbytes or any(length < 0 for length in shape):
        raise RequestError(
            f"the array has {raw.nbytes} bytes; {dtype} of shape {list(shape)} takes another number"
        )
    return np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran else "C")
