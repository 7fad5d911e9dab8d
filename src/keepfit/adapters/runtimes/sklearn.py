"""scikit-learn's estimators, and whatever else has their interface."""

import copy
from collections.abc import Mapping
from functools import partial
from typing import Any

from keepfit.adapters.runtimes.check import first_equal
from keepfit.adapters.runtimes.folder import ModelFolder
from keepfit.adapters.runtimes.linear import linear_runtime
from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.adapters.runtimes.sklearn_forests import forest_runtime
from keepfit.registry.output import frame_output, matrix_output, method_of, one_a_row
from keepfit.registry.signature import Kind, Signature


def load(folder: ModelFolder, described: Mapping[str, Any]) -> object:
    """The estimator. Raises ArtifactError."""
    return folder.load(described.get("pickled_model"), described.get("serialization_format"))


def runtime(model: Any, signature: Signature, probe: Matrix) -> Runtime:
    """The cheapest way of calling an estimator that gives what its public method does on a frame.

    Raises:
        ArtifactError: it does not give what the signature says.
    """
    frame_output(model, signature)
    model = on_one_thread(model)
    reference = Runtime("scikit-learn", matrix_output(model, signature))
    makers = (forest_runtime, linear_runtime, _on_array)
    return first_equal(reference, [partial(make, model, signature) for make in makers], probe)


def on_one_thread(model: Any) -> Any:
    """The estimator with `n_jobs=1`, and every estimator in it: starting threads costs more than they save in a request."""
    if hasattr(model, "get_params") and hasattr(model, "set_params"):
        jobs = [
            name
            for name, value in model.get_params().items()
            if name.rpartition("__")[2] == "n_jobs" and value not in (None, 1)
        ]
        if jobs:
            model = copy.copy(model)
            model.set_params(**dict.fromkeys(jobs, 1))
    return model


def _on_array(model: Any, signature: Signature) -> Runtime | None:
    """The public method on the matrix itself, where the model does not ask for names or categories."""
    if any(feature.kind is Kind.CATEGORY for feature in signature.features):
        return None
    nameless = _without_names(model)
    predict = getattr(nameless, method_of(model, probability=signature.probability))
    return Runtime("scikit-learn array", lambda matrix: one_a_row(predict(matrix), signature))


def _without_names(model: Any) -> Any:
    """A copy that does not know its features' names, and so does not look for them in an array."""
    same = copy.copy(model)
    same.__dict__.pop("feature_names_in_", None)
    if isinstance(getattr(same, "steps", None), list):
        same.steps = [(name, _without_names(step)) for name, step in same.steps]
    return same
