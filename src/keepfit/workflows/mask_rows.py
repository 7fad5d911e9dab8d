"""Tables of predictions and labels without what a model's `Capture` keeps out of the record."""

import polars as pl

from keepfit.definition import Model
from keepfit.predictions.masking import keyed_hash
from keepfit.predictions.record import context_column, feature_column
from keepfit.workflows.ports import Ports


def mask_ids(ports: Ports, model: Model, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with the `prediction_id` that the lake knows them by: a keyed hash where the model's id is to be hashed."""
    if model.id not in model.capture.hash:
        return rows
    return rows.with_columns(_hashed("prediction_id", ports.capture_key()))


def mask_predictions(ports: Ports, model: Model, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the lake's columns, with what is redacted as null and what is hashed as keyed hashes; see `keepfit.predictions.masking`."""
    kept = model.capture
    if not kept.masked:
        return rows
    named = {one: name for name in kept.masked for one in (feature_column(name), context_column(name))}
    redacted = [one for one, name in named.items() if one in rows.columns and name in kept.redact]
    hashed = [one for one, name in named.items() if one in rows.columns and name in kept.hash]
    masked = rows.with_columns(pl.lit(None, dtype=rows.schema[one]).alias(one) for one in redacted)
    if hashed:
        key = ports.capture_key()
        masked = masked.with_columns(_hashed(one, key) for one in hashed)
    return mask_ids(ports, model, masked)


def _hashed(column: str, key: bytes) -> pl.Expr:
    return pl.col(column).map_elements(lambda value: keyed_hash(value, key), return_dtype=pl.String)
