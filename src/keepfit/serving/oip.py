"""Open Inference Protocol v2, in JSON: requests, replies and metadata, to the letter.

A request has one tensor a column, of shape [n] or [n, 1]; a model that takes numbers only also takes
one floating-point tensor of shape [n, features], with its features in order. JSON has no NaN: null stands for a missing value.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import msgspec
import orjson

from keepfit.errors import RequestError
from keepfit.ids import did_you_mean
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.serving.dataplane import InferenceResult
from keepfit.serving.request import Accepts

_BITS: Final = {"8": 8, "16": 16, "32": 32, "64": 64}
_INTEGER_RANGES: Final = {
    **{f"INT{name}": (-(2 ** (bits - 1)), 2 ** (bits - 1)) for name, bits in _BITS.items()},
    **{f"UINT{name}": (0, 2**bits) for name, bits in _BITS.items()},
}
_FLOATS: Final = frozenset({"FP16", "FP32", "FP64"})
DATATYPES: Final = ("BOOL", *_INTEGER_RANGES, *sorted(_FLOATS), "BYTES")
_IDS: Final = "prediction_id"
_NULL: Final = type(None)


class _Input(msgspec.Struct, frozen=True):
    name: str
    shape: list[int]
    datatype: str
    data: list[Any]


class _Output(msgspec.Struct, frozen=True):
    name: str


class _Body(msgspec.Struct, frozen=True):
    inputs: list[_Input]
    id: str | None = None
    outputs: list[_Output] | None = None


_decoder: Final = msgspec.json.Decoder(_Body)


@dataclass(frozen=True, slots=True)
class OipRequest:
    """A decoded request: `columns` reads it by what the model takes.

    Attributes:
        id: the caller's id; None when it gave none.
        outputs: names of the outputs that are wanted; None for all.
    """

    id: str | None
    outputs: tuple[str, ...] | None
    _inputs: Sequence[_Input]

    def columns(self, accepts: Accepts) -> dict[str, list[Any]]:
        """The tensors as columns.

        Raises:
            RequestError: naming the tensor whose type, shape or data is wrong.
        """
        signature = accepts.signature
        _check_outputs(self.outputs, signature)
        if len(self._inputs) == 1 and _is_matrix(self._inputs[0], accepts):
            return _matrix(self._inputs[0], signature)
        columns: dict[str, list[Any]] = {}
        for tensor in self._inputs:
            if tensor.name in columns:
                raise RequestError(f"input '{tensor.name}' is given twice")
            columns[tensor.name] = _column(tensor)
        return columns


def decode(body: bytes) -> OipRequest:
    """Read the body of an infer request.

    Raises:
        RequestError: it is not JSON, or not such a request; says where.
    """
    try:
        read = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RequestError(f"the request cannot be read: {error}") from None
    if not read.inputs:
        raise RequestError("the request has no inputs")
    outputs = None if not read.outputs else tuple(one.name for one in read.outputs)
    return OipRequest(read.id or None, outputs, read.inputs)


def encode(result: InferenceResult, request: OipRequest) -> bytes:
    """The reply: the target and the prediction ids, or those of them that were asked for.

    `model_version` is the version that answered. When several did it is the champion's, and the parameter
    `versions` counts the rows of each, as in `3:290,4:32`.
    """
    n = len(result.predictions)
    outputs = {
        result.output: {"name": result.output, "shape": [n], "datatype": "FP64", "data": result.predictions},
        _IDS: {"name": _IDS, "shape": [n], "datatype": "BYTES", "data": result.ids},
    }
    counts = result.version_counts
    reply: dict[str, Any] = {
        "model_name": result.model,
        "model_version": str(result.champion if len(counts) > 1 else next(iter(counts))),
        "id": result.request_id,
        "outputs": [outputs[name] for name in request.outputs or outputs],
    }
    if len(counts) > 1:
        reply["parameters"] = {"versions": ",".join(f"{number}:{rows}" for number, rows in counts.items())}
    return orjson.dumps(reply)


def metadata(model: str, signature: Signature, versions: Sequence[int]) -> dict[str, Any]:
    """The model's metadata: its features as inputs, its target and the prediction ids as outputs."""
    return {
        "name": model,
        "versions": [str(number) for number in versions],
        "platform": "keepfit",
        "inputs": [_tensor(one.name, datatype_of(one)) for one in signature.features],
        "outputs": [_tensor(signature.output, "FP64"), _tensor(_IDS, "BYTES")],
    }


