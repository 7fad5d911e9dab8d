"""Which module runs which model: by the flavours of a folder, or by the library that a model in memory is of."""

import importlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from keepfit.adapters.runtimes.folder import DEFAULT_TRUSTED_TYPES, ModelFolder, open_folder
from keepfit.adapters.runtimes.lightgbm_text import text_runtime
from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.adapters.validation_rows import ValidationRows, read_validation
from keepfit.errors import ArtifactError
from keepfit.registry.probe import probe_rows
from keepfit.registry.signature import Signature

Compiled = Literal["off", "auto"]
#: Of held-out rows without missing values fewer say too little, and rows are made up.
_FEWEST: Final = 8

#: MLflow's flavours that are read without MLflow; of several in one folder the first.
_FLAVORS: Final = ("sklearn", "lightgbm", "xgboost", "catboost", "onnx", "pytorch", "statsmodels")
#: The top package of a model's class, where it is not named as the flavour is.
_MODULES: Final[Mapping[str, str]] = MappingProxyType(
    {"onnxruntime": "onnx", "torch": "pytorch", "mlflow": "pyfunc"}
)


def load_model(
    directory: Path, *, trusted_types: frozenset[str] = DEFAULT_TRUSTED_TYPES, allow_pickle: bool = False
) -> object:
    """The model of an artifact folder as its own library has it; MLflow's generic one where keepfit knows no other.

    Args:
        directory: holds the `MLmodel` file.
        trusted_types: types that a skops file may hold beyond what skops trusts.
        allow_pickle: also load what can run code of the artifact's.

    Raises:
        ArtifactError: naming what is missing, broken or not allowed, and how to allow it.
    """
    folder = open_folder(directory, trusted_types=trusted_types, allow_pickle=allow_pickle)
    for flavor in _FLAVORS:
        described = folder.flavors.get(flavor)
        if isinstance(described, dict):
            return _loaded(flavor, folder, described)
    found: object = _module("pyfunc").load(folder)
    return found


def runtime_of(model: object, signature: Signature, *, probe: Matrix | None = None) -> Runtime:
    """A model in memory as a call on a matrix.

    Args:
        model: fitted, of any library.
        signature: what it takes and gives.
        probe: rows without missing values that faster ways are tried on, (n, features); made up when None.

    Raises:
        ArtifactError: the model does not give what the signature says.
    """
    rows = probe_rows(signature) if probe is None or not len(probe) else probe
    library = type(model).__module__.partition(".")[0]
    name = _MODULES.get(library, library)
    if name not in (*_FLAVORS, "pyfunc"):
        name = _generic(model)
    found: Runtime = _module(name).runtime(model, signature, rows)
    return found


def load_runtime(
    directory: Path,
    signature: Signature,
    *,
    trusted_types: frozenset[str] = DEFAULT_TRUSTED_TYPES,
    allow_pickle: bool = False,
    probe: Matrix | None = None,
    compiled: Compiled = "off",
    tolerance: float = 0.0,
) -> Runtime:
    """`runtime_of` what `load_model` gives, tried on the version's own held-out rows where it has some.

    A LightGBM model whose text lies beside it is read from that, if it gives what it gave when it was trained.

    Args:
        directory, trusted_types, allow_pickle: as for `load_model`.
        signature, probe: as for `runtime_of`.
        compiled: `auto` also tries compiled forms, see `keepfit.adapters.runtimes.compiled`.
        tolerance: by how much they may differ from the model's own way.

    Raises:
        ArtifactError: as they do, or when the version gives something else here than when it was trained.
    """
    kept = read_validation(directory, len(signature.features))
    note = ""
    if compiled == "off" and kept is not None and len(kept.rows):
        try:
            if (quick := _from_text(directory, signature, kept)) is not None:
                return quick
        except ArtifactError as error:
            note = f"{error}"
    model = load_model(directory, trusted_types=trusted_types, allow_pickle=allow_pickle)
    if probe is None and kept is not None and len(kept.whole) >= _FEWEST:
        probe = kept.whole
    found = runtime_of(model, signature, probe=probe)
    if kept is not None:
        kept.check(found.predict(kept.rows), f"the model in {directory}")
    if compiled != "off":
        found = _compiled(model, signature, found, probe, kept, tolerance)
    return replace(found, note="; ".join(part for part in (note, found.note) if part))


def _compiled(
    model: object,
    signature: Signature,
    native: Runtime,
    probe: Matrix | None,
    kept: ValidationRows | None,
    tolerance: float,
) -> Runtime:
    """Imported where it is asked for: a server that compiles nothing starts without it."""
    from keepfit.adapters.runtimes.compiled import compiled_runtime

    rows = probe_rows(signature) if probe is None or not len(probe) else probe
    held_out = None if kept is None else kept.rows
    return compiled_runtime(model, signature, native, rows, tolerance=tolerance, held_out=held_out)


def _from_text(directory: Path, signature: Signature, kept: ValidationRows) -> Runtime | None:
    found = text_runtime(directory, signature)
    if found is not None:
        kept.check(found.predict(kept.rows), f"the text of the model in {directory}")
    return found


def _loaded(flavor: str, folder: ModelFolder, described: Mapping[str, Any]) -> object:
    try:
        model: object = _module(flavor).load(folder, described)
    except ModuleNotFoundError as error:
        raise ArtifactError(
            f"the model in {folder.path} is one of {flavor}, and there is no module '{error.name}' here",
            hint=f"install what it was trained with: {folder.path / 'requirements.txt'}",
        ) from error
    return model


def _generic(model: object) -> str:
    """Subclasses of torch's modules lie in the user's own packages; all else is taken for an estimator."""
    bases = {base.__module__.partition(".")[0] for base in type(model).__mro__}
    return "pytorch" if "torch" in bases and callable(model) else "sklearn"


def _module(name: str) -> Any:
    return importlib.import_module(f"keepfit.adapters.runtimes.{name}")
