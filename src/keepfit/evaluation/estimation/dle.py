"""Performance of a regression from its features: direct loss estimation.

Other models learn from held-out rows how large the loss of a row like this one is; the mean of what they predict is
the estimated performance (NannyML's DLE). It knows of changes of the inputs. It cannot know of concept drift: that the
same inputs lead to other outcomes than they did.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from keepfit.evaluation.estimation.sums import EstimateSums, ExpectedLoss, MaturedSums
from keepfit.evaluation.loss import Floats
from keepfit.evaluation.loss_sums import LossSums
from keepfit.evaluation.losses import row_losses
from keepfit.registry.encode import encode_features
from keepfit.registry.signature import Feature, Kind, Signature

if TYPE_CHECKING:
    import pandas as pd

#: The losses that are estimated of every regression; RMSE is the root of the mean of `mse`.
LOSSES: Final = ("mae", "mse")
#: Contiguous parts of the held-out rows: each one's losses are predicted by models that learned from the others.
_FOLDS: Final = 3
#: The model's own prediction, among the features of the loss models.
_PREDICTION: Final = "keepfit:prediction"


class LossModel(Protocol):
    """Predicts the loss of each row: a fitted scikit-learn regressor, stored beside the model as skops."""

    def predict(self, X: "pd.DataFrame", /) -> npt.NDArray[Any]:  # noqa: N803 - scikit-learn's name
        """One expected loss a row, shape (n,)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionSpec:
    """What an estimator of a regression keeps beside its loss models: everything in it can be stored.

    Attributes:
        metric: that the model is judged by.
        features: what the loss models are given, beside the model's prediction.
        spread: loss → the mean square of what its model missed over the mean square of what it predicted.
        held_out: what was expected and realised on the rows that it was fitted on, each expectation by models that had
            not seen the row.
    """

    metric: str
    features: tuple[Feature, ...]
    spread: Mapping[str, float]
    held_out: MaturedSums = field(default_factory=MaturedSums)


def loss_of(metric: str) -> str:
    """The loss whose mean a metric is read from.

    >>> loss_of("rmse"), loss_of("mae")
    ('mse', 'mae')
    """
    return "mse" if metric == "rmse" else metric


def fit_dle(
    features: pl.DataFrame,
    predictions: Floats,
    labels: Floats,
    *,
    inputs: Sequence[Feature],
    metric: str,
) -> tuple[RegressionSpec, dict[str, LossModel]]:
    """Learn the losses of labelled rows that the model was not trained on.

    Gradient-boosted trees on the features and the model's own prediction, one model a loss: 100 trees of at most 31
    leaves, at a rate of 0.1, as LightGBM has them by default, which NannyML uses. A row's own variance is taken as
    `spread` times the square of its expected loss: losses scatter in proportion to their size.

    Args:
        features: the held-out rows, in order of time, with the model's features under their own names.
        predictions: of the model, shape (n,).
        labels: what came true, shape (n,).
        inputs: the model's features.
        metric: that the model is judged by.

    Returns:
        What is stored, and loss → its model.
    """
    kept = tuple(one for one in inputs if one.kind is Kind.NUMBER or one.categories)
    X = _inputs(kept, features, predictions)  # noqa: N806
    names = dict.fromkeys((*LOSSES, loss_of(metric)))
    losses = {name: row_losses(name, labels, predictions) for name in names}
    with _one_thread():
        models = {name: _fitted(X, loss) for name, loss in losses.items()}
        unseen = {name: _by_others(X, loss) for name, loss in losses.items()}
    spread = {name: _spread(losses[name], unseen[name]) for name in names}
    spec = RegressionSpec(
        metric=metric,
        features=kept,
        spread=spread,
        held_out=_matured(_expected(spread, unseen), losses[loss_of(metric)], unseen[loss_of(metric)]),
    )
    return spec, models


