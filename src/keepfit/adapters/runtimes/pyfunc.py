"""Whatever else MLflow can load, by the code that the artifact brings: only when the server's owner allowed it."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from keepfit.adapters.runtimes.folder import ModelFolder
from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.errors import ArtifactError
from keepfit.registry.output import Vector, one_a_row
from keepfit.registry.signature import Feature, Kind, Signature

if TYPE_CHECKING:
    import pandas as pd

#: What MLflow's schemas call the types of columns.
_TYPES: Final = {
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "boolean": "bool",
}


def load(folder: ModelFolder) -> object:
    """MLflow's generic model. Raises ArtifactError."""
    folder.require_pickle(f"has the flavours {', '.join(sorted(folder.flavors))}")
    import mlflow.pyfunc

    try:
        model: object = mlflow.pyfunc.load_model(str(folder.path))
    except Exception as error:
        raise ArtifactError(f"the model in {folder.path} cannot be loaded: {error}") from error
    return model


def runtime(model: Any, signature: Signature, probe: Matrix) -> Runtime:  # noqa: ARG001 - as every library's
    """Its `predict` on a frame of values as requests carry them, in the types that its own schema names."""
    predict, types = model.predict, _schema(model)

    def output(matrix: Matrix) -> Vector:
        return one_a_row(predict(_values(matrix, signature, types)), signature)

    return Runtime("MLflow pyfunc", output)


def _schema(model: Any) -> dict[str, str]:
    schema = model.metadata.get_input_schema()
    if schema is None or not schema.has_input_names():
        return {}
    return {column.name: _TYPES.get(getattr(column.type, "name", ""), "") for column in schema.inputs}


def _values(matrix: Matrix, signature: Signature, types: dict[str, str]) -> "pd.DataFrame":
    import pandas as pd

    columns: dict[str, Any] = {}
    for place, feature in enumerate(signature.features):
        values = _decoded(feature, matrix[:, place])
        kind = types.get(feature.name)
        whole = isinstance(values, np.ndarray) and values.dtype == np.float64 and not np.isnan(values).any()
        columns[feature.name] = values.astype(kind) if kind and whole else values
    return pd.DataFrame(columns)


def _decoded(feature: Feature, values: Any) -> Any:
    if feature.kind is Kind.NUMBER:
        return values
    known = [*feature.categories, None]
    return np.array([known[-1 if np.isnan(code) else int(code)] for code in values], dtype=object)
