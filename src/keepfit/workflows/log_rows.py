"""Record predictions and labels that come as tables, through the same ledger as those that servers capture."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from keepfit.data.frames import to_polars
from keepfit.data.schema import Schema
from keepfit.definition import Model
from keepfit.errors import DataError
from keepfit.predictions.capture_codec import PredictionsFrame
from keepfit.predictions.frames import predictions_table
from keepfit.predictions.ledger import DrainPosition, Ledger
from keepfit.predictions.record import UTC_TIME, Role, context_column, feature_column
from keepfit.registry.model_version import ModelVersion
from keepfit.registry.signature import Kind
from keepfit.workflows.mask_rows import mask_ids, mask_predictions
from keepfit.workflows.ports import Ports


def log_prediction_rows(
    ports: Ports, model: Model, version: ModelVersion, rows: pl.DataFrame, *, log: str, now: datetime
) -> Ledger:
    """Record rows with the model's id, time and feature columns and `prediction`; known ids count once.

    Raises:
        DataError: a column holds values of another type than the version was trained on.
    """
    table = mask_predictions(
        ports, model, _prediction_table(model, version, to_polars(rows, where=log), log, now)
    )
    position = _position(log, now)
    added = ports.predictions.append_predictions(
        model.name, table, batch=ports.ledger.next_batch(position.log, model.name)
    )
    counts = Ledger(
        received=table.height - added.duplicates, stored=added.stored, duplicates=added.duplicates
    )
    ports.ledger.record(position, {model.name: counts}, at=now)
    return counts


def log_prediction_frames(
    ports: Ports, model: Model, frames: Sequence[PredictionsFrame], *, log: str, now: datetime
) -> Ledger:
    """Record frames that were made of another server's files; known ids count once."""
    table = mask_predictions(ports, model, predictions_table(frames))
    position = _position(log, now)
    added = ports.predictions.append_predictions(
        model.name, table, batch=ports.ledger.next_batch(position.log, model.name)
    )
    received = sum(frame.received for frame in frames)
    counts = Ledger(received=received - added.duplicates, stored=added.stored, duplicates=added.duplicates)
    ports.ledger.record(position, {model.name: counts}, at=now)
    return counts


def label_columns(model: Model, rows: pl.DataFrame, *, where: str) -> pl.DataFrame:
    """Rows with the model's id and target columns, or `prediction_id` and `label`, under the latter names.

    Raises:
        DataError: a column is missing.
    """
    columns = Schema.of(rows)
    names = {"prediction_id": model.id, "label": model.task.target}
    given = {name: name if name in columns.names else other for name, other in names.items()}
    columns.require(tuple(given.values()), where=where)
    return rows.rename({other: name for name, other in given.items()})


def log_label_rows(ports: Ports, model: Model, rows: pl.DataFrame, *, log: str, now: datetime) -> Ledger:
    """Record rows with `prediction_id`, `label` and perhaps `label_time`; the same label counts once.

    Raises:
        DataError: a label is missing or is no number.
    """
    frame = to_polars(rows, where=log)
    when = pl.col("label_time") if "label_time" in frame.columns else pl.lit(now)
    table = _select(
        frame,
        log,
        prediction_id=pl.col("prediction_id").cast(pl.String),
        label=pl.col("label").cast(pl.Float64),
        label_time=when.cast(UTC_TIME),
        received_at=pl.lit(now).cast(UTC_TIME),
    )
    missing = table["label"].null_count() + table["prediction_id"].null_count()
    if missing:
        raise DataError(
            f"{log}: {missing:,} rows have no label or no id", hint="leave out what is not labelled yet"
        )
    position = _position(log, now)
    added = ports.predictions.append_labels(
        model.name, mask_ids(ports, model, table), batch=ports.ledger.next_batch(position.log, model.name)
    )
    counts = replace(Ledger(labels=added.stored), duplicates=0)
    ports.ledger.record(position, {model.name: counts}, at=now)
    return counts


def _prediction_table(
    model: Model, version: ModelVersion, rows: pl.DataFrame, log: str, now: datetime
) -> pl.DataFrame:
    features = {
        feature_column(one.name): pl.col(one.name).cast(
            pl.Float64 if one.kind is Kind.NUMBER else pl.String if one.text else pl.Int64
        )
        for one in version.signature.features
    }
    context = {
        context_column(name): pl.col(name).cast(pl.String)
        for name in version.signature.context
        if name in rows.columns
    }
    return _select(
        rows,
        log,
        prediction_id=pl.col(model.id).cast(pl.String),
        version=pl.lit(version.number, dtype=pl.Int64),
        role=pl.lit(Role.CHAMPION.value),
        event_time=pl.col(model.time).cast(UTC_TIME),
        received_at=pl.lit(now).cast(UTC_TIME),
        prediction=pl.col("prediction").cast(pl.Float64),
        error=pl.lit(None, dtype=pl.String),
        **features,
        **context,
    )


def _select(frame: pl.DataFrame, where: str, **columns: pl.Expr) -> pl.DataFrame:
    try:
        return frame.select(**columns)
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{where}: {str(error).splitlines()[0]}") from error


def _position(log: str, now: datetime) -> DrainPosition:
    return DrainPosition(log=f"file/{log}", segment=f"{now:%Y%m%dT%H%M%S.%f}", offset=0)
