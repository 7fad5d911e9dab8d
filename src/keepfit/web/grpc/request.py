"""A ModelInferRequest, read as the same request that its JSON form is: one set of rules for both."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from google.protobuf.message import DecodeError

from keepfit.errors import RequestError
from keepfit.serving.oip import OipRequest
from keepfit.serving.oip.datatypes import find
from keepfit.serving.oip.messages import (
    InferBody,
    InputTensor,
    OutputParameters,
    RequestedOutput,
    RequestParameters,
    TensorParameters,
)
from keepfit.web.grpc.descriptor import message

ModelInferRequest: Final = message("ModelInferRequest")

#: Which field of typed contents holds the values of a datatype; FP16 has none.
_CONTENTS: Final[Mapping[str, str]] = {
    "BOOL": "bool_contents",
    **dict.fromkeys(("INT8", "INT16", "INT32"), "int_contents"),
    "INT64": "int64_contents",
    **dict.fromkeys(("UINT8", "UINT16", "UINT32"), "uint_contents"),
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
_SHARED: Final = "shared_memory_region"
_WHOLE: Final = frozenset({"int64_param", "uint64_param"})


def parsed(kind: Any, body: bytes) -> Any:
    """A message of this kind.

    Raises:
        RequestError: the bytes are none.
    """
    try:
        return kind.FromString(body)
    except DecodeError:
        raise RequestError(f"the message is no {kind.DESCRIPTOR.name}") from None


def read(request: Any) -> OipRequest:
    """A ModelInferRequest as a decoded request, whose `payload` checks what the model takes.

    Raises:
        RequestError: saying which tensor or parameter is wrong.

    >>> tensor = {"name": "miles", "datatype": "FP64", "shape": [1], "contents": {"fp64_contents": [1.5]}}
    >>> read(ModelInferRequest(inputs=[tensor])).body.inputs[0].data
    [1.5]
    """
    if not request.inputs:
        raise RequestError("the request has no inputs")
    raw = request.raw_input_contents
    inputs = _raw_inputs(request.inputs, raw) if raw else [_typed_input(one) for one in request.inputs]
    body = InferBody(
        inputs,
        request.id or None,
        [_output(one) for one in request.outputs] or None,
        _parameters(request.parameters) if request.parameters else None,
    )
    return OipRequest(body, memoryview(raw[0] if len(raw) == 1 else b"".join(raw)))


def _raw_inputs(tensors: Sequence[Any], raw: Sequence[bytes]) -> list[InputTensor]:
    for tensor in tensors:
        if tensor.HasField("contents"):
            raise RequestError(f"input '{tensor.name}' has contents beside raw_input_contents: give one")
        if tensor.parameters and _SHARED in tensor.parameters:
            return [_typed_input(tensor)]
    if len(raw) != len(tensors):
        raise RequestError(
            f"the request has {len(tensors)} inputs and {len(raw)} raw_input_contents",
            hint="give one for each input, in the same order",
        )
    return [
        InputTensor(
            tensor.name,
            list(tensor.shape),
            tensor.datatype,
            parameters=TensorParameters(binary_data_size=len(data)),
        )
        for tensor, data in zip(tensors, raw, strict=True)
    ]


def _typed_input(tensor: Any) -> InputTensor:
    name, datatype = tensor.name, tensor.datatype
    if tensor.parameters and _SHARED in tensor.parameters:
        return InputTensor(
            name, list(tensor.shape), datatype, parameters=TensorParameters(shared_memory_region="")
        )
    return InputTensor(name, list(tensor.shape), datatype, _values(name, datatype, tensor.contents))


def _values(name: str, datatype: str, contents: Any) -> list[Any]:
    find(name, datatype)
    field = _CONTENTS.get(datatype)
    if field is None:
        raise RequestError(f"input '{name}' is {datatype}, which comes in raw_input_contents only")
    values = getattr(contents, field)
    if not values:
        given = [one.name for one, _ in contents.ListFields()]
        if given:
            raise RequestError(f"input '{name}' is {datatype}: its values belong in {field}, not {given[0]}")
    return _texts(name, values) if datatype == "BYTES" else list(values)


def _texts(name: str, values: Sequence[bytes]) -> list[str]:
    try:
        return [value.decode() for value in values]
    except UnicodeDecodeError as error:
        place = list(values).index(error.object)
        raise RequestError(f"input '{name}', value {place}: it is not UTF-8") from None


def _output(tensor: Any) -> RequestedOutput:
    if tensor.parameters and _SHARED in tensor.parameters:
        return RequestedOutput(tensor.name, OutputParameters(shared_memory_region=""))
    return RequestedOutput(tensor.name)


def _parameters(given: Mapping[str, Any]) -> RequestParameters | None:
    if "timeout" not in given:
        return None
    choice = given["timeout"].WhichOneof("parameter_choice")
    if choice not in _WHOLE:
        raise RequestError("the parameter 'timeout' is no int64_param: give whole microseconds")
    return RequestParameters(timeout=getattr(given["timeout"], choice))
