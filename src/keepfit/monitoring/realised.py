"""Realised performance: the losses, metrics and label delays of a version's answers whose labels have come."""

from collections.abc import Sequence

import polars as pl

from keepfit.clock import Window
from keepfit.evaluation.cell_losses import CellLosses
from keepfit.evaluation.delays import LabelDelays
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.evaluation.loss import Floats
from keepfit.evaluation.losses import row_losses
from keepfit.evaluation.task_sums import window_sums
from keepfit.monitoring.reference import Reference
from keepfit.predictions.record import context_column, feature_column


def realised_performance(
    answered: pl.DataFrame, *, window: Window, reference: Reference, slices: Sequence[str], metric: str
) -> Performance:
    """The performance of a version on rows that it answered.

    Args:
        answered: see `keepfit.predictions.record`; with a prediction each, and a `label` that is null where none has come.
        window: that the rows lie in; a label that became known after its end is late.
        reference: of the version: its metrics are counted in the same cells.
        slices: columns whose values split the losses, as `x_` or `c_<slice>`; one that is not there gives no slices.
        metric: of the losses.
    """
    if answered.is_empty():
        return Performance()
    labelled = answered.with_columns(pl.col("label").cast(pl.Float64).fill_nan(None)).drop_nulls("label")
    if labelled.is_empty():
        return Performance(predicted=answered.height)
    labels = labelled["label"].to_numpy()
    predictions = labelled["prediction"].cast(pl.Float64).to_numpy()
    losses = row_losses(metric, labels, predictions)
    return Performance(
        predicted=answered.height,
        labelled=LossSums.of(losses),
        slices=_by_slice(labelled, slices, losses),
        metrics=window_sums(
            metric, reference.expected.metrics, reference.prediction_cells, labels, predictions
        ),
        delays=_delays(labelled),
        late=_late(labelled, window),
        cells=_cells(labelled, reference, losses),
    )


def _cells(labelled: pl.DataFrame, reference: Reference, losses: Floats) -> CellLosses:
    there = {name: feature_column(name) for name in reference.cells}
    columns = {name: labelled[column] for name, column in there.items() if column in labelled.columns}
    return CellLosses.of(reference.cells, columns, losses)


def _delays(labelled: pl.DataFrame) -> LabelDelays | None:
    if not {"label_time", "event_time"} <= set(labelled.columns):
        return None
    took = (labelled["label_time"] - labelled["event_time"]).drop_nulls()
    return LabelDelays.of(took.dt.total_microseconds().to_numpy() / 1e6)


def _late(labelled: pl.DataFrame, window: Window) -> int:
    if "label_time" not in labelled.columns:
        return 0
    return labelled.filter(pl.col("label_time") >= window.end).height


def _by_slice(labelled: pl.DataFrame, slices: Sequence[str], losses: Floats) -> dict[str, LossSums]:
    found: dict[str, LossSums] = {}
    for name in slices:
        columns = (feature_column(name), context_column(name))
        column = next((one for one in columns if one in labelled.columns), None)
        if column is not None:
            found |= _by_value(name, labelled[column], losses)
    return found


def _by_value(name: str, values: pl.Series, losses: Floats) -> dict[str, LossSums]:
    """The sums of each slice `name=value`; rows without a value are `name=null`."""
    table = pl.DataFrame({"value": values.cast(pl.String).fill_null("null"), "loss": losses})
    parts = table.partition_by("value", as_dict=True)
    return {f"{name}={key[0]}": LossSums.of(part["loss"].to_numpy()) for key, part in sorted(parts.items())}
