"""What came into the lake between two looks at it: new predictions, and labels of those that were there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import polars as pl

from keepfit.clock import EPOCH, Window, window_of
from keepfit.predictions.batches import Batches
from keepfit.predictions.record import SERVED

#: A prediction that was not there at the first look, with its label if there is one.
CAME: Final = "came"
#: A prediction that was there, without a label; now it has one.
MATURED: Final = "matured"
#: A prediction that was there with another label than it has now, or one of another time.
CORRECTED: Final = "corrected"

#: What says which label of a prediction counts: the last.
_LABEL_ORDER: Final = ("label_time", "received_at", "batch", "label")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """A window of the grid that gained predictions, or labels of predictions in it.

    Attributes:
        window: which.
        batches: those that brought something, ascending.
        versions: those that gave the predictions that callers were given, ascending.
        rows: how many predictions and labels came; a label of two predictions counts twice.
    """

    window: Window
    batches: tuple[int, ...]
    versions: tuple[int, ...]
    rows: int


def gains_of(brought: pl.DataFrame, every: timedelta) -> Sequence[Gain]:
    """The windows that gained something, oldest first.

    Args:
        brought: for each prediction that came, and each label of a prediction, the `batch` that brought it, and
            `event_time`, `version` and `role` of the prediction.
        every: the length of a window.
    """
    cell = pl.col("event_time").to_physical() // (every // timedelta(microseconds=1))
    answered = pl.col("version").filter(pl.col("role").is_in(SERVED))
    found = (
        brought.group_by(cell=cell)
        .agg(batches=pl.col("batch").unique().sort(), versions=answered.unique().sort(), rows=pl.len())
        .sort("cell")
        .iter_rows()
    )
    return [
        Gain(
            window=window_of(EPOCH + cell * every, every),
            batches=tuple(batches),
            versions=tuple(versions),
            rows=rows,
        )
        for cell, batches, versions, rows in found
    ]


def last_labels(labels: pl.DataFrame) -> pl.DataFrame:
    """The label of each prediction that counts: `prediction_id`, `label`, `label_time`, `label_batch`."""
    return (
        labels.sort(_LABEL_ORDER)
        .unique("prediction_id", keep="last", maintain_order=True)
        .select("prediction_id", "label", "label_time", label_batch="batch")
    )


def news_of(rows: pl.DataFrame, labels: pl.DataFrame, *, since: Batches, until: Batches) -> pl.DataFrame:
    """What is new of predictions between two looks at the lake.

    Args:
        rows: predictions; those of which nothing is new are left out.
        labels: every label of these, and perhaps of others.
        since: what the first look saw.
        until: what the second sees; nothing of any other batch is told.

    Returns:
        The predictions of which something is new, with their last `label` and `label_time`, and the column `news`: `CAME`,
        or of those that callers were given `MATURED` or `CORRECTED`.
    """
    known = labels.filter(until.hold(pl.col("batch")))
    labelled_before = known.filter(since.hold(pl.col("batch"))).select("prediction_id").unique()
    joined = (
        rows.filter(until.hold(pl.col("batch")))
        .join(last_labels(known), on="prediction_id", how="left", maintain_order="left")
        .join(
            labelled_before.with_columns(before=pl.lit(value=True)),
            on="prediction_id",
            how="left",
            maintain_order="left",
        )
    )
    new_label = ~since.hold(pl.col("label_batch")) & pl.col("role").is_in(SERVED)
    return (
        joined.with_columns(
            news=pl.when(~since.hold(pl.col("batch")))
            .then(pl.lit(CAME))
            .when(new_label & pl.col("before").is_null())
            .then(pl.lit(MATURED))
            .when(new_label)
            .then(pl.lit(CORRECTED))
        )
        .filter(pl.col("news").is_not_null())
        .drop("before", "label_batch")
    )
