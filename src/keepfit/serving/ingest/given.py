"""What a caller of `keepfit.log` gave, checked and made into frames."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from keepfit.errors import RequestError
from keepfit.ids import did_you_mean
from keepfit.predictions.capture_codec import LabelsFrame, PredictionsFrame
from keepfit.registry.signature import Signature
from keepfit.serving.columns import check_ids, check_labels, check_times
from keepfit.serving.ingest.observed import Observed, frame_of
from keepfit.serving.ingest.tables import listed, table_columns, values
from keepfit.serving.payload import Column, Columns

SOURCE: Final = "python"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The arguments of `keepfit.log`, as they came."""

    model: str
    features: Any = None
    prediction: Any = None
    ids: Any = None
    times: Any = None
    labels: Any = None
    label_times: Any = None

    @property
    def named(self) -> list[str] | None:
        """The ids, checked; None when none were given. Raises RequestError, and DataError for what is no column."""
        return None if self.ids is None else check_ids("id", values(self.ids, where="id"))


def given_predictions(
    given: Given, signature: Signature, *, version: int, request_id: str, now: int
) -> PredictionsFrame:
    """The rows as predictions of a version.

    Args:
        given: features and prediction.
        signature: of the version.
        version: that answered.
        request_id: rows without an id are named after it.
        now: microseconds since 1970-01-01 UTC.

    Raises:
        RequestError: naming the column and the row that is wrong.
        DataError: what was given is no table, or no column.
    """
    columns = dict(table_columns(given.features, where="features"))
    answers: Any = columns.pop("prediction", None) if "prediction" not in _known(signature) else None
    if given.prediction is not None:
        answers = given.prediction
    if answers is None:
        raise RequestError("there is no prediction", hint="give prediction=…, one a row")
    if given.named is not None:
        columns[signature.id] = given.named
    if given.times is not None:
        columns[signature.time] = values(given.times, where="time")
    _check_names(columns, signature)
    observed = Observed(
        payload=Columns(tuple(columns), tuple(columns.values())),
        predictions=listed(answers, where="prediction"),
        request_id=request_id,
        event_time=now,
        source=SOURCE,
    )
    return frame_of(given.model, signature, observed, version=version, received_at=now)


def given_labels(given: Given, ids: list[str] | None, *, now: int) -> LabelsFrame:
    """The labels, of these ids.

    Raises:
        RequestError: there are no ids, or not one of each; or a label is missing.
        DataError: what was given is no column.
    """
    outcomes = check_labels("labels", listed(given.labels, where="labels"))
    if ids is None:
        raise RequestError("labels without ids name no prediction", hint="give id=…, one a label")
    if len(ids) != len(outcomes):
        raise RequestError(f"there are {len(outcomes)} labels for {len(ids)} ids")
    known = [now] * len(ids)
    if given.label_times is not None:
        times = listed(given.label_times, where="label_time")
        known = check_times("label_time", times * (len(ids) if len(times) == 1 else 1), missing=now)
    if len(known) != len(ids):
        raise RequestError(f"there are {len(known)} label times for {len(ids)} labels")
    return LabelsFrame(
        model=given.model,
        prediction_id=ids,
        label=outcomes,
        label_time=known,
        received_at=[now] * len(ids),
    )


def split(frame: PredictionsFrame, most: int) -> Iterator[PredictionsFrame]:
    """The frame, whose rows were all served and kept, as frames of at most `most` rows each."""
    n, width = len(frame.prediction_id), 8 * len(frame.number_names)
    if n <= most:
        yield frame
        return
    for start in range(0, n, most):
        stop = min(start + most, n)
        rows = slice(start, stop)
        yield msgspec.structs.replace(
            frame,
            prediction_id=frame.prediction_id[rows],
            version=frame.version[rows],
            role=frame.role[rows],
            event_time=frame.event_time[rows],
            received_at=frame.received_at[rows],
            prediction=frame.prediction[rows],
            error=frame.error[rows],
            features={name: column[rows] for name, column in frame.features.items()},
            context={name: column[rows] for name, column in frame.context.items()},
            numbers=frame.numbers[start * width : stop * width],
            received=stop - start,
        )


def _known(signature: Signature) -> tuple[str, ...]:
    return (*signature.feature_names, *signature.context, signature.id, signature.time)


def _check_names(columns: Mapping[str, Column], signature: Signature) -> None:
    known = _known(signature)
    for name in columns:
        if name not in known:
            raise RequestError(f"unknown column '{name}'", hint=did_you_mean(name, known))
