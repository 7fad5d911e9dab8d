"""The columns of a recorded prediction and of a recorded label.

A prediction row holds these columns, then the model's features and context under their own names
prefixed `x_` (features) and `c_` (context):

    prediction_id  String     the caller's id, or `{request}:{row}`
    version        Int64      the model version that answered
    role           String     champion | canary | shadow | failed
    event_time     Datetime   when the event was, UTC
    received_at    Datetime   when the server got it, UTC
    prediction     Float64    null when the version failed
    error          String     why it failed; null when it did not
    batch          Int64      the drain that moved it into the lake; grows by one a drain

A label row: prediction_id, label (Float64), label_time (when it became known), received_at, batch.
The last label of a prediction by (label_time, received_at) is the one that counts.
"""

from enum import StrEnum
from typing import Final

import polars as pl

UTC_TIME: Final = pl.Datetime("us", "UTC")


class Role(StrEnum):
    """What part a version played when it answered."""

    CHAMPION = "champion"
    CANARY = "canary"
    SHADOW = "shadow"
    FAILED = "failed"


#: The answers that a caller was given: shadows answer for the record only, and who failed gave none.
SERVED: Final = (Role.CHAMPION.value, Role.CANARY.value)

PREDICTION_COLUMNS: Final[dict[str, pl.DataType]] = {
    "prediction_id": pl.String(),
    "version": pl.Int64(),
    "role": pl.String(),
    "event_time": UTC_TIME,
    "received_at": UTC_TIME,
    "prediction": pl.Float64(),
    "error": pl.String(),
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
