"""A model version's folder: an MLflow model, and beside it the evidence that keepfit ships with it."""

import warnings
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from keepfit.adapters.artifact_signature import write_signature
from keepfit.adapters.codec import from_json, pack, to_json, unpack
from keepfit.adapters.model_writer import write_model
from keepfit.adapters.runtimes.folder import load_skops
from keepfit.adapters.runtimes.lightgbm_text import write_text
from keepfit.adapters.validation_rows import ValidationRows, write_validation
from keepfit.evaluation.estimation.dle import LossModel
from keepfit.evaluation.estimation.estimator import EstimatorSpec, PerformanceEstimator
from keepfit.evaluation.trial import Trial
from keepfit.monitoring.reference import Reference
from keepfit.registry.model_version import ModelVersion, Registry
from keepfit.registry.output import matrix_output
from keepfit.training.pipeline import Trained

_FOLDER = "keepfit"
_REFERENCE = "reference.msgpack"
_TRIAL = "trial.json"
_ESTIMATOR = "estimator.msgpack"
_LOSS_MODELS = "loss_models.skops"
#: References, and estimators, that are kept in memory.
_KEPT = 8


def write_artifact(trained: Trained, directory: Path, *, trusted_types: frozenset[str]) -> None:
    """Write a trained model as an MLflow model, with held-out rows, reference, trial and performance estimator.

    Raises:
        TrainingFailedError: the estimator is of a kind that cannot be stored, or holds types that nobody allowed.
    """
    write_model(trained, directory, trusted_types=trusted_types)
    folder = directory / _FOLDER
    folder.mkdir()
    if trained.validation is not None:
        _write_validation(trained, trained.validation, directory)
        write_text(trained.estimator, trained.signature, trained.validation, directory)
    write_signature(directory, trained.signature)
    (folder / _REFERENCE).write_bytes(pack(trained.reference))
    (folder / _TRIAL).write_bytes(to_json(trained.trial))
    if trained.performance_estimator is not None:
        _write_estimator(trained.performance_estimator, folder)


def _write_validation(trained: Trained, rows: npt.NDArray[np.float64], directory: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the model has to say of its input it said in training
        predictions = matrix_output(trained.estimator, trained.signature)(rows)
    write_validation(directory, ValidationRows(rows, predictions))


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
