"""scikit-learn's linear models on numbers, alone or behind scalers and imputers, as a few calls of numpy.

The public methods check their input at length: for one row that takes ten times as long as the answer. Each row is
multiplied by itself, as a row alone would be: a product of many rows at once may round otherwise.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.registry.output import MatrixPredict, Vector
from keepfit.registry.signature import Kind, Signature

_NAME: Final = "scikit-learn linear"
_Step = Callable[[Matrix], Matrix]


def linear_runtime(model: Any, signature: Signature) -> Runtime | None:
    """A linear model on numbers, or a pipeline that ends in one and scales or fills in before; None for others."""
    if any(feature.kind is Kind.CATEGORY for feature in signature.features):
        return None
    steps = [step for _, step in model.steps] if type(model).__name__ == "Pipeline" else [model]
    last = steps[-1]
    if not type(last).__module__.startswith("sklearn.linear_model.") or any(map(_unknown, steps[:-1])):
        return None
    return Runtime(
        _NAME, _chained([_STEPS[type(step).__name__](step) for step in steps[:-1]], _last(last, signature))
    )


def _unknown(step: Any) -> bool:
    return not type(step).__module__.startswith("sklearn.") or type(step).__name__ not in _STEPS


def _chained(steps: Sequence[_Step], last: MatrixPredict) -> MatrixPredict:
    if not steps:
        return last

    def predict(matrix: Matrix) -> Vector:
        for step in steps:
            matrix = step(matrix)
        return last(matrix)

    return predict


def _last(model: Any, signature: Signature) -> MatrixPredict:
    """The model's own product; what a subclass makes of it otherwise shows on the probe rows."""
    weights = np.ascontiguousarray(np.asarray(model.coef_, dtype=np.float64).reshape(-1))
    if len(weights) != len(signature.features):
        raise ValueError(f"it has {len(weights)} weights")
    intercept = float(np.asarray(model.intercept_).item())

    def decide(matrix: Matrix) -> Vector:
        found: Vector = np.matmul(matrix[:, None, :], weights)[:, 0]
        return found + intercept

    if not signature.probability:
        return decide
    from scipy.special import expit

    return lambda matrix: np.asarray(expit(decide(matrix)))


def _standard(step: Any) -> _Step:
    mean = step.mean_ if step.with_mean else None
    scale = step.scale_ if step.with_std else None

    def scaled(matrix: Matrix) -> Matrix:
        moved = matrix if mean is None else matrix - mean
        return moved if scale is None else moved / scale

    return scaled


def _between(step: Any) -> _Step:
    if step.clip:
        raise ValueError("it clips")
    scale, low = step.scale_, step.min_
    return lambda matrix: matrix * scale + low


def _filled(step: Any) -> _Step:
    if step.add_indicator or not (isinstance(step.missing_values, float) and np.isnan(step.missing_values)):
        raise ValueError("it marks what it fills in, or fills in other values than missing ones")
    statistics = np.asarray(step.statistics_, dtype=np.float64)
    if np.isnan(statistics).any():
        raise ValueError("it drops a feature")
    return lambda matrix: np.where(np.isnan(matrix), statistics, matrix)


_STEPS: Final[dict[str, Callable[[Any], _Step]]] = {
    "StandardScaler": _standard,
    "MinMaxScaler": _between,
    "SimpleImputer": _filled,
}