def datatype_of(feature: Feature) -> str:
    """The datatype that a feature is announced with.

    >>> datatype_of(Feature("miles", Kind.NUMBER)), datatype_of(Feature("hour", Kind.NUMBER, integral=True))
    ('FP64', 'INT64')
    """
    if feature.kind is Kind.NUMBER:
        return "INT64" if feature.integral else "FP64"
    return "BYTES" if feature.text else "INT64"


def _tensor(name: str, datatype: str) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": [-1]}


def _check_outputs(outputs: Sequence[str] | None, signature: Signature) -> None:
    known = (signature.output, _IDS)
    for name in outputs or ():
        if name not in known:
            raise RequestError(f"unknown output '{name}'", hint=did_you_mean(name, known))


def _is_matrix(tensor: _Input, accepts: Accepts) -> bool:
    return len(tensor.shape) == 2 and tensor.datatype in _FLOATS and tensor.name not in accepts.known


def _matrix(tensor: _Input, signature: Signature) -> dict[str, list[Any]]:
    names = signature.feature_names
    if any(one.kind is not Kind.NUMBER for one in signature.features):
        category = next(one.name for one in signature.features if one.kind is not Kind.NUMBER)
        raise RequestError(
            f"input '{tensor.name}' is no column, and cannot be a matrix of all features: '{category}' is a category",
            hint="send one tensor a column",
        )
    if tensor.shape[1] != len(names):
        raise RequestError(
            f"input '{tensor.name}' has {tensor.shape[1]} columns; the model takes {len(names)}: {', '.join(names)}"
        )
    flat = _flat(tensor)
    return {name: flat[place :: len(names)] for place, name in enumerate(names)}


def _column(tensor: _Input) -> list[Any]:
    if len(tensor.shape) not in {1, 2} or (len(tensor.shape) == 2 and tensor.shape[1] != 1):
        raise RequestError(f"input '{tensor.name}' has shape {tensor.shape}; a column has [n] or [n, 1]")
    return _flat(tensor)


def _flat(tensor: _Input) -> list[Any]:
    """The data in row-major order, of the right number and type."""
    if tensor.datatype not in DATATYPES:
        hint = did_you_mean(tensor.datatype, DATATYPES)
        raise RequestError(f"input '{tensor.name}' has the unknown datatype '{tensor.datatype}'", hint=hint)
    if any(length < 0 for length in tensor.shape):
        raise RequestError(f"input '{tensor.name}' has shape {tensor.shape}")
    data = _unnested(tensor) if tensor.data and isinstance(tensor.data[0], list) else tensor.data
    if len(data) != math.prod(tensor.shape):
        raise RequestError(f"input '{tensor.name}' has {len(data)} values for shape {tensor.shape}")
    _check_type(tensor, data)
    return data


def _unnested(tensor: _Input) -> list[Any]:
    width = tensor.shape[1] if len(tensor.shape) == 2 else 1
    for row, values in enumerate(tensor.data):
        if not isinstance(values, list) or len(values) != width:
            raise RequestError(
                f"input '{tensor.name}', row {row}: not a list of {width} for shape {tensor.shape}"
            )
    return list(chain.from_iterable(tensor.data))


def _check_type(tensor: _Input, data: Sequence[Any]) -> None:
    datatype = tensor.datatype
    allowed: set[type]
    if datatype == "BYTES":
        allowed = {str, _NULL}
    elif datatype == "BOOL":
        allowed = {bool, _NULL}
    elif datatype in _FLOATS:
        allowed = {int, float, _NULL}
    else:
        allowed = {int, _NULL}
    if not set(map(type, data)) <= allowed:
        row = next(row for row, value in enumerate(data) if type(value) not in allowed)
        raise RequestError(f"input '{tensor.name}', value {row}: {data[row]!r} is not {datatype}")
    if datatype in _INTEGER_RANGES:
        low, high = _INTEGER_RANGES[datatype]
        for row, value in enumerate(data):
            if value is not None and not low <= value < high:
                raise RequestError(f"input '{tensor.name}', value {row}: {value} is beyond {datatype}")
