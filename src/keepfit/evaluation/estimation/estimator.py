"""The estimator that ships with a model version: what its performance is before the labels have come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from keepfit.errors import DataError
from keepfit.evaluation.estimation.cbpe import (
    BINARY,
    ClassificationSpec,
    estimate_scores,
    fit_cbpe,
    matured_scores,
)
from keepfit.evaluation.estimation.dle import (
    LossModel,
    RegressionSpec,
    estimate_losses,
    fit_dle,
    matured_losses,
)
from keepfit.evaluation.estimation.sums import EstimateSums, MaturedSums
from keepfit.evaluation.loss import Floats
from keepfit.evaluation.task import Regression, Task
from keepfit.registry.signature import Feature

#: What is stored with a version; the loss models of a regression are stored beside it.
EstimatorSpec = ClassificationSpec | RegressionSpec

#: Fewer held-out rows, or fewer of a class, teach nothing that could be relied on.
LEAST_ROWS = 100
LEAST_OF_A_CLASS = 10
#: A larger error has a square that the trees, which add up in single precision, cannot learn.
LARGEST_ERROR = 1e15


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceEstimator:
    """Estimates the performance of one model version from its inputs and answers alone.

    Attributes:
        spec: what it learned.
        loss_models: for a regression, loss → the model that predicts it; empty for a classification.
    """

    spec: EstimatorSpec
    loss_models: Mapping[str, LossModel] = field(default_factory=dict)

    def estimate(self, predictions: Floats, features: pl.DataFrame | None = None) -> EstimateSums:
        """What is expected of rows; add these sums up over servers and windows.

        Args:
            predictions: the version's answers, shape (n,); (n, classes) with many classes.
            features: for a regression, the rows' features under their own names; one that is not there counts as null.

        Raises:
            DataError: they are features of more or fewer rows.
        """
        if isinstance(self.spec, ClassificationSpec):
            return estimate_scores(self.spec, predictions)
        return estimate_losses(self.spec, self.loss_models, _rows(features, predictions), predictions)

    def matured(
        self, predictions: Floats, labels: Floats, features: pl.DataFrame | None = None
    ) -> MaturedSums:
        """What was expected of rows whose label has come, and what they were: what `judge_estimator` judges by.

        Args:
            predictions, features: as for `estimate`, of the labelled rows alone.
            labels: shape (n,); of a classification the code of each row's class.

        Raises:
            DataError: as for `estimate`.
        """
        if isinstance(self.spec, ClassificationSpec):
            return matured_scores(self.spec, predictions, labels)
        rows = _rows(features, predictions)
        return matured_losses(self.spec, self.loss_models, rows, predictions, labels)


def fit_estimator(
    task: Task,
    *,
    labels: Floats,
    predictions: Floats,
    features: pl.DataFrame,
    inputs: Sequence[Feature],
    classes: Sequence[str] = BINARY,
) -> PerformanceEstimator | None:
    """The estimator of a version, from labelled rows that it was not trained on; None when they teach nothing.

    They do not when they are too few, in all or of a class, or when an error is larger than 1e15.

    Args:
        task: what the version predicts, and the metric it is judged by.
        labels: shape (n,); of a classification the code of each row's class.
        predictions: the version's own, shape (n,) or (n, classes).
        features: the rows, in order of time, with the version's features under their own names.
        inputs: the version's features.
        classes: of a classification, in the order of their codes.
    """
    if labels.size < LEAST_ROWS:
        return None
    if isinstance(task, Regression):
        if np.abs(labels - predictions).max() > LARGEST_ERROR:
            return None
        spec, models = fit_dle(features, predictions, labels, inputs=inputs, metric=task.metric)
        return PerformanceEstimator(spec=spec, loss_models=models)
    if np.bincount(labels.astype(np.int64), minlength=len(classes)).min() < LEAST_OF_A_CLASS:
        return None
    return PerformanceEstimator(spec=fit_cbpe(predictions, labels, metric=task.metric, classes=classes))


def _rows(features: pl.DataFrame | None, predictions: Floats) -> pl.DataFrame:
    if features is None or features.height != predictions.size:
        found = "none" if features is None else f"{features.height:,} rows of them"
        raise DataError(
            f"{predictions.size:,} predictions came with {found} of the features that losses are estimated from",
            hint="give the features of the same rows",
        )
    return features
