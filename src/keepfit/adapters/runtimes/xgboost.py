"""XGBoost: the booster, called by its C interface on the matrix itself."""

import ctypes
import json
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import numpy as np

from keepfit.adapters.runtimes.check import first_equal
from keepfit.adapters.runtimes.folder import ModelFolder
from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.errors import ArtifactError
from keepfit.registry.output import Vector, check_classes, matrix_output, one_a_row
from keepfit.registry.signature import Signature

#: Classes that MLflow's file may name: it is looked up here, not imported by the name that the artifact gives.
_CLASSES: Final = (
    "Booster",
    "XGBRegressor",
    "XGBClassifier",
    "XGBRFRegressor",
    "XGBRFClassifier",
    "XGBRanker",
)


def load(folder: ModelFolder, described: Mapping[str, Any]) -> object:
    """The booster or its wrapper, from XGBoost's own format. Raises ArtifactError."""
    import xgboost

    name = str(described.get("model_class", "xgboost.core.Booster")).rpartition(".")[2]
    if name not in _CLASSES:
        raise ArtifactError(f"the model in {folder.path} is a {name}, which is none of {', '.join(_CLASSES)}")
    model: Any = getattr(xgboost, name)()
    try:
        model.load_model(folder.file(described.get("data")))
    except xgboost.core.XGBoostError as error:
        raise ArtifactError(
            f"the model in {folder.path} cannot be loaded: {str(error).splitlines()[0]}"
        ) from error
    return model


def runtime(model: Any, signature: Signature, probe: Matrix) -> Runtime:
    """The booster on the matrix, one thread. Raises ArtifactError when it has other than two classes."""
    check_classes(model, signature)
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    booster.set_param({"nthread": 1})
    if hasattr(model, "n_jobs"):
        model.n_jobs = 1
    reference = Runtime("XGBoost frame", matrix_output(model, signature))
    makers = [partial(make, booster, signature, _end(model, booster)) for make in (_direct, _on_array)]
    return first_equal(reference, makers, probe)


def _on_array(booster: Any, signature: Signature, end: int) -> Runtime:
    predict = partial(booster.inplace_predict, iteration_range=(0, end), validate_features=False)
    return Runtime("XGBoost", lambda matrix: one_a_row(predict(matrix), signature))


def _direct(booster: Any, signature: Signature, end: int) -> Runtime:
    """`XGBoosterPredictFromDense` with a configuration that is written once."""
    from xgboost.core import _LIB

    features = len(signature.features)
    if booster.num_features() != features:
        raise ValueError(f"it takes {booster.num_features()} features")
    asked = {
        "type": 0,
        "training": False,
        "iteration_begin": 0,
        "iteration_end": end,
        "missing": float("nan"),
        "strict_shape": False,
        "cache_id": 0,
    }
    configuration = json.dumps(asked).encode()
    call = _LIB.XGBoosterPredictFromDense

    def predict(matrix: Matrix) -> Vector:
        rows = np.ascontiguousarray(matrix)
        n = len(rows)
        described = b'{"data":[%d,true],"shape":[%d,%d],"strides":null,"typestr":"<f8","version":3}' % (
            rows.ctypes.data,
            n,
            features,
        )
        shape, dimensions = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64()
        found = ctypes.POINTER(ctypes.c_float)()
        failed = call(
            booster.handle,  # looked up each time: it dies with the booster, which is so kept alive
            described,
            configuration,
            None,
            ctypes.byref(shape),
            ctypes.byref(dimensions),
            ctypes.byref(found),
        )
        if failed or dimensions.value != 1 or shape[0] != n:
            raise RuntimeError("XGBoost failed, or gave several numbers a row")
        # The numbers lie in the booster's own memory until its next call.
        return np.ctypeslib.as_array(found, (n,)).astype(np.float64)

    return Runtime("XGBoost direct", predict)


def _end(model: Any, booster: Any) -> int:
    """The first iteration that is not used: the wrapper stops behind the best one, the booster uses all."""
    best = booster.attr("best_iteration") if model is not booster else None
    return 0 if best is None else int(best) + 1
