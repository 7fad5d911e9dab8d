"""CatBoost: its own methods, on the matrix where all features are numbers."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from keepfit.adapters.runtimes.check import first_equal
from keepfit.adapters.runtimes.folder import ModelFolder
from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.errors import ArtifactError
from keepfit.registry.frame import FrameMaker
from keepfit.registry.output import check_classes, method_of, one_a_row
from keepfit.registry.signature import Kind, Signature

_CLASSES: Final = ("CatBoost", "CatBoostRegressor", "CatBoostClassifier", "CatBoostRanker")


def load(folder: ModelFolder, described: Mapping[str, Any]) -> object:
    """The model, from CatBoost's own format. Raises ArtifactError."""
    import catboost

    name = str(described.get("model_type", "CatBoost"))
    if name not in _CLASSES:
        raise ArtifactError(f"the model in {folder.path} is a {name}, which is none of {', '.join(_CLASSES)}")
    model: Any = getattr(catboost, name)()
    try:
        model.load_model(str(folder.file(described.get("data"))), described.get("save_format", "cbm"))
    except catboost.CatBoostError as error:
        raise ArtifactError(
            f"the model in {folder.path} cannot be loaded: {str(error).splitlines()[0]}"
        ) from error
    return model


def runtime(model: Any, signature: Signature, probe: Matrix) -> Runtime:
    """The model's own method, one thread. Raises ArtifactError when it has other than two classes."""
    check_classes(model, signature)
    predict = partial(getattr(model, method_of(model, probability=signature.probability)), thread_count=1)
    frame = FrameMaker(signature)
    reference = Runtime("CatBoost frame", lambda matrix: one_a_row(predict(frame(matrix)), signature))
    return first_equal(reference, [partial(_on_array, predict, signature)], probe)


def _on_array(predict: Any, signature: Signature) -> Runtime | None:
    if any(feature.kind is Kind.CATEGORY for feature in signature.features):
        return None
    return Runtime("CatBoost", lambda matrix: one_a_row(predict(matrix), signature))