def estimate_losses(
    spec: RegressionSpec, models: Mapping[str, LossModel], features: pl.DataFrame, predictions: Floats
) -> EstimateSums:
    """What is expected of rows with these features and predictions, the latter of shape (n,)."""
    return _expected(spec.spread, _predicted(spec, models, features, predictions))


def matured_losses(
    spec: RegressionSpec,
    models: Mapping[str, LossModel],
    features: pl.DataFrame,
    predictions: Floats,
    labels: Floats,
) -> MaturedSums:
    """What was expected of rows whose label has come, and what they were."""
    predicted = _predicted(spec, models, features, predictions)
    name = loss_of(spec.metric)
    return _matured(_expected(spec.spread, predicted), row_losses(name, labels, predictions), predicted[name])


def _matured(expected: EstimateSums, realised: Floats, predicted: Floats) -> MaturedSums:
    return MaturedSums(
        expected=expected, realised=LossSums.of(realised), difference=LossSums.of(realised - predicted)
    )


def _expected(spread: Mapping[str, float], predicted: Mapping[str, Floats]) -> EstimateSums:
    return EstimateSums(
        losses={name: ExpectedLoss.of(one, spread[name] * one**2) for name, one in predicted.items()}
    )


def _predicted(
    spec: RegressionSpec, models: Mapping[str, LossModel], features: pl.DataFrame, predictions: Floats
) -> dict[str, Floats]:
    if not predictions.size:
        return {name: np.zeros(0) for name in models}
    X = _inputs(spec.features, features, predictions)  # noqa: N806
    with _one_thread():
        return {name: np.asarray(model.predict(X), dtype=np.float64) for name, model in models.items()}


def _inputs(features: Sequence[Feature], rows: pl.DataFrame, predictions: Floats) -> "pd.DataFrame":
    """The rows as the loss models take them: encoded as for the model itself, with its prediction as a last column."""
    signature = Signature(features=tuple(features), id="", time="", context=(), output="")
    encoded = encode_features(signature, {one.name: _column(rows, one) for one in features})
    encoded[_PREDICTION] = np.asarray(predictions, dtype=np.float64)
    return encoded


def _column(rows: pl.DataFrame, feature: Feature) -> pl.Series:
    """As profiles have it: a column that is not there, and what is no number where one is due, counts as null."""
    if feature.name not in rows.columns:
        return pl.Series(feature.name, [None] * rows.height, pl.Float64)
    column = rows[feature.name]
    return column.cast(pl.Float64, strict=False) if feature.kind is Kind.NUMBER else column


def _one_thread() -> AbstractContextManager[Any]:
    """Threads that wait for each other on a busy machine cost many times what they save."""
    limits: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="openmp")
    return limits


@lru_cache(maxsize=1)
def _controller() -> Any:
    """Looking for the libraries takes as long as to predict: they are looked for once, when the trees' own is loaded."""
    import sklearn.ensemble  # noqa: F401 - loads OpenMP
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _fitted(X: "pd.DataFrame", losses: Floats) -> LossModel:  # noqa: N803
    from sklearn.ensemble import HistGradientBoostingRegressor

    model: LossModel = HistGradientBoostingRegressor(
        categorical_features="from_dtype", early_stopping=False, random_state=0
    ).fit(X, losses)
    return model


def _by_others(X: "pd.DataFrame", losses: Floats) -> Floats:  # noqa: N803
    """Each row's loss as models predict it that learned from the other parts, shape (n,)."""
    predicted = np.empty_like(losses)
    for part in np.array_split(np.arange(losses.size), _FOLDS):
        others = np.delete(np.arange(losses.size), part)
        predicted[part] = _fitted(X.iloc[others], losses[others]).predict(X.iloc[part])
    return predicted


def _spread(losses: Floats, predicted: Floats) -> float:
    size = float(np.dot(predicted, predicted))
    missed = losses - predicted
    return float(np.dot(missed, missed)) / size if size > 0 else 0.0
