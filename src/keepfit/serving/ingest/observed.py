"""A request that another server answered, as a frame of the capture log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keepfit.errors import RequestError
from keepfit.predictions.capture_codec import PredictionsFrame
from keepfit.predictions.role import Role
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.serving.columns import (
    check_context,
    check_feature,
    check_ids,
    check_labels,
    check_numbers,
    check_times,
    kind_of,
)
from keepfit.serving.payload import Block, Column, Columns, Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was asked and answered.

    Attributes:
        payload: the rows; columns that the model does not know are left out.
        predictions: one number a row.
        request_id: names the request; rows without an id of their own are named after it.
        event_time: when it was, for rows without a time of their own; microseconds since 1970-01-01 UTC.
        source: what recorded it, as in `kserve`.
    """

    payload: Payload
    predictions: Sequence[Any]
    request_id: str
    event_time: int
    source: str


def frame_of(
    model: str, signature: Signature, observed: Observed, *, version: int, received_at: int
) -> PredictionsFrame:
    """The rows as predictions of a version, checked as a request to keepfit's own server is.

    Args:
        model: whose predictions.
        signature: of the version.
        observed: what was asked and answered.
        version: the version that they are recorded for.
        received_at: when they came to keepfit, in microseconds since 1970-01-01 UTC.

    Raises:
        RequestError: naming the column and the row that is wrong, or what is missing.
    """
    columns = columns_of(observed.payload, signature)
    n = _rows(columns, signature)
    predictions = check_labels("prediction", observed.predictions)
    if len(predictions) != n:
        raise RequestError(f"there are {len(predictions)} predictions for {n} rows")
    number_names = [one.name for one in signature.features if one.kind is Kind.NUMBER]
    categories = [one for one in signature.features if one.kind is not Kind.NUMBER]
    return PredictionsFrame(
        model=model,
        prediction_id=_ids(columns, signature, observed.request_id, n),
        version=[version] * n,
        role=[Role.CHAMPION.value] * n,
        event_time=check_times(signature.time, columns[signature.time], missing=observed.event_time)
        if signature.time in columns
        else [observed.event_time] * n,
        received_at=[received_at] * n,
        prediction=list(predictions),
        error=[None] * n,
        features={one.name: check_feature(one, columns[one.name]) for one in categories},
        kinds={one.name: kind_of(one) for one in categories},
        context={
            name: check_context(name, columns[name])
            for name in signature.context
            if name in columns and name not in signature.feature_names
        },
        number_names=number_names,
        numbers=_matrix(columns, number_names, n),
        received=n,
        source=observed.source,
    )


def columns_of(payload: Payload, signature: Signature) -> Mapping[str, Column]:
    """The columns by name; those of a block are the features in order.

    Raises:
        RequestError: the block has another number of columns than the model has features, or some are categories.
    """
    if isinstance(payload, Columns):
        return dict(zip(payload.names, payload.values, strict=True))
    return _of_block(payload, signature.features)


def _of_block(block: Block, features: Sequence[Feature]) -> Mapping[str, Column]:
    width = block.values.shape[1]
    if width != len(features):
        raise RequestError(f"the rows have {width} values; the model takes {len(features)} features")
    return {one.name: block.values[:, place] for place, one in enumerate(features)}


def _rows(columns: Mapping[str, Column], signature: Signature) -> int:
    missing = [name for name in signature.feature_names if name not in columns]
    if missing:
        others = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise RequestError(
            f"column '{missing[0]}'{others} is missing",
            hint=f"it takes: {', '.join(signature.feature_names)}",
        )
    used = (*signature.feature_names, *signature.context, signature.id, signature.time)
    lengths = {name: len(columns[name]) for name in used if name in columns}
    first, n = next(iter(lengths.items()))
    for name, length in lengths.items():
        if length != n:
            raise RequestError(f"columns differ in length: '{first}' has {n} rows, '{name}' has {length}")
    return n


def _ids(columns: Mapping[str, Column], signature: Signature, request_id: str, n: int) -> list[str]:
    if signature.id in columns:
        return check_ids(signature.id, columns[signature.id])
    return [request_id] if n == 1 else [f"{request_id}:{row}" for row in range(n)]


def _matrix(columns: Mapping[str, Column], names: Sequence[str], n: int) -> bytes:
    matrix = np.empty((n, len(names)), dtype="<f8")
    for place, name in enumerate(names):
        matrix[:, place] = check_numbers(name, columns[name])
    return matrix.tobytes()
