"""From a version's folder to something that predicts from the encoded matrix."""

import logging
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from keepfit.adapters.runtimes.choice import load_runtime
from keepfit.adapters.runtimes.folder import DEFAULT_TRUSTED_TYPES
from keepfit.adapters.runtimes.runtime import Runtime
from keepfit.adapters.validation_rows import read_validation
from keepfit.config import ServingSection
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.serving.loaded import LoadedModel

_log = logging.getLogger(__name__)
#: A few rows of the training data, which MLflow keeps with a model.
_EXAMPLE: Final = "input_example.json"


def load_version(directory: Path, signature: Signature, number: int, settings: ServingSection) -> LoadedModel:
    """Load the model of an artifact folder.

    Args:
        directory: holds the `MLmodel` file.
        signature: what it takes and gives.
        number: of its version.
        settings: which types a model's file may hold, whether it may be pickled, and whether it is compiled.

    Raises:
        ArtifactError: naming what is missing, broken or not allowed; or that it gives other numbers than when it was trained.
    """
    kept = read_validation(directory, len(signature.features))
    whole = kept.whole if kept is not None and len(kept.whole) else None
    runtime = load_runtime(
        directory,
        signature,
        trusted_types=DEFAULT_TRUSTED_TYPES | frozenset(settings.trusted_types),
        allow_pickle=settings.allow_pickle,
        probe=whole,
        compiled=settings.compiled,
        tolerance=settings.compiled_tolerance,
    )
    _tell(directory, number, runtime)
    return LoadedModel(
        signature=signature,
        version=number,
        predict=runtime.predict,
        runtime=runtime.name,
        note=runtime.note,
        difference=runtime.difference,
        probe=whole if whole is not None else example_rows(directory, signature),
    )


def _tell(directory: Path, number: int, runtime: Runtime) -> None:
    """What was not taken is told when something was tried, which is when there is a note of it."""
    apart = f", by up to {runtime.difference:.2g} off the model's own way" if runtime.difference else ""
    others = f" ({runtime.note})" if runtime.note else ""
    _log.info("version %d in %s is called by %s%s%s", number, directory, runtime.name, apart, others)


def example_rows(directory: Path, signature: Signature) -> npt.NDArray[np.float64] | None:
    """The model's example as it is given to the model, shape (n, features); None when there is none of its columns."""
    try:
        example: Any = msgspec.json.decode((directory / _EXAMPLE).read_bytes())
        places = {name: place for place, name in enumerate(example["columns"])}
        columns = [[row[places[one.name]] for row in example["data"]] for one in signature.features]
        matrix = [_encoded(one, values) for one, values in zip(signature.features, columns, strict=True)]
        rows = np.array(matrix, dtype=np.float64).T
    except (OSError, msgspec.DecodeError, KeyError, TypeError, ValueError, IndexError):
        return None
    whole = np.ascontiguousarray(rows[~np.isnan(rows).any(axis=1)]) if rows.ndim == 2 else rows
    return whole if len(whole) else None


def _encoded(feature: Feature, values: list[Any]) -> list[float]:
    if feature.kind is Kind.NUMBER:
        return [np.nan if value is None else float(value) for value in values]
    codes = {value: float(code) for code, value in enumerate(feature.categories)}
    return [codes.get(value, np.nan) for value in values]
