"""Ensembles of trees as treelite walks them, an optional library (`keepfit[compiled]`).

Forests of scikit-learn and LightGBM's single rows are seldom beaten by it: see `forest` and `lightgbm`.
"""

from functools import partial
from typing import Any, Final

import numpy as np

from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.registry.output import Vector, one_a_row
from keepfit.registry.signature import Kind, Signature

NAME: Final = "treelite"


def form(model: Any, signature: Signature) -> Runtime:
    """The model's trees.

    Raises:
        Exception: of any kind, where treelite is not installed or knows no such model.
    """
    from treelite import gtil

    if any(feature.kind is Kind.CATEGORY for feature in signature.features):
        raise TypeError("categories are coded otherwise by each library")
    trees = _imported(model)
    predict = partial(gtil.predict, trees, nthread=1)

    def output(matrix: Matrix) -> Vector:
        return one_a_row(np.asarray(predict(matrix), dtype=np.float64)[:, 0, :], signature)

    return Runtime(NAME, output)


def _imported(model: Any) -> Any:
    import treelite

    library = type(model).__module__.partition(".")[0]
    if library == "lightgbm":
        return treelite.frontend.from_lightgbm(getattr(model, "booster_", model))
    if library == "xgboost":
        return treelite.frontend.from_xgboost(model.get_booster() if hasattr(model, "get_booster") else model)
    return treelite.sklearn.import_model(model)
