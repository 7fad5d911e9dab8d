"""The evidence of one window: what was asked of a version, what it answered, and how well."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import polars as pl

from keepfit.clock import Window
from keepfit.evaluation.estimation.estimator import PerformanceEstimator
from keepfit.evaluation.evidence import Performance
from keepfit.monitoring.expectation import Expectation, expectation_of
from keepfit.monitoring.realised import realised_performance
from keepfit.monitoring.reference import Reference
from keepfit.predictions.batches import Batches
from keepfit.predictions.record import SERVED, Role, feature_column
from keepfit.registry.signature import Feature
from keepfit.stats.profile import NumericProfile, Profile, numeric_profile, profile_frame


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowEvidence:
    """What is known of one version in one window; all of it sums, counted in the cells of the version's reference.

    Attributes:
        model, version, window: what it is about.
        traffic: the inputs of every row that was served in the window, whichever version answered it.
        predictions: what this version answered to callers.
        performance: its losses on the rows whose label has come, whole and by slice; the metrics of its task, and how
            long the labels took.
        failed: rows that it was asked for and could not answer.
        served: rows that it answered to callers, and those that it failed on.
        batch: every batch of the lake up to this one is in it, if it concerns the window at all.
        expectation: its performance as it was to be expected without labels; None when it ships without an estimator.
        beyond: what is in it, where that is more than the batches up to `batch`: some between were still open.
        loose: rows of the traffic that were added a few at a time; see `keepfit.monitoring.adding`.
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
    expectation: Expectation | None = None
    beyond: Batches | None = None
    loose: int = 0

    @property
    def seen(self) -> Batches:
        """The batches of the lake that are in it."""
        return self.beyond or Batches(newest=self.batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """What the evidence of a version is measured by.

    Attributes:
        reference: of the version: its evidence is counted in the same cells.
        features: its inputs.
        slices: columns whose values split its losses.
        metric: of the losses.
        estimator: of the version; None when it ships without one.
    """

    reference: Reference
    features: Sequence[Feature]
    slices: Sequence[str]
    metric: str
    estimator: PerformanceEstimator | None = None


class EvidenceStore(Protocol):
    """Keeps the evidence of every version and window."""

    def put(self, evidence: WindowEvidence) -> None:
        """Insert, or replace the evidence of the same model, version and start of the window.

        Evidence that has seen less of the lake than what is there, by its `batch`, is passed over: whoever made it was
        late.
        """
        ...

    def put_all(self, evidence: Iterable[WindowEvidence]) -> None:
        """Put many, in order; cheaper than one at a time. They are taken a few at a time, so that they may be made on the way."""
        ...

    def evidence(
        self, model: str, version: int, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[WindowEvidence]:
        """The windows of a version that begin in [since, until), oldest first; None leaves an end open."""
        ...

    def of_windows(self, model: str, starts: Collection[datetime]) -> Sequence[WindowEvidence]:
        """The evidence of every version in the windows that begin then."""
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
    estimator: PerformanceEstimator | None = None,
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
        estimator: of this version; None when it ships without one.
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
        performance=realised_performance(
            answered, window=window, reference=reference, slices=slices, metric=metric
        ),
        failed=failed,
        served=answered.height + failed,
        batch=batch,
        expectation=expectation_of(answered, estimator, features),
    )


def _failures(rows: pl.DataFrame, version: int) -> int:
    if rows.is_empty():
        return 0
    return rows.filter(pl.col("role") == Role.FAILED.value, pl.col("version") == version).height


def _traffic(served: pl.DataFrame, reference: Reference, features: Sequence[Feature]) -> Profile:
    columns = {feature.name: feature_column(feature.name) for feature in features}
    return profile_frame(served, {name: reference.cells[name] for name in columns}, columns=columns)
