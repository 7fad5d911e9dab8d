"""Artifacts that MLflow itself wrote."""

import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from keepfit.adapters.model_loader import DEFAULT_TRUSTED_TYPES, load_model, predictor
from keepfit.registry.signature import Feature, Kind, Signature

SIGNATURE = Signature(
    features=(Feature("miles", Kind.NUMBER),), id="id", time="at", context=(), output="minutes"
)
X = pd.DataFrame({"miles": np.arange(50.0)})


@pytest.fixture
def mlflow():
    """MLflow, whose own warnings are not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow.pyfunc
        import mlflow.sklearn

        yield mlflow


def test_a_skops_artifact_is_read_without_mlflow(tmp_path, mlflow):
    """In a fresh process, which never imports it."""
    model = HistGradientBoostingRegressor(max_iter=3).fit(X, X["miles"])
    mlflow.sklearn.save_model(
        model,
        tmp_path / "model",
        serialization_format="skops",
        skops_trusted_types=sorted(DEFAULT_TRUSTED_TYPES),
        pip_requirements=["scikit-learn"],
    )
    np.testing.assert_array_equal(predictor(load_model(tmp_path / "model"), SIGNATURE)(X), model.predict(X))
    script = (
        "import sys; from pathlib import Path; from keepfit.adapters.model_loader import load_model; "
        "load_model(Path(sys.argv[1])); sys.exit('mlflow' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", script, str(tmp_path / "model")], check=False).returncode == 0
    )


def test_another_flavour_is_loaded_where_it_is_allowed(tmp_path, mlflow):
    """Through MLflow's own interface."""

    class Doubles(mlflow.pyfunc.PythonModel):
        def predict(self, model_input: pd.DataFrame) -> pd.Series:
            return model_input["miles"] * 2

    mlflow.pyfunc.save_model(tmp_path / "model", python_model=Doubles(), pip_requirements=["pandas"])
    loaded = load_model(tmp_path / "model", allow_pickle=True)
    np.testing.assert_array_equal(predictor(loaded, SIGNATURE)(X), X["miles"] * 2)
