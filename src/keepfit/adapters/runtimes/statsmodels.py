"""statsmodels' results, which are pickles: they are loaded only when the server's owner allowed it."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from keepfit.adapters.runtimes.check import first_equal
from keepfit.adapters.runtimes.folder import ModelFolder, load_pickle
from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.registry.frame import FrameMaker
from keepfit.registry.output import frame_output, one_a_row
from keepfit.registry.signature import Kind, Signature


def load(folder: ModelFolder, described: Mapping[str, Any]) -> object:
    """The results of a fit. Raises ArtifactError."""
    file = folder.file(described.get("data", "model.statsmodels"))
    folder.require_pickle("is a pickle of statsmodels")
    return load_pickle(file)


def runtime(model: Any, signature: Signature, probe: Matrix) -> Runtime:
    """`predict` on the matrix, or on a frame where a formula asks for names. Raises ArtifactError when it has none."""
    output, frame = frame_output(model, signature), FrameMaker(signature)
    reference = Runtime("statsmodels frame", lambda matrix: output(frame(matrix)))
    return first_equal(reference, [partial(_on_array, model, signature)], probe)


def _on_array(model: Any, signature: Signature) -> Runtime | None:
    if any(feature.kind is Kind.CATEGORY for feature in signature.features) or hasattr(
        model.model, "formula"
    ):
        return None
    predict = model.predict
    return Runtime("statsmodels", lambda matrix: one_a_row(predict(matrix), signature))
