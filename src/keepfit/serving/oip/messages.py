"""The JSON of an infer request, typed. Keys that are not named here are read over."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import orjson

from keepfit.serving.json_body import nan_as_null, unreadable
from keepfit.serving.oip.datatypes import FLOATS

#: From this length on orjson parses a body faster than msgspec, by a quarter at a thousand rows of 30 numbers.
_LARGE: Final = 4096
#: How far into a body a nested list that is its first data begins, names of usual length given.
_NEAR: Final = 256
_UNREADABLE: Final = (
    msgspec.MsgspecError,
    orjson.JSONDecodeError,
    UnicodeDecodeError,
    RecursionError,
)


class TensorParameters(msgspec.Struct, frozen=True, gc=False):
    """What is known of a tensor's parameters."""

    binary_data_size: int | None = None
    shared_memory_region: str | None = None


class RequestParameters(msgspec.Struct, frozen=True, gc=False):
    """What is known of a request's parameters; `timeout` is in microseconds."""

    binary_data_output: bool = False
    timeout: int | None = None


class OutputParameters(msgspec.Struct, frozen=True, gc=False):
    """What is known of a requested output's parameters; the request's default holds where `binary_data` is None."""

    binary_data: bool | None = None
    shared_memory_region: str | None = None


class InputTensor(msgspec.Struct, frozen=True, gc=False):
    """A tensor; `data` is None where its bytes follow the JSON."""

    name: str
    shape: list[int]
    datatype: str
    data: Any = None
    parameters: TensorParameters | None = None


class RequestedOutput(msgspec.Struct, frozen=True, gc=False):
    """An output that is wanted."""

    name: str
    parameters: OutputParameters | None = None


class InferBody(msgspec.Struct, frozen=True, gc=False):
    """The whole of the JSON."""

    inputs: Sequence[InputTensor]
    id: str | None = None
    outputs: list[RequestedOutput] | None = None
    parameters: RequestParameters | None = None


class FloatTensor(InputTensor, frozen=True, gc=False, kw_only=True):
    """A tensor whose data was read as rows of numbers, and needs no check of their types."""

    data: list[list[float | None]]


class _FloatBody(InferBody, frozen=True, gc=False):
    inputs: Sequence[FloatTensor]


_any: Final = msgspec.json.Decoder(InferBody)
_floats: Final = msgspec.json.Decoder(_FloatBody)


def parse(head: bytes | memoryview) -> InferBody:
    """Read the JSON; a bare `NaN` is read as null, as clients in Python and Triton's own send it.

    Raises:
        RequestError: it is not JSON, or not such a request; says where.
    """
    # The one shape that matters most is tried first: a typed decoder checks each number as it reads it.
    if type(head) is bytes and head.find(b"[[", 0, _NEAR) >= 0:
        try:
            read = _floats.decode(head)
        except _UNREADABLE:
            pass
        else:
            if {tensor.datatype for tensor in read.inputs} <= FLOATS:
                return read
    try:
        return _parsed(head)
    except _UNREADABLE as error:
        mended = nan_as_null(bytes(head))
        if mended is None:
            raise unreadable(error) from None
    try:
        return _parsed(mended)
    except _UNREADABLE as error:
        raise unreadable(error) from None


def _parsed(head: bytes | memoryview) -> InferBody:
    # One pass that makes plain lists, whose types are checked afterwards, costs less than to find the extent of each
    # tensor first and to parse it by its datatype then.
    if len(head) < _LARGE:
        return _any.decode(head)
    return msgspec.convert(orjson.loads(head), InferBody)
