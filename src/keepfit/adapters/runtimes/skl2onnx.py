"""scikit-learn's models as graphs that onnxruntime walks, by two optional libraries (`keepfit[onnx]`).

The public methods of a pipeline check and copy their input at every step, which takes a row a hundred times as long as
the sums. Which arithmetic a graph can have is onnxruntime's to say: of some operators it has 32 bits only.
"""

import warnings
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from keepfit.adapters.runtimes.onnx import open_session, output_names, probabilities
from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.registry.output import Vector, one_a_row
from keepfit.registry.signature import Feature, Kind, Signature

#: The arithmetic that is tried, the exact one first.
BITS: Final = (64, 32)
#: The one input of a model that does not ask for its features by name.
_ALL: Final = "features"

_Feed = Callable[[Matrix], dict[str, npt.NDArray[Any]]]


def name_of(bits: int) -> str:
    """What the form is called.

    >>> name_of(64)
    'onnxruntime 64-bit'
    """
    return f"onnxruntime {bits}-bit"


def form(model: Any, signature: Signature, bits: int) -> Runtime:
    """The model as a graph, in arithmetic of so many bits.

    Raises:
        Exception: of any kind, where a library is not installed, or knows no such model or arithmetic.
    """
    if not type(model).__module__.startswith("sklearn."):
        raise TypeError(f"a model of {type(model).__module__.partition('.')[0]} is not converted")
    graph, feed = _converted(model, signature, bits)
    session = open_session(graph)
    output, run = output_names(session, signature), session.run

    def predict(matrix: Matrix) -> Vector:
        return one_a_row(probabilities(run(output, feed(matrix))[0]), signature)

    return Runtime(name_of(bits), predict)


def _converted(model: Any, signature: Signature, bits: int) -> tuple[bytes, _Feed]:
    """A graph of one input where the model takes numbers by their places; of an input for each feature otherwise."""
    numbers = all(feature.kind is Kind.NUMBER for feature in signature.features)
    if numbers and not _names_columns(model):
        return _graph(model, signature, [(_ALL, _number(bits, len(signature.features)))]), _whole(bits)
    inputs = [(feature.name, _type_of(feature, bits)) for feature in signature.features]
    return _graph(model, signature, inputs), _by_name(signature, bits)


def _names_columns(model: Any) -> bool:
    """Whether it is a pipeline whose first step deals out columns."""
    first = model.steps[0][1] if type(model).__name__ == "Pipeline" else model
    return type(first).__name__ == "ColumnTransformer"


def _graph(model: Any, signature: Signature, inputs: list[tuple[str, Any]]) -> bytes:
    from skl2onnx import convert_sklearn

    with warnings.catch_warnings():
        # Of versions and of what was left out: whether the graph is right is tried on rows.
        warnings.simplefilter("ignore")
        options = {"zipmap": False} if signature.probability else None
        written: bytes = convert_sklearn(model, initial_types=inputs, options=options).SerializeToString()
    return written


def _number(bits: int, width: int = 1) -> Any:
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    return (DoubleTensorType if bits == 64 else FloatTensorType)([None, width])


def _type_of(feature: Feature, bits: int) -> Any:
    from skl2onnx.common.data_types import Int64TensorType, StringTensorType

    if feature.kind is Kind.NUMBER:
        return _number(bits)
    return (StringTensorType if feature.text else Int64TensorType)([None, 1])


def _whole(bits: int) -> _Feed:
    kind = _dtype(bits)
    return lambda matrix: {_ALL: matrix.astype(kind, copy=False)}


def _by_name(signature: Signature, bits: int) -> _Feed:
    columns = [(one.name, place, _reader(one, bits)) for place, one in enumerate(signature.features)]
    return lambda matrix: {name: read(matrix[:, place : place + 1]) for name, place, read in columns}


def _reader(feature: Feature, bits: int) -> Callable[[Matrix], npt.NDArray[Any]]:
    """From a column of the matrix to what the graph takes: numbers, or the values that the codes stand for."""
    if feature.kind is Kind.NUMBER:
        kind = _dtype(bits)
        return lambda column: column.astype(kind)
    values = _values(feature)
    last = len(feature.categories)
    return lambda column: values[np.where(np.isnan(column), last, column).astype(np.intp)]


def _values(feature: Feature) -> npt.NDArray[Any]:
    """The values by their codes; behind them one that is none of them, for what is missing."""
    if feature.text:
        return np.array([*feature.categories, "\0missing"], dtype=object)
    known = [int(value) for value in feature.categories]
    return np.array([*known, min(known, default=0) - 1], dtype=np.int64)


def _dtype(bits: int) -> type[np.floating[Any]]:
    return np.float64 if bits == 64 else np.float32
