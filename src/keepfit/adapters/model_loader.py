"""From an artifact folder to a model in memory, without trusting what the artifact says of itself.

The folder is one that MLflow's scikit-learn flavour wrote with `serialization_format="skops"`: an
`MLmodel` file and the model. It is read without importing MLflow, which takes seconds. A skops file is loaded
only if every type in it is one that skops trusts, or one of the server's own allow-list; the list that the artifact
carries is not looked at. Everything that can run code when it is loaded (pickles, other flavours)
needs `allow_pickle`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import yaml

from keepfit.errors import ArtifactError
from keepfit.registry.signature import Signature

if TYPE_CHECKING:
    import pandas as pd

#: What scikit-learn's own estimators need beyond what skops trusts: compiled trees, type objects, and the
#: checks that they keep as functions. None of them runs code that an artifact brings.
DEFAULT_TRUSTED_TYPES: Final = frozenset(
    {
        "functools.partial",
        "numpy.dtype",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.compose._column_transformer.make_column_selector",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
        "sklearn.utils.validation.check_array",
    }
)

Predictor = Callable[["pd.DataFrame"], npt.NDArray[np.float64]]


def load_model(
    directory: Path, *, trusted_types: frozenset[str] = DEFAULT_TRUSTED_TYPES, allow_pickle: bool = False
) -> object:
    """The model of an artifact folder, unwrapped from its flavour where that is scikit-learn's.

    Args:
        directory: holds the `MLmodel` file.
        trusted_types: types that a skops file may hold beyond what skops trusts.
        allow_pickle: also load what can run code of the artifact's.

    Raises:
        ArtifactError: naming what is missing, broken or not allowed, and how to allow it.
    """
    flavors = _flavors(directory)
    sklearn = flavors.get("sklearn")
    if not isinstance(sklearn, dict):
        _require_pickle(allow_pickle, directory, f"has the flavours {', '.join(sorted(flavors))}")
        return _load_pyfunc(directory)
    file = _inside(directory, str(sklearn.get("pickled_model", "")))
    form = sklearn.get("serialization_format")
    if form == "skops":
        return load_skops(file, trusted_types)
    _require_pickle(allow_pickle, directory, f"is a {form} file")
    return _load_pickle(file)


def predictor(model: object, signature: Signature) -> Predictor:
    """One number a row from encoded features: `predict`, or the positive class's `predict_proba`.

    OpenMP is held to one thread: several threads a request fight over the cores that other requests need.

    Raises:
        ArtifactError: the model has no such method, or has other than two classes.
    """
    method = "predict_proba" if signature.probability else "predict"
    function = getattr(model, method, None)
    if not callable(function):
        raise ArtifactError(f"the model is a {type(model).__name__}, which has no {method}()")
    classes = getattr(model, "classes_", None)
    if signature.probability and classes is not None and len(classes) != 2:
        raise ArtifactError(f"the model has {len(classes)} classes; '{signature.output}' takes two")
    from threadpoolctl import ThreadpoolController

    threads = ThreadpoolController()

    def predict(features: "pd.DataFrame") -> npt.NDArray[np.float64]:
        with threads.limit(limits=1, user_api="openmp"):
            raw = function(features)
        values = np.asarray(raw, dtype=np.float64)
        return values[:, 1] if signature.probability else values.reshape(-1)

    return predict


def _flavors(directory: Path) -> dict[str, Any]:
    path = directory / "MLmodel"
    try:
        described = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ArtifactError(
            f"{path} cannot be read: {error.strerror}", hint="is this a model's folder?"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path} is not valid YAML") from error
    flavors = described.get("flavors") if isinstance(described, dict) else None
    if not isinstance(flavors, dict) or not flavors:
        raise ArtifactError(f"{path} names no flavour")
    return flavors


def _inside(directory: Path, name: str) -> Path:
    file = (directory / name).resolve()
    if not name or not file.is_relative_to(directory.resolve()):
        raise ArtifactError(f"{directory / 'MLmodel'} names a model file outside of its folder: '{name}'")
    if not file.is_file():
        raise ArtifactError(f"{directory} lacks its model file '{name}'")
    return file


def load_skops(file: Path, trusted_types: frozenset[str] = DEFAULT_TRUSTED_TYPES) -> object:
    """What a skops file holds, if every type in it is allowed.

    Raises:
        ArtifactError: naming the types that are not, or why it cannot be read.
    """
    import skops.io

    # Read once: what is checked is what is loaded.
    data = file.read_bytes()
    try:
        unknown = sorted(set(skops.io.get_untrusted_types(data=data)) - trusted_types)
    except Exception as error:
        raise ArtifactError(f"{file} is not a readable skops file: {error}") from error
    if unknown:
        raise ArtifactError(
            f"{file} holds types that nobody allowed: {', '.join(unknown)}",
            hint=f"if you trust them, add to keepfit.toml: [serving] trusted_types = {_toml(unknown)}",
        )
    try:
        model: object = skops.io.loads(data, trusted=sorted(trusted_types))
    except Exception as error:
        raise ArtifactError(f"{file} cannot be loaded: {error}") from error
    return model


def _require_pickle(allowed: bool, directory: Path, what: str) -> None:
    if not allowed:
        raise ArtifactError(
            f"the model in {directory} {what}: loading it can run any code",
            hint="save it with skops, or set [serving] allow_pickle = true in keepfit.toml",
        )


def _load_pickle(file: Path) -> object:
    import pickle

    try:
        model: object = pickle.loads(file.read_bytes())  # noqa: S301 - only when the server's owner allowed it
    except Exception as error:
        raise ArtifactError(f"{file} cannot be unpickled: {type(error).__name__}: {error}") from error
    return model


def _load_pyfunc(directory: Path) -> object:
    import mlflow.pyfunc

    try:
        model: object = mlflow.pyfunc.load_model(str(directory))
    except Exception as error:
        raise ArtifactError(f"the model in {directory} cannot be loaded: {error}") from error
    return model


def _toml(types: list[str]) -> str:
    return "[" + ", ".join(f'"{one}"' for one in types) + "]"
