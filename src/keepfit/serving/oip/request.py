"""An infer request: decoded first, and read once it is known what the model takes."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from keepfit.errors import RequestError
from keepfit.ids import did_you_mean
from keepfit.registry.signature import Signature
from keepfit.serving.feature_names import FeatureNames, names_of
from keepfit.serving.oip import binary_data, json_data
from keepfit.serving.oip.datatypes import DATATYPES, IDS, NUMBERS, find
from keepfit.serving.oip.messages import FloatTensor, InferBody, InputTensor, RequestedOutput, parse
from keepfit.serving.payload import Block, Column, Columns, Payload
from keepfit.serving.request import Accepts

#: The header, in small letters, that tells how many bytes of a body are JSON; the rest are binary tensors.
HEADER_LENGTH: Final = "inference-header-content-length"
_NOTHING: Final = memoryview(b"")


class OipRequest(msgspec.Struct, frozen=True, gc=False):
    """A decoded request.

    Attributes:
        body: its JSON.
        tail: the bytes of its binary tensors, in their order.
    """

    # A struct, as a dataclass takes a third of the time of the whole decoding to make.
    body: InferBody
    tail: memoryview = _NOTHING

    @property
    def id(self) -> str | None:
        """The caller's id; None when it gave none (clients send an empty one for none)."""
        return self.body.id or None

    @property
    def timeout_us(self) -> int | None:
        """How many microseconds the caller waits; None when it does not say (0 says so too)."""
        parameters = self.body.parameters
        if parameters is None or parameters.timeout is None or parameters.timeout <= 0:
            return None
        return parameters.timeout

    @property
    def outputs(self) -> tuple[str, ...] | None:
        """Names of the outputs that are wanted; None for all."""
        return tuple(one.name for one in self.body.outputs) if self.body.outputs else None

    def payload(self, accepts: Accepts) -> Payload:
        """The tensors as columns, or as the block of all features.

        Raises:
            RequestError: naming the tensor whose type, shape or data is wrong, or the output that there is not.
        """
        if self.body.outputs:
            _check_outputs(self.body.outputs, accepts.signature)
        known = names_of(accepts.signature)
        inputs = self.body.inputs
        parts = _parts(inputs, self.tail)
        if len(inputs) == 1 and len(inputs[0].shape) == 2 and _is_matrix(inputs[0], accepts):
            # JSON has no infinity, and numbers beyond a float are refused where it is read.
            return Block(_matrix(inputs[0], known, parts[0]), parts[0] is None)
        names = tuple([tensor.name for tensor in inputs])
        if len(set(names)) < len(names):
            twice = next(name for place, name in enumerate(names) if name in names[:place])
            raise RequestError(f"input '{twice}' is given twice")
        return Columns(names, tuple([_column(*one) for one in zip(inputs, parts, strict=True)]))


def decode(body: bytes, header_length: str | None = None) -> OipRequest:
    """Read the body of an infer request.

    Args:
        body: JSON, then the bytes of binary tensors where there are any.
        header_length: the value of the header `Inference-Header-Content-Length`; None when there is none.

    Raises:
        RequestError: it is not JSON, or not such a request; says where.
    """
    if header_length is None:
        request = OipRequest(parse(body))
    else:
        length = _length(header_length, len(body))
        whole = memoryview(body)
        request = OipRequest(parse(whole[:length]), whole[length:])
    if not request.body.inputs:
        raise RequestError("the request has no inputs")
    return request


def _length(text: str, size: int) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise RequestError(
            f"the header Inference-Header-Content-Length is '{text[:40]}': give a number of bytes"
        )
    if int(text) > size:
        raise RequestError(
            f"the header Inference-Header-Content-Length tells {text} bytes; the body has {size}"
        )
    return int(text)


def _parts(inputs: Sequence[InputTensor], tail: memoryview) -> list[memoryview | None]:
    """For each tensor its bytes; None where its data is in the JSON."""
    parts: list[memoryview | None] = []
    place = 0
    for tensor in inputs:
        told = tensor.parameters
        if told is None or (told.binary_data_size is None and told.shared_memory_region is None):
            parts.append(None)
            continue
        size = _size(tensor)
        if place + size > tail.nbytes:
            raise RequestError(
                f"input '{tensor.name}' has binary_data_size {size}; {tail.nbytes - place} bytes are left of the body",
                hint=None
                if tail.nbytes
                else "the header Inference-Header-Content-Length must tell where they begin",
            )
        parts.append(tail[place : place + size])
        place += size
    if place != tail.nbytes:
        raise RequestError(
            f"the body has {tail.nbytes} bytes after its JSON; the tensors' binary_data_size add up to {place}"
        )
    return parts


def _size(tensor: InputTensor) -> int:
    told = tensor.parameters
    if told is None or told.binary_data_size is None:
        raise RequestError(
            f"input '{tensor.name}' is in shared memory, which is not read here", hint="send its data"
        )
    if tensor.data is not None:
        raise RequestError(f"input '{tensor.name}' has both data and binary_data_size: give one")
    if told.binary_data_size < 0:
        raise RequestError(f"input '{tensor.name}' has binary_data_size {told.binary_data_size}")
    return told.binary_data_size


def _is_matrix(tensor: InputTensor, accepts: Accepts) -> bool:
    return tensor.datatype in NUMBERS and tensor.name not in accepts.known


def _matrix(tensor: InputTensor, known: FeatureNames, part: memoryview | None) -> Any:
    if known.category is not None:
        raise RequestError(
            f"input '{tensor.name}' is no column, and cannot be a matrix of all features:"
            f" '{known.category}' is a category",
            hint="send one tensor a column",
        )
    names = known.names
    if tensor.shape[1] != len(names):
        raise RequestError(
            f"input '{tensor.name}' has {tensor.shape[1]} columns; the model takes {len(names)}: {', '.join(names)}"
        )
    if tensor.shape[0] < 0:
        raise RequestError(f"input '{tensor.name}' has shape {tensor.shape}")
    datatype = DATATYPES[tensor.datatype]
    if part is None and type(tensor) is FloatTensor:
        return json_data.float_matrix(tensor.name, tensor.shape, tensor.data)
    if part is None:
        return json_data.matrix(tensor.name, datatype, tensor.shape, tensor.data)
    return binary_data.matrix(tensor.name, datatype, tensor.shape, part)


def _column(tensor: InputTensor, part: memoryview | None) -> Column:
    name, shape = tensor.name, tensor.shape
    if len(shape) != 1 and (len(shape) != 2 or shape[1] != 1):
        raise RequestError(f"input '{name}' has shape {shape}; a column has [n] or [n, 1]")
    datatype = find(name, tensor.datatype)
    if shape[0] < 0:
        raise RequestError(f"input '{name}' has shape {shape}")
    if part is None:
        return json_data.column(name, datatype, shape, tensor.data)
    return binary_data.column(name, datatype, shape, part)


def _check_outputs(outputs: Sequence[RequestedOutput], signature: Signature) -> None:
    known = (signature.output, IDS)
    asked: set[str] = set()
    for one in outputs:
        if one.name not in known:
            raise RequestError(f"unknown output '{one.name}'", hint=did_you_mean(one.name, known))
        if one.name in asked:
            raise RequestError(f"output '{one.name}' is asked for twice")
        if one.parameters is not None and one.parameters.shared_memory_region is not None:
            raise RequestError(f"output '{one.name}' is wanted in shared memory, which is not written here")
        asked.add(one.name)
