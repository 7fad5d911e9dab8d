"""The evidence of one window: what was asked of a version, what it answered, and how well."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import polars as pl

from keepfit.clock import Window
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.evaluation.losses import row_losses
from keepfit.monitoring.reference import Reference
from keepfit.predictions.record import SERVED, Role, context_column, feature_column
from keepfit.registry.signature import Feature
from keepfit.stats.profile import NumericProfile, Profile, numeric_profile, profile_frame


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowEvidence:
    """What is known of one version in one window; all of it sums, counted in the cells of the version's reference.

    Attributes:
        model, version, window: what it is about.
        traffic: the inputs of every row that was served in the window, whichever version answered it.
        predictions: what this version answered to callers.
        performance: its losses on the rows whose label has come, whole and by slice.
        failed: rows that it was asked for and could not answer.
        served: rows that it answered to callers, and those that it failed on.
        batch: the newest batch of the lake that is in it.
    """

    model: str
    version: int
    window: Window
    traffic: Profile
    predictions: NumericProfile
    performance: Performance
    failed: int
    served: int
    batch: int


class EvidenceStore(Protocol):
    """Keeps the evidence of every version and window."""

    def put(self, evidence: WindowEvidence) -> None:
        """Insert, or replace the evidence of the same model, version and window."""
        ...

    def evidence(
        self, model: str, version: int, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[WindowEvidence]:
        """The windows of a version that begin in [since, until), oldest first; None leaves an end open."""
        ...


def window_evidence(
    rows: pl.DataFrame,
    *,
    model: str,
    version: int,
    window: Window,
    reference: Reference,
    features: Sequence[Feature],
    slices: Sequence[str],
    metric: str,
    batch: int,
) -> WindowEvidence:
    """The evidence of a version in a window, from the window's labelled prediction rows.

    Args:
        rows: see `keepfit.predictions.record`, with a `label` that is null where none has come; of any version and
            role; may have no rows, and then no columns either.
        model: whose rows these are.
        version: whose evidence to make.
        window: that the rows lie in.
        reference: of this version.
        features: its inputs, in the rows as `x_<feature>`.
        slices: columns whose values split the losses, in the rows as `x_` or `c_<slice>`; one that is not there gives
            no slices.
        metric: of the losses.
        batch: the newest batch of the lake that is in the rows.
    """
    served = rows.filter(pl.col("role").is_in(SERVED)) if rows.height else rows
    mine = served.filter(pl.col("version") == version) if served.height else served
    answered = mine.filter(pl.col("prediction").is_not_null()) if mine.height else mine
    predictions = answered["prediction"] if answered.height else pl.Series([], dtype=pl.Float64)
    failed = _failures(rows, version)
    return WindowEvidence(
        model=model,
        version=version,
        window=window,
        traffic=_traffic(served, reference, features),
        predictions=numeric_profile(predictions, reference.prediction_cells),
        performance=_performance(answered, slices, metric) if answered.height else Performance(),
        failed=failed,
        served=answered.height + failed,
        batch=batch,
    )


def _failures(rows: pl.DataFrame, version: int) -> int:
    if rows.is_empty():
        return 0
    return rows.filter(pl.col("role") == Role.FAILED.value, pl.col("version") == version).height


def _traffic(served: pl.DataFrame, reference: Reference, features: Sequence[Feature]) -> Profile:
    columns = {feature.name: feature_column(feature.name) for feature in features}
    found = profile_frame(served, {column: reference.cells[name] for name, column in columns.items()})
    return Profile(
        rows=found.rows, features={name: found.features[column] for name, column in columns.items()}
    )


def _performance(answered: pl.DataFrame, slices: Sequence[str], metric: str) -> Performance:
    labelled = answered.with_columns(pl.col("label").cast(pl.Float64).fill_nan(None)).drop_nulls("label")
    losses = row_losses(
        metric,
        labelled["label"].to_numpy(),
        labelled["prediction"].cast(pl.Float64).to_numpy(),
    )
    by_slice: dict[str, LossSums] = {}
    for name in slices:
        column = next(
            (one for one in (feature_column(name), context_column(name)) if one in labelled.columns), None
        )
        if column is not None:
            by_slice |= _by_value(name, labelled[column], losses)
    return Performance(predicted=answered.height, labelled=LossSums.of(losses), slices=by_slice)


def _by_value(
    name: str, values: pl.Series, losses: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> dict[str, LossSums]:
    """The sums of each slice `name=value`; rows without a value are `name=null`."""
    table = pl.DataFrame({"value": values.cast(pl.String).fill_null("null"), "loss": losses})
    parts = table.partition_by("value", as_dict=True)
    return {f"{name}={key[0]}": LossSums.of(part["loss"].to_numpy()) for key, part in sorted(parts.items())}
