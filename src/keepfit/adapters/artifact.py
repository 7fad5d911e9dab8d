"""A model version's folder: an MLflow model, and beside it the evidence that keepfit ships with it."""

from pathlib import Path
from typing import Any, cast

import polars as pl

from keepfit.adapters.codec import from_json, pack, to_json, unpack
from keepfit.adapters.mlflow_client import quiet_mlflow
from keepfit.adapters.model_loader import load_skops
from keepfit.errors import TrainingFailedError
from keepfit.evaluation.estimation.dle import LossModel
from keepfit.evaluation.estimation.estimator import EstimatorSpec, PerformanceEstimator
from keepfit.evaluation.trial import Trial
from keepfit.monitoring.reference import Reference
from keepfit.registry.model_version import ModelVersion, Registry
from keepfit.training.pipeline import Trained

_FOLDER = "keepfit"
_REFERENCE = "reference.msgpack"
_TRIAL = "trial.json"
_ESTIMATOR = "estimator.msgpack"
_LOSS_MODELS = "loss_models.skops"
#: References, and estimators, that are kept in memory.
_KEPT = 8


def write_artifact(trained: Trained, directory: Path, *, trusted_types: frozenset[str]) -> None:
    """Write a trained model as an MLflow model (scikit-learn flavour, skops format), with reference, trial and estimator.

    Raises:
        TrainingFailedError: the estimator is of a kind that cannot be stored, or holds types that nobody allowed.
    """
    _write_model(trained, directory, trusted_types)
    folder = directory / _FOLDER
    folder.mkdir()
    (folder / _REFERENCE).write_bytes(pack(trained.reference))
    (folder / _TRIAL).write_bytes(to_json(trained.trial))
    if trained.performance_estimator is not None:
        _write_estimator(trained.performance_estimator, folder)


def _write_estimator(estimator: PerformanceEstimator, folder: Path) -> None:
    """What it learned by keepfit's codec; the loss models of a regression by skops, as the model itself."""
    (folder / _ESTIMATOR).write_bytes(pack(estimator.spec, EstimatorSpec))
    if estimator.loss_models:
        import skops.io

        skops.io.dump(dict(estimator.loss_models), folder / _LOSS_MODELS)


def _read_estimator(folder: Path) -> PerformanceEstimator | None:
    if not (folder / _ESTIMATOR).is_file():
        return None
    spec = unpack((folder / _ESTIMATOR).read_bytes(), EstimatorSpec)
    models = load_skops(folder / _LOSS_MODELS) if (folder / _LOSS_MODELS).is_file() else {}
    return PerformanceEstimator(spec=spec, loss_models=cast("dict[str, LossModel]", models))


def _write_model(trained: Trained, directory: Path, trusted_types: frozenset[str]) -> None:
    with quiet_mlflow():
        import mlflow.sklearn
        from mlflow.exceptions import MlflowException
        from sklearn.base import BaseEstimator

        if not isinstance(trained.estimator, BaseEstimator):
            raise TrainingFailedError(
                f"a {type(trained.estimator).__name__} cannot be stored: it is no scikit-learn estimator",
                step="save",
                hint="return an estimator with scikit-learn's interface, or wrap the model in one",
            )
        try:
            mlflow.sklearn.save_model(
                trained.estimator,
                str(directory),
                serialization_format="skops",
                skops_trusted_types=sorted(trusted_types),
                signature=_mlflow_signature(trained),
                input_example=_input_example(trained),
                pip_requirements=_requirements(),
            )
        except MlflowException as error:
            raise TrainingFailedError(
                f"the model cannot be stored: {str(error).splitlines()[0]}",
                step="save",
                hint="allow the types in keepfit.toml, [serving] trusted_types, after a look at what they are",
            ) from error


def _mlflow_signature(trained: Trained) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    numbers = {pl.Float32: "float", pl.Boolean: "boolean"}
    columns = [
        ColSpec(
            "string"
            if dtype in (pl.String, pl.Categorical, pl.Enum)
            else "long"
            if dtype.is_integer()
            else numbers.get(type(dtype), "double"),
            name,
        )
        for name, dtype in trained.example.schema.items()
    ]
    return ModelSignature(
        inputs=Schema(columns), outputs=Schema([ColSpec("double", trained.signature.output)])
    )


def _input_example(trained: Trained) -> Any:
    """A few rows as requests carry them, with their values and not their codes."""
    import pandas as pd

    return pd.DataFrame({name: trained.example[name].to_list() for name in trained.example.columns})


def _requirements() -> list[str]:
    from importlib.metadata import version

    return [f"{name}=={version(name)}" for name in ("scikit-learn", "skops", "numpy", "pandas")]


class ArtifactFiles:
    """Reads what lies beside a model in its artifact; implements `keepfit.workflows.ports.VersionFiles`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._references: dict[str, Reference] = {}
        self._estimators: dict[str, PerformanceEstimator | None] = {}

    def reference(self, version: ModelVersion) -> Reference:
        """The evidence of the rows that the version learned from; the few newest ones are kept in memory."""
        if version.digest not in self._references:
            _make_room(self._references)
            data = (self._registry.fetch(version) / _FOLDER / _REFERENCE).read_bytes()
            self._references[version.digest] = unpack(data, Reference)
        return self._references[version.digest]

    def trial(self, version: ModelVersion) -> Trial | None:
        """The evidence for the gates; None when the version was registered without one."""
        path = self._registry.fetch(version) / _FOLDER / _TRIAL
        return from_json(path.read_bytes(), Trial) if path.is_file() else None

    def estimator(self, version: ModelVersion) -> PerformanceEstimator | None:
        """What tells its performance before the labels have come; the few newest ones are kept in memory.

        None when the version was registered without one: too few rows were held out from it.

        Raises:
            ArtifactError: its loss models hold types other than those of scikit-learn's own trees.
        """
        if version.digest not in self._estimators:
            _make_room(self._estimators)
            self._estimators[version.digest] = _read_estimator(self._registry.fetch(version) / _FOLDER)
        return self._estimators[version.digest]


def _make_room(kept: dict[str, Any]) -> None:
    while len(kept) >= _KEPT:
        kept.pop(next(iter(kept)))
