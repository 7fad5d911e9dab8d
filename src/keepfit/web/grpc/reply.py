"""The reply to a ModelInferRequest."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from keepfit.serving.oip.binary_data import packed
from keepfit.serving.oip.datatypes import IDS
from keepfit.serving.result import InferenceResult
from keepfit.web.grpc.descriptor import message

ModelInferResponse: Final = message("ModelInferResponse")


def write(result: InferenceResult, outputs: Sequence[str] | None = None, *, raw: bool) -> bytes:
    """A ModelInferResponse with the target and the prediction ids, or those of them that were asked for.

    `model_version` is the version that answered. When several did it is the champion's, and the parameter
    `versions` counts the rows of each, as in `3:290,4:32`.

    Args:
        result: what to tell.
        outputs: names of the outputs, in order; None for all.
        raw: as `raw_output_contents`, which is how a request with raw inputs is answered; else as typed contents.
    """
    reply = ModelInferResponse(model_name=result.model, model_version=_version(result), id=result.request_id)
    if len(counts := result.version_counts) > 1:
        reply.parameters["versions"].string_param = ",".join(f"{one}:{rows}" for one, rows in counts.items())
    shape = (len(result.predictions),)
    for name in outputs or (result.output, IDS):
        datatype = "FP64" if name == result.output else "BYTES"
        output = reply.outputs.add(name=name, datatype=datatype, shape=shape)
        if raw:
            reply.raw_output_contents.append(_bytes(result, name))
        else:
            _fill(output.contents, result, name)
    return bytes(reply.SerializeToString())


def _version(result: InferenceResult) -> str:
    versions = result.versions
    alike = versions.count(versions[0]) == len(versions)
    return str(versions[0] if alike else result.champion)


def _bytes(result: InferenceResult, name: str) -> bytes:
    if name != result.output:
        return packed(result.ids)
    return result.predictions.astype(np.dtype("<f8"), copy=False).tobytes()


def _fill(contents: Any, result: InferenceResult, name: str) -> None:
    if name == result.output:
        contents.fp64_contents.extend(result.predictions.tolist())
    else:
        contents.bytes_contents.extend([one.encode() for one in result.ids])
