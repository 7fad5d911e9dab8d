"""Open Inference Protocol v2 over HTTP, to the letter: JSON, binary tensors and both in one request.

A request has one tensor a column, of shape [n] or [n, 1]; a model that takes numbers only also takes
one number tensor of shape [n, features], with its features in order. JSON has no NaN: null stands for
a missing value. Binary tensors are Triton's extension: their raw bytes follow the JSON, whose length the header
`Inference-Header-Content-Length` tells.
"""

from keepfit.serving.oip.datatypes import datatype_of
from keepfit.serving.oip.metadata import EXTENSIONS, called, metadata, server_metadata
from keepfit.serving.oip.reply import encode
from keepfit.serving.oip.repository import check_change, check_parameters, index, wants_ready
from keepfit.serving.oip.request import HEADER_LENGTH, OipRequest, decode

__all__ = [
    "EXTENSIONS",
    "HEADER_LENGTH",
    "OipRequest",
    "called",
    "check_change",
    "check_parameters",
    "datatype_of",
    "decode",
    "encode",
    "index",
    "metadata",
    "server_metadata",
    "wants_ready",
]
