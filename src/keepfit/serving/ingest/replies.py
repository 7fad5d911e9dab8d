"""The predictions in a reply of another server: one number a row, whatever the protocol wraps them in."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from keepfit.errors import RequestError
from keepfit.registry.signature import Signature
from keepfit.serving.json_body import parse
from keepfit.serving.oip.datatypes import DATATYPES, IDS

_HINT = "a reply holds one number a row; of a classifier, the probability of the positive class"


def json_length(body: bytes) -> int:
    r"""How many bytes of a body are its JSON; binary tensors may follow.

    The header that tells is lost on the way through a logger, so that the JSON is looked at for its own end.

    Raises:
        RequestError: it does not begin with JSON.

    >>> json_length(b'{"a": [1]}\x00\xff')
    10
    """
    try:
        return json.JSONDecoder().raw_decode(body.decode("latin-1"))[1]
    except (ValueError, RecursionError) as error:
        raise RequestError(f"the body cannot be read: {error}", hint="it is not JSON") from None


def json_predictions(body: bytes, signature: Signature) -> list[float]:
    """The predictions of a JSON reply: of the Open Inference Protocol (with binary tensors too), of KServe v1, MLflow, or bare.

    Raises:
        RequestError: it holds no number a row.

    >>> from keepfit.registry.signature import Feature, Kind
    >>> taxi = Signature(features=(Feature("miles", Kind.NUMBER),), id="id", time="at", context=(), output="minutes")
    >>> json_predictions(b'{"predictions": [12.5, [13]]}', taxi)
    [12.5, 13.0]
    """
    length = json_length(body)
    read = parse(body[:length])
    if isinstance(read, dict) and "outputs" in read:
        return _numbers(_output(read["outputs"], memoryview(body)[length:], signature), signature)
    if isinstance(read, dict):
        read = read.get("predictions")
    if not isinstance(read, list):
        raise RequestError("the reply has neither 'predictions' nor 'outputs'", hint=_HINT)
    return _numbers(_bare(read), signature)


def csv_predictions(text: str, rows: int, signature: Signature) -> list[float]:
    """The predictions of a CSV reply: one a line, or all in one line.

    Raises:
        RequestError: it holds no number a row.
    """
    lines = [line.split(",") for line in text.strip().splitlines() if line.strip()]
    if len(lines) == 1 and rows != 1 and len(lines[0]) == rows:
        lines = [[value] for value in lines[0]]
    try:
        return _numbers([[float(value) for value in line] for line in lines], signature)
    except ValueError as error:
        raise RequestError(f"the reply's CSV cannot be read: {error}", hint=_HINT) from None


def _bare(values: Sequence[Any]) -> list[Any]:
    """Objects with a score, as SageMaker's own algorithms write them, are their scores; lists of one are the one."""
    scores = [one.get("score") if isinstance(one, Mapping) else one for one in values]
    return [one[0] if isinstance(one, list) and len(one) == 1 else one for one in scores]


def _output(outputs: Any, tail: memoryview, signature: Signature) -> npt.NDArray[np.float64]:
    if not isinstance(outputs, list) or not all(isinstance(one, dict) for one in outputs):
        raise RequestError("'outputs' is not a list of tensors")
    place, found = 0, {}
    for one in outputs:
        size = (one.get("parameters") or {}).get("binary_data_size")
        raw = None if size is None else tail[place : place + int(size)]
        place += 0 if size is None else int(size)
        found[str(one.get("name"))] = (one, raw)
    name = _chosen(found, signature)
    return _tensor(name, *found[name])


def _chosen(found: Mapping[str, tuple[Mapping[str, Any], Any]], signature: Signature) -> str:
    if signature.output in found:
        return signature.output
    numeric = [name for name, (one, _) in found.items() if name != IDS and one.get("datatype") != "BYTES"]
    if len(numeric) != 1:
        listed = ", ".join(found) or "none"
        raise RequestError(f"the reply has no output '{signature.output}'", hint=f"it has: {listed}")
    return numeric[0]


def _tensor(name: str, tensor: Mapping[str, Any], raw: memoryview | None) -> npt.NDArray[np.float64]:
    datatype, shape = DATATYPES.get(str(tensor.get("datatype"))), tensor.get("shape")
    if datatype is None or datatype.stored is None or not _is_shape(shape):
        raise RequestError(f"output '{name}' is no tensor of numbers", hint=_HINT)
    try:
        flat = (
            np.asarray(tensor.get("data"), np.float64) if raw is None else np.frombuffer(raw, datatype.stored)
        )
        return flat.astype(np.float64).reshape(shape)
    except (ValueError, TypeError, OverflowError) as error:
        raise RequestError(f"output '{name}' cannot be read: {error}") from None


def _is_shape(shape: Any) -> bool:
    return isinstance(shape, list) and all(isinstance(one, int) and one >= 0 for one in shape)


def _numbers(values: Any, signature: Signature) -> list[float]:
    """One number a row; of two probabilities a row the second, which is the positive class's."""
    try:
        matrix = np.asarray(values, np.float64)
    except (ValueError, TypeError, OverflowError):
        raise RequestError("the reply does not hold one number a row", hint=_HINT) from None
    width = math.prod(matrix.shape[1:])
    if matrix.ndim == 0 or not (width == 1 or (width == 2 and signature.probability)):
        raise RequestError(f"the reply's predictions have shape {list(matrix.shape)}", hint=_HINT)
    chosen: list[float] = matrix.reshape(len(matrix), width)[:, -1].tolist()
    return chosen
