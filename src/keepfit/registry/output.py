"""One number a row out of a model in memory, by the model's own public method: what every faster way is held against."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from keepfit.errors import ArtifactError
from keepfit.registry.frame import FrameMaker
from keepfit.registry.signature import Signature

if TYPE_CHECKING:
    import pandas as pd

Vector = npt.NDArray[np.float64]
#: From the encoded features, shape (n, features), to one number a row, shape (n,).
MatrixPredict = Callable[[npt.NDArray[np.float64]], Vector]


def frame_output(model: object, signature: Signature) -> "Callable[[pd.DataFrame], Vector]":
    """From the frame that a model was fitted on to `predict`, or the positive class's `predict_proba`.

    A model without `predict_proba` may give the probability by `predict`, if it is no classifier: LightGBM's and
    XGBoost's boosters do, and statsmodels' results.

    Raises:
        ArtifactError: the model has no such method, or has other than two classes.

    >>> from sklearn.dummy import DummyRegressor
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"miles": [1.0, 2.0]})
    >>> signature = Signature(features=(), id="id", time="at", context=(), output="minutes")
    >>> frame_output(DummyRegressor().fit(frame, [3, 5]), signature)(frame).tolist()
    [4.0, 4.0]
    """
    function = _method(model, signature)

    def output(frame: "pd.DataFrame") -> Vector:
        return one_a_row(function(frame), signature)

    return output


def matrix_output(model: object, signature: Signature) -> MatrixPredict:
    """From a matrix to `frame_output` of its frame. Raises ArtifactError as that does."""
    output, frame = frame_output(model, signature), FrameMaker(signature)
    return lambda matrix: output(frame(matrix))


def one_a_row(raw: Any, signature: Signature) -> Vector:
    """What a model gave, as one number a row: where a probability is asked, of two columns the second, the positive class's.

    Raises:
        ArtifactError: it gave more numbers than that.

    >>> signature = Signature(features=(), id="id", time="at", context=(), output="tip", probability=True)
    >>> one_a_row([[0.9, 0.1], [0.2, 0.8]], signature).tolist()
    [0.1, 0.8]
    """
    values = np.asarray(raw, dtype=np.float64)
    if values.ndim == 1:
        return values
    if values.ndim == 2 and values.shape[1] in ((1, 2) if signature.probability else (1,)):
        return values[:, -1]
    raise ArtifactError(f"the model gave {values.shape[1:]} numbers a row; '{signature.output}' takes one")


def check_classes(model: object, signature: Signature) -> None:
    """Raise ArtifactError when a probability is asked of a model with other than two classes."""
    classes = getattr(model, "classes_", None)
    if signature.probability and classes is not None and len(classes) != 2:
        raise ArtifactError(f"the model has {len(classes)} classes; '{signature.output}' takes two")


def method_of(model: object, *, probability: bool) -> str:
    """The name of the method that gives the output.

    >>> from sklearn.linear_model import LogisticRegression
    >>> method_of(LogisticRegression(), probability=True)
    'predict_proba'
    """
    if probability and not (_is_booster(model) and not hasattr(model, "predict_proba")):
        return "predict_proba"
    return "predict"


def _method(model: object, signature: Signature) -> Callable[[Any], Any]:
    name = method_of(model, probability=signature.probability)
    function: Callable[[Any], Any] | None = getattr(model, name, None)
    if not callable(function):
        raise ArtifactError(f"the model is a {type(model).__name__}, which has no {name}()")
    check_classes(model, signature)
    if type(model).__module__.startswith("xgboost") and hasattr(model, "inplace_predict"):
        return _xgboost(model)
    return function


def _is_booster(model: object) -> bool:
    """A fitted model of a library whose `predict` gives the probability itself."""
    library = type(model).__module__.partition(".")[0]
    return library == "statsmodels" or type(model).__name__ == "Booster"


def _xgboost(model: Any) -> Callable[[Any], Any]:
    """XGBoost's booster takes only matrices of its own, or frames by another name."""
    predict: Callable[[Any], Any] = model.inplace_predict
    return predict
