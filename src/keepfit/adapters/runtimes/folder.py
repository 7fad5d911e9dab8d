"""A model's folder as MLflow wrote it, read without MLflow, and without trusting what it says of itself.

A skops file is loaded only if every type in it is one that skops trusts, or one of the server's own allow-list; the
list that the artifact carries is not looked at. Whatever can run code when it is loaded needs `allow_pickle`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from keepfit.errors import ArtifactError

#: What common estimators need beyond what skops trusts: compiled trees, type objects, the checks that they keep as
#: functions, and LightGBM's wrappers, whose trees are read from text. None of them runs code that an artifact brings.
DEFAULT_TRUSTED_TYPES: Final = frozenset(
    {
        "collections.OrderedDict",
        "collections.defaultdict",
        "functools.partial",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMRegressor",
        "numpy.dtype",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.compose._column_transformer.make_column_selector",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
        "sklearn.utils.validation.check_array",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A folder with an `MLmodel` file, and what the server allows of it.

    Attributes:
        path: the folder.
        flavors: what `MLmodel` says of each library that can load the model.
        trusted_types: types that a skops file may hold beyond what skops trusts.
        allow_pickle: also load what can run code of the artifact's.
    """

    path: Path
    flavors: Mapping[str, Any]
    trusted_types: frozenset[str]
    allow_pickle: bool

    def file(self, name: object) -> Path:
        """A file of the folder, by the name that `MLmodel` gives. Raises ArtifactError."""
        file = (self.path / str(name or "")).resolve()
        if not name or not file.is_relative_to(self.path.resolve()):
            raise ArtifactError(
                f"{self.path / 'MLmodel'} names a model file outside of its folder: '{name or ''}'"
            )
        if not file.is_file():
            raise ArtifactError(f"{self.path} lacks its model file '{name}'")
        return file

    def load(self, name: object, form: object) -> object:
        """A model stored by skops, or else by pickle or one of its kin. Raises ArtifactError."""
        file = self.file(name)
        if form == "skops":
            return load_skops(file, self.trusted_types)
        self.require_pickle(f"is a {form} file")
        return load_pickle(file)

    def require_pickle(self, what: str) -> None:
        """Raise ArtifactError unless the server's owner allowed to run what an artifact brings."""
        if not self.allow_pickle:
            raise ArtifactError(
                f"the model in {self.path} {what}: loading it can run any code",
                hint="save it with skops, or set [serving] allow_pickle = true in keepfit.toml",
            )


def open_folder(path: Path, *, trusted_types: frozenset[str], allow_pickle: bool) -> ModelFolder:
    """Read what a folder says of its model. Raises ArtifactError when it says nothing."""
    described = path / "MLmodel"
    try:
        content = yaml.safe_load(described.read_text(encoding="utf-8"))
    except OSError as error:
        raise ArtifactError(
            f"{described} cannot be read: {error.strerror}", hint="is this a model's folder?"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{described} is not valid YAML") from error
    flavors = content.get("flavors") if isinstance(content, dict) else None
    if not isinstance(flavors, dict) or not flavors:
        raise ArtifactError(f"{described} names no flavour")
    return ModelFolder(path=path, flavors=flavors, trusted_types=trusted_types, allow_pickle=allow_pickle)


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


def load_pickle(file: Path) -> object:
    """What a pickle holds; whoever calls this has asked for permission. Raises ArtifactError."""
    import pickle

    try:
        model: object = pickle.loads(file.read_bytes())  # noqa: S301 - only when the server's owner allowed it
    except Exception as error:
        raise ArtifactError(f"{file} cannot be unpickled: {type(error).__name__}: {error}") from error
    return model


def _toml(types: list[str]) -> str:
    return "[" + ", ".join(f'"{one}"' for one in types) + "]"
