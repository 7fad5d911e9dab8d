"""ONNX models: a session of onnxruntime on one thread."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from keepfit.adapters.runtimes.folder import ModelFolder
from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.errors import ArtifactError
from keepfit.registry.output import Vector, one_a_row
from keepfit.registry.signature import Signature

_TYPES: Final[dict[str, type[np.generic]]] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
}
_NUMBERS: Final = ("tensor(float)", "tensor(double)")


def load(folder: ModelFolder, described: Mapping[str, Any]) -> object:
    """A session, without the options that the artifact names. Raises ArtifactError."""
    file = folder.file(described.get("data"))
    try:
        session: object = open_session(str(file))
    except Exception as error:
        raise ArtifactError(f"{file} cannot be loaded: {error}") from error
    return session


def open_session(model: str | bytes) -> Any:
    """A session on one thread. Raises whatever onnxruntime raises.

    Args:
        model: the path of a file, or what it would hold.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def runtime(model: Any, signature: Signature, probe: Matrix) -> Runtime:  # noqa: ARG001 - as every library's
    """The session on the matrix: one input of all features, or one for each by its name.

    Raises:
        ArtifactError: its inputs or outputs are not those of the signature.
    """
    feed, output, run = _feed(model, signature), output_names(model, signature), model.run

    def predict(matrix: Matrix) -> Vector:
        return one_a_row(probabilities(run(output, feed(matrix))[0]), signature)

    return Runtime("onnxruntime", predict)


def _feed(session: Any, signature: Signature) -> Callable[[Matrix], dict[str, npt.NDArray[Any]]]:
    inputs = session.get_inputs()
    unknown = [f"{one.name} ({one.type})" for one in inputs if one.type not in _TYPES]
    if unknown:
        raise ArtifactError(
            f"the model takes {', '.join(unknown)}, and not numbers",
            hint="make a model with one input of numbers; categories are given as their codes",
        )
    if len(inputs) == 1:
        name, kind = inputs[0].name, _TYPES[inputs[0].type]
        return lambda matrix: {name: matrix.astype(kind)}
    places = {feature.name: place for place, feature in enumerate(signature.features)}
    if {one.name for one in inputs} != set(places):
        raise ArtifactError(
            f"the model takes {', '.join(one.name for one in inputs)}, and the signature says {', '.join(places)}"
        )
    asked = [(one.name, places[one.name], _TYPES[one.type], len(one.shape)) for one in inputs]
    return lambda matrix: {
        name: matrix[:, place].astype(kind).reshape((-1, 1) if deep > 1 else (-1,))
        for name, place, kind, deep in asked
    }


def output_names(session: Any, signature: Signature) -> list[str]:
    """The name of what holds the prediction: of a classifier's two outputs not the class, but the probabilities."""
    found = session.get_outputs()
    wanted = [one.name for one in found if one.type in _NUMBERS or one.type.startswith("seq(map(")]
    if not wanted:
        given = ", ".join(f"{one.name} ({one.type})" for one in found)
        raise ArtifactError(f"the model gives {given}; '{signature.output}' is a number")
    return wanted[:1]


def probabilities(raw: Any) -> Any:
    """A list of {class: probability}, which converters write for classifiers, as an array."""
    if isinstance(raw, list):
        return np.array([list(one.values()) for one in raw], dtype=np.float64)
    return raw
