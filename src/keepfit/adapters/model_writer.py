"""A trained model as an MLflow model, by the flavour of its own library, and never as a pickle."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import polars as pl

from keepfit.adapters.mlflow_client import quiet_mlflow
from keepfit.errors import TrainingFailedError
from keepfit.training.pipeline import Trained


def write_model(trained: Trained, directory: Path, *, trusted_types: frozenset[str]) -> None:
    """Write the estimator with its signature and a few rows of its input.

    LightGBM's, XGBoost's and CatBoost's models, boosters and estimators, are written in those libraries' own formats;
    everything else with scikit-learn's interface by skops.

    Args:
        trained: whose estimator.
        directory: is made.
        trusted_types: types that a skops file may hold.

    Raises:
        TrainingFailedError: the estimator is of a kind that cannot be stored, or holds types that nobody allowed.
    """
    library = type(trained.estimator).__module__.partition(".")[0]
    with quiet_mlflow():
        from mlflow.exceptions import MlflowException

        described = {
            "signature": _mlflow_signature(trained),
            "input_example": _input_example(trained),
            "pip_requirements": _requirements(library),
        }
        try:
            _WRITERS.get(library, _sklearn)(trained.estimator, str(directory), trusted_types, described)
        except MlflowException as error:
            raise TrainingFailedError(
                f"the model cannot be stored: {str(error).splitlines()[0]}",
                step="save",
                hint="allow the types in keepfit.toml, [serving] trusted_types, after a look at what they are",
            ) from error


def _sklearn(model: Any, directory: str, trusted_types: frozenset[str], described: dict[str, Any]) -> None:
    import mlflow.sklearn
    from sklearn.base import BaseEstimator

    if not isinstance(model, BaseEstimator):
        raise TrainingFailedError(
            f"a {type(model).__name__} cannot be stored: it is no scikit-learn estimator",
            step="save",
            hint="return an estimator with scikit-learn's interface, or wrap the model in one",
        )
    trusted = sorted(trusted_types)
    mlflow.sklearn.save_model(
        model, directory, serialization_format="skops", skops_trusted_types=trusted, **described
    )


def _lightgbm(model: Any, directory: str, trusted_types: frozenset[str], described: dict[str, Any]) -> None:
    import mlflow.lightgbm

    trusted = sorted(trusted_types)
    mlflow.lightgbm.save_model(
        model, directory, serialization_format="skops", skops_trusted_types=trusted, **described
    )


def _xgboost(model: Any, directory: str, _trusted_types: frozenset[str], described: dict[str, Any]) -> None:
    import mlflow.xgboost

    mlflow.xgboost.save_model(model, directory, **described)


def _catboost(model: Any, directory: str, _trusted_types: frozenset[str], described: dict[str, Any]) -> None:
    import mlflow.catboost

    mlflow.catboost.save_model(model, directory, **described)


_WRITERS: Final[dict[str, Callable[[Any, str, frozenset[str], dict[str, Any]], None]]] = {
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
    "catboost": _catboost,
}


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


def _requirements(library: str) -> list[str]:
    from importlib.metadata import packages_distributions, version

    own = packages_distributions().get(library, [])[:1] if library in _WRITERS else []
    return [f"{name}=={version(name)}" for name in (*own, "scikit-learn", "skops", "numpy", "pandas")]
