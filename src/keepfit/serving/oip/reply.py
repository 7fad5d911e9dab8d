"""The reply to an infer request."""

from functools import lru_cache
from typing import Any

import numpy as np
import orjson

from keepfit.serving.oip.binary_data import packed
from keepfit.serving.oip.datatypes import IDS
from keepfit.serving.oip.request import OipRequest
from keepfit.serving.result import InferenceResult


def encode(result: InferenceResult, request: OipRequest) -> tuple[bytes, int | None]:
    """The reply: the target and the prediction ids, or those of them that were asked for.

    `model_version` is the version that answered. When several did it is the champion's, and the parameter
    `versions` counts the rows of each, as in `3:290,4:32`.

    Returns:
        The body; and how many bytes of it are JSON, for the header `Inference-Header-Content-Length`
        (the content type is then `application/octet-stream`), or None when all are (`application/json`).
    """
    body = request.body
    binary = body.parameters is not None and body.parameters.binary_data_output
    if not body.outputs and not binary:
        return _usual(result), None
    tails: list[bytes] = []
    wanted = (
        [(one.name, one.parameters.binary_data if one.parameters else None) for one in body.outputs]
        if body.outputs
        else [(result.output, None), (IDS, None)]
    )
    outputs = []
    for name, asked in wanted:
        if binary if asked is None else asked:
            output, tail = _binary(result, name)
            tails.append(tail)
        else:
            output = _target(result) if name == result.output else _ids(result)
        outputs.append(output)
    head = orjson.dumps(_reply(result, outputs))
    return (b"".join((head, *tails)), len(head)) if tails else (head, None)


def _usual(result: InferenceResult) -> bytes:
    """What is nearly always asked for: all outputs as JSON, of rows that one version answered."""
    versions = result.versions
    if versions.count(versions[0]) < len(versions):
        return orjson.dumps(_reply(result, [_target(result), _ids(result)]))
    return _template(result.model, versions[0], result.output, len(versions)) % (
        orjson.dumps(result.request_id),
        orjson.dumps(result.predictions.tolist()),
        orjson.dumps(result.ids),
    )


@lru_cache(maxsize=1024)
def _template(model: str, version: int, output: str, rows: int) -> bytes:
    """A reply that lacks the id, the predictions and the prediction ids; to write the rest anew takes as long as all else."""
    return b'{"model_name":%b,"model_version":"%d","id":%%b,"outputs":[%b,%b]}' % (
        _escaped(model),
        version,
        _tensor(output, "FP64", rows),
        _tensor(IDS, "BYTES", rows),
    )


def _tensor(name: str, datatype: str, rows: int) -> bytes:
    written = (_escaped(name), rows, _escaped(datatype))
    return b'{"name":%b,"shape":[%d],"datatype":%b,"data":%%b}' % written


def _escaped(text: str) -> bytes:
    """As JSON, in which `%` stands for itself."""
    return orjson.dumps(text).replace(b"%", b"%%")


def _reply(result: InferenceResult, outputs: list[dict[str, Any]]) -> dict[str, Any]:
    versions = result.versions
    # Nearly always one version answered all rows, which is seen without counting those of each.
    if versions.count(versions[0]) == len(versions):
        return {
            "model_name": result.model,
            "model_version": str(versions[0]),
            "id": result.request_id,
            "outputs": outputs,
        }
    counts = ",".join(f"{number}:{rows}" for number, rows in result.version_counts.items())
    return {
        "model_name": result.model,
        "model_version": str(result.champion),
        "id": result.request_id,
        "parameters": {"versions": counts},
        "outputs": outputs,
    }


def _target(result: InferenceResult) -> dict[str, Any]:
    return _output(result.output, "FP64", result.predictions.tolist())


def _ids(result: InferenceResult) -> dict[str, Any]:
    return _output(IDS, "BYTES", list(result.ids))


def _output(name: str, datatype: str, data: list[Any]) -> dict[str, Any]:
    return {"name": name, "shape": [len(data)], "datatype": datatype, "data": data}


def _binary(result: InferenceResult, name: str) -> tuple[dict[str, Any], bytes]:
    if name == result.output:
        datatype, tail = "FP64", result.predictions.astype(np.dtype("<f8"), copy=False).tobytes()
    else:
        datatype, tail = "BYTES", packed(result.ids)
    parameters = {"binary_data_size": len(tail)}
    shape = [len(result.predictions)]
    return {"name": name, "shape": shape, "datatype": datatype, "parameters": parameters}, tail
