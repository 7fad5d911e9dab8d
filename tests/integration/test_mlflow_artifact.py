"""Artifacts that MLflow itself wrote."""

import importlib
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from keepfit.adapters.runtimes.choice import load_runtime
from keepfit.adapters.runtimes.folder import DEFAULT_TRUSTED_TYPES
from keepfit.registry.signature import Feature, Kind, Signature

SIGNATURE = Signature(
    features=(Feature("miles", Kind.NUMBER),), id="id", time="at", context=(), output="minutes"
)
X = pd.DataFrame({"miles": np.arange(50.0)})
MATRIX = X.to_numpy()


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
    found = load_runtime(tmp_path / "model", SIGNATURE)
    assert found.name == "scikit-learn forest"
    np.testing.assert_array_equal(found(MATRIX), model.predict(X))
    script = (
        "import sys; from pathlib import Path; from keepfit.adapters.runtimes.choice import load_model; "
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
    found = load_runtime(tmp_path / "model", SIGNATURE, allow_pickle=True)
    assert found.name == "MLflow pyfunc"
    np.testing.assert_array_equal(found(MATRIX), X["miles"] * 2)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost", "catboost", "onnx", "statsmodels"])
def test_every_flavour_that_mlflow_writes_is_read_without_mlflow(tmp_path, mlflow, library):
    """And gives what the library itself gives; only statsmodels' is a pickle."""
    model, truth, kwargs = MODELS[library]()
    flavor = importlib.import_module(f"mlflow.{library}")
    flavor.save_model(model, str(tmp_path / "model"), pip_requirements=[library], **kwargs)
    found = load_runtime(tmp_path / "model", SIGNATURE, allow_pickle=library == "statsmodels")
    np.testing.assert_allclose(found(MATRIX), truth, rtol=1e-6)
    assert np.ptp(found(MATRIX)) > 10
    script = (
        "import sys; from pathlib import Path; from keepfit.adapters.runtimes.choice import load_model; "
        "load_model(Path(sys.argv[1]), allow_pickle=True); sys.exit('mlflow' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", script, str(tmp_path / "model")], check=False).returncode == 0
    )


def lightgbm_model():
    """A wrapper, which MLflow writes by skops."""
    from lightgbm import LGBMRegressor

    model = LGBMRegressor(n_estimators=20, min_child_samples=2, verbose=-1).fit(X, X["miles"])
    return model, model.predict(X), {"serialization_format": "skops"}


def xgboost_model():
    """A wrapper, which MLflow writes in XGBoost's own format."""
    from xgboost import XGBRegressor

    model = XGBRegressor(n_estimators=20).fit(X, X["miles"])
    return model, model.predict(X), {}


def catboost_model():
    """As CatBoost has it."""
    from catboost import CatBoostRegressor

    model = CatBoostRegressor(n_estimators=50, learning_rate=0.3, verbose=0, allow_writing_files=False)
    model.fit(X, X["miles"])
    return model, model.predict(X), {}


def onnx_model():
    """Twice the only feature."""
    import onnx
    from onnx import TensorProto, helper

    ends = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, [None, 1]) for name in ("given", "twice")]
    graph = helper.make_graph(
        [helper.make_node("Add", ["given", "given"], ["twice"])], "g", ends[:1], ends[1:]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model, X["miles"] * 2, {}


def statsmodels_model():
    """Ordinary least squares."""
    from statsmodels.api import OLS

    model = OLS(X["miles"] * 3, X).fit()
    return model, model.predict(X), {}


MODELS = {
    "lightgbm": lightgbm_model,
    "xgboost": xgboost_model,
    "catboost": catboost_model,
    "onnx": onnx_model,
    "statsmodels": statsmodels_model,
}
