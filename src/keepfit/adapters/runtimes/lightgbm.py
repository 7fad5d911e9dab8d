"""LightGBM: the booster, called for single rows by the entry of its C interface that is made for them."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from keepfit.adapters.runtimes.check import first_equal
from keepfit.adapters.runtimes.folder import ModelFolder
from keepfit.adapters.runtimes.lightgbm_native import SingleRows
from keepfit.adapters.runtimes.lightgbm_text import MANY, recoder
from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.registry.output import MatrixPredict, Vector, check_classes, matrix_output, one_a_row
from keepfit.registry.signature import Signature


def load(folder: ModelFolder, described: Mapping[str, Any]) -> object:
    """The booster, from LightGBM's own text, or the wrapper with scikit-learn's interface. Raises ArtifactError."""
    if described.get("model_class", "lightgbm.basic.Booster") == "lightgbm.basic.Booster":
        import lightgbm

        return lightgbm.Booster(model_file=folder.file(described.get("data")))
    return folder.load(described.get("data"), described.get("serialization_format", "cloudpickle"))


def runtime(model: Any, signature: Signature, probe: Matrix) -> Runtime:
    """The booster on the matrix, one thread. Raises ArtifactError when it has other than two classes."""
    check_classes(model, signature)
    booster = getattr(model, "booster_", model)
    reference = Runtime("LightGBM frame", matrix_output(model, signature))
    makers = [partial(make, booster, signature) for make in (_fast, _on_array)]
    return first_equal(reference, makers, probe)


def _on_array(booster: Any, signature: Signature) -> Runtime:
    many, recode = _many(booster, signature), _recode(booster, signature)
    return Runtime("LightGBM", lambda matrix: many(recode(matrix)))


def _fast(booster: Any, signature: Signature) -> Runtime:
    one, many, recode = _single(booster, signature), _many(booster, signature), _recode(booster, signature)

    def predict(matrix: Matrix) -> Vector:
        rows = recode(matrix)
        return one.rows(rows) if len(rows) < MANY else many(rows)

    return Runtime("LightGBM single-row", predict)


def _many(booster: Any, signature: Signature) -> MatrixPredict:
    predict = booster.predict
    return lambda matrix: one_a_row(predict(matrix, num_threads=1), signature)


def _single(booster: Any, signature: Signature) -> SingleRows:
    from lightgbm.basic import _LIB

    features, best = len(signature.features), booster.best_iteration
    if booster.num_model_per_iteration() != 1 or booster.num_feature() != features:
        raise ValueError("it gives several numbers a row, or takes other features")
    # The package's own library: a handle is worth nothing in another copy of it.
    handle = booster._handle  # noqa: SLF001 - see first_equal
    return SingleRows(_LIB, handle, features, owner=booster, iterations=best if best and best > 0 else -1)


def _recode(booster: Any, signature: Signature) -> Callable[[Matrix], Matrix]:
    return recoder(booster.pandas_categorical or [], signature)
