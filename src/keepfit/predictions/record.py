"""The columns of a recorded prediction and of a recorded label.

A prediction row holds these columns, then the model's features and context under their own names
prefixed `x_` (features) and `c_` (context):

    prediction_id  String     the caller's id, or `{request}:{row}`
    version        Int64      the model version that answered
    role           String     champion | canary | fallback | shadow | failed
    event_time     Datetime   when the event was, UTC
    received_at    Datetime   when the server got it, UTC
    prediction     Float64    null when the version failed
    error          String     why it failed; null when it did not
    latency_us     Int64      how long the caller waited, in microseconds; null where that was not measured
    batch_rows     Int32      rows that the model was given together with this one; null where that is not known
    share          Float64    the probability with which the row was kept; null in rows older than this column
    source         String     what recorded it: empty for the server, else kserve, sagemaker, python …; null as above
    batch          Int64      the drain that moved it into the lake; grows by one a drain

A label row: prediction_id, label (Float64), label_time (when it became known), received_at, batch.
The last label of a prediction by (label_time, received_at) is the one that counts.
"""

from typing import Final

import polars as pl

from keepfit.predictions.role import SERVED, Role

__all__ = [
    "LABEL_COLUMNS",
    "PREDICTION_COLUMNS",
    "SERVED",
    "SERVING_COLUMNS",
    "UTC_TIME",
    "Role",
    "context_column",
    "feature_column",
]

UTC_TIME: Final = pl.Datetime("us", "UTC")

#: Columns that whoever appends rows may leave out; they are null then.
SERVING_COLUMNS: Final[dict[str, pl.DataType]] = {
    "latency_us": pl.Int64(),
    "batch_rows": pl.Int32(),
    "share": pl.Float64(),
    "source": pl.String(),
}

PREDICTION_COLUMNS: Final[dict[str, pl.DataType]] = {
    "prediction_id": pl.String(),
    "version": pl.Int64(),
    "role": pl.String(),
    "event_time": UTC_TIME,
    "received_at": UTC_TIME,
    "prediction": pl.Float64(),
    "error": pl.String(),
    **SERVING_COLUMNS,
}

LABEL_COLUMNS: Final[dict[str, pl.DataType]] = {
    "prediction_id": pl.String(),
    "label": pl.Float64(),
    "label_time": UTC_TIME,
    "received_at": UTC_TIME,
}


def feature_column(name: str) -> str:
    """The lake's column for a feature: `x_` and its name, so that no feature can clash with a record's own columns."""
    return f"x_{name}"


def context_column(name: str) -> str:
    """The lake's column for a context column that is not a feature."""
    return f"c_{name}"
