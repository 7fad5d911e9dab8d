"""The messages of the Open Inference Protocol over gRPC, made from their field names and numbers.

The numbers are those of `open_inference_grpc.proto` (kserve/open-inference-protocol), whose package is `inference`; the model repository
is Triton's extension of it.
The messages lie in a pool of their own: a client in the same process may have registered the same names.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

PACKAGE: Final = "inference"
SERVICE: Final = f"{PACKAGE}.GRPCInferenceService"

#: Fields in the order of their numbers, which are 1, 2, 3 …, each with its type: a scalar's, a message's, or `map` and a
#: message's for parameters by name. A star marks a repeated one.
_Fields = Mapping[str, str]

_TENSOR: Final = {"name": "string", "datatype": "string", "shape": "int64*"}
_DATA: Final = {**_TENSOR, "parameters": "map InferParameter", "contents": "InferTensorContents"}
_MODEL: Final = {"name": "string", "version": "string"}
#: KServe has the model's name in the first field, and a reply of two fields, which Triton's clients pass over.
_CHANGE: Final = {
    "repository_name": "string",
    "model_name": "string",
    "parameters": "map ModelRepositoryParameter",
}
_MESSAGES: Final[Mapping[str, _Fields]] = {
    "ServerLiveRequest": {},
    "ServerLiveResponse": {"live": "bool"},
    "ServerReadyRequest": {},
    "ServerReadyResponse": {"ready": "bool"},
    "ModelReadyRequest": _MODEL,
    "ModelReadyResponse": {"ready": "bool"},
    "ServerMetadataRequest": {},
    "ServerMetadataResponse": {"name": "string", "version": "string", "extensions": "string*"},
    "ModelMetadataRequest": _MODEL,
    "ModelMetadataResponse": {
        "name": "string",
        "versions": "string*",
        "platform": "string",
        "inputs": "ModelMetadataResponse.TensorMetadata*",
        "outputs": "ModelMetadataResponse.TensorMetadata*",
    },
    "ModelMetadataResponse.TensorMetadata": _TENSOR,
    "ModelInferRequest": {
        "model_name": "string",
        "model_version": "string",
        "id": "string",
        "parameters": "map InferParameter",
        "inputs": "ModelInferRequest.InferInputTensor*",
        "outputs": "ModelInferRequest.InferRequestedOutputTensor*",
        "raw_input_contents": "bytes*",
    },
    "ModelInferRequest.InferInputTensor": _DATA,
    "ModelInferRequest.InferRequestedOutputTensor": {"name": "string", "parameters": "map InferParameter"},
    "ModelInferResponse": {
        "model_name": "string",
        "model_version": "string",
        "id": "string",
        "parameters": "map InferParameter",
        "outputs": "ModelInferResponse.InferOutputTensor*",
        "raw_output_contents": "bytes*",
    },
    "ModelInferResponse.InferOutputTensor": _DATA,
    "InferParameter": {
        "bool_param": "bool",
        "int64_param": "int64",
        "string_param": "string",
        "double_param": "double",
        "uint64_param": "uint64",
    },
    "InferTensorContents": {
        "bool_contents": "bool*",
        "int_contents": "int32*",
        "int64_contents": "int64*",
        "uint_contents": "uint32*",
        "uint64_contents": "uint64*",
        "fp32_contents": "float*",
        "fp64_contents": "double*",
        "bytes_contents": "bytes*",
    },
    "ModelRepositoryParameter": {
        "bool_param": "bool",
        "int64_param": "int64",
        "string_param": "string",
        "bytes_param": "bytes",
    },
    "RepositoryIndexRequest": {"repository_name": "string", "ready": "bool"},
    "RepositoryIndexResponse": {"models": "RepositoryIndexResponse.ModelIndex*"},
    "RepositoryIndexResponse.ModelIndex": {
        "name": "string",
        "version": "string",
        "state": "string",
        "reason": "string",
    },
    "RepositoryModelLoadRequest": _CHANGE,
    "RepositoryModelLoadResponse": {"model_name": "string", "isLoaded": "bool"},
    "RepositoryModelUnloadRequest": _CHANGE,
    "RepositoryModelUnloadResponse": {"model_name": "string", "isUnloaded": "bool"},
}
#: The messages of which one field at most is set, and what that choice is called.
_CHOICES: Final = ("InferParameter", "ModelRepositoryParameter")
_CHOICE: Final = "parameter_choice"
_MAP: Final = "ParametersEntry"


def file_descriptor() -> FileDescriptorProto:
    """The protocol's messages as a `.proto` file would declare them.

    >>> [one.name for one in file_descriptor().message_type][:2]
    ['ServerLiveRequest', 'ServerLiveResponse']
    """
    file = FileDescriptorProto(name="keepfit/open_inference.proto", package=PACKAGE, syntax="proto3")
    declared: dict[str, Any] = {}
    for name, fields in _MESSAGES.items():
        outer, _, inner = name.rpartition(".")
        message = declared[outer].nested_type.add(name=inner) if outer else file.message_type.add(name=name)
        declared[name] = message
        message.field.extend(_declared(name, fields))
        for kind in fields.values():
            if kind.startswith("map "):
                message.nested_type.add().CopyFrom(_entry(kind.removeprefix("map ")))
        if name in _CHOICES:
            message.oneof_decl.add(name=_CHOICE)
            for field in message.field:
                field.oneof_index = 0
    return file


def _declared(message: str, fields: _Fields) -> Iterator[FieldDescriptorProto]:
    for number, (name, kind) in enumerate(fields.items(), start=1):
        yield _field(name, number, f"{message}.{_MAP}*" if kind.startswith("map ") else kind)


def _entry(value: str) -> DescriptorProto:
    entry = DescriptorProto(name=_MAP, field=[_field("key", 1, "string"), _field("value", 2, value)])
    entry.options.map_entry = True
    return entry


def _field(name: str, number: int, kind: str) -> FieldDescriptorProto:
    single = kind.removesuffix("*")
    field = FieldDescriptorProto(name=name, number=number)
    field.label = field.LABEL_OPTIONAL if single == kind else field.LABEL_REPEATED
    if single.partition(".")[0] in _MESSAGES:
        field.type, field.type_name = field.TYPE_MESSAGE, f".{PACKAGE}.{single}"
    else:
        field.type = FieldDescriptorProto.Type.Value(f"TYPE_{single.upper()}")
    return field


def _pool() -> DescriptorPool:
    pool = DescriptorPool()
    pool.Add(file_descriptor())
    return pool


_POOL: Final = _pool()


def message(name: str) -> Any:
    r"""The class of a message.

    >>> message("ModelReadyRequest")(name="taxi").SerializeToString()
    b'\n\x04taxi'
    """
    return GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))
