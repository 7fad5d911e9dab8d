"""What a version's estimator expects of a window before its labels have come, and what became of that."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from keepfit.evaluation.estimation.estimator import PerformanceEstimator
from keepfit.evaluation.estimation.sums import EstimateSums, MaturedSums
from keepfit.evaluation.loss import Floats
from keepfit.predictions.record import feature_column
from keepfit.registry.signature import Feature


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A commutative monoid.

    Attributes:
        estimate: of every row that the version answered.
        matured: of those whose label has come, what was expected, and what they were.
    """

    estimate: EstimateSums
    matured: MaturedSums

    def __add__(self, other: "Expectation") -> "Expectation":
        return Expectation(estimate=self.estimate + other.estimate, matured=self.matured + other.matured)


def expectation_of(
    answered: pl.DataFrame, estimator: PerformanceEstimator | None, features: Sequence[Feature]
) -> Expectation | None:
    """The expectation of a version on rows that it answered; None without an estimator or rows.

    Args:
        answered: see `keepfit.predictions.record`; with a prediction each, and a `label` that is null where none has come.
        estimator: of the version.
        features: its inputs, in the rows as `x_<feature>`; one that is not there counts as null.
    """
    if estimator is None or answered.is_empty():
        return None
    return Expectation(
        estimate=estimator.estimate(*_given(answered, features)),
        matured=matured_of(answered, estimator, features),
    )


def matured_of(
    answered: pl.DataFrame, estimator: PerformanceEstimator, features: Sequence[Feature]
) -> MaturedSums:
    """What became of the expectations of rows whose label has come; takes what `expectation_of` takes."""
    labelled = answered.with_columns(pl.col("label").cast(pl.Float64).fill_nan(None)).drop_nulls("label")
    if labelled.is_empty():
        return MaturedSums()
    predictions, inputs = _given(labelled, features)
    return estimator.matured(predictions, labelled["label"].to_numpy(), inputs)


def _given(rows: pl.DataFrame, features: Sequence[Feature]) -> tuple[Floats, pl.DataFrame]:
    """The predictions, and the features under their own names."""
    there = {feature.name: feature_column(feature.name) for feature in features}
    inputs = rows.select(
        pl.col(column).alias(name) if column in rows.columns else pl.lit(None).alias(name)
        for name, column in there.items()
    )
    return rows["prediction"].cast(pl.Float64).to_numpy(), inputs


def added(left: Expectation | None, right: Expectation | None) -> Expectation | None:
    """The sum of what is expected of two windows; of one when nothing is of the other."""
    if left is None or right is None:
        return left or right
    return left + right
