"""The library decides which module runs a model."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from xgboost import XGBRegressor

from keepfit.adapters.runtimes.choice import load_model, load_runtime, runtime_of
from keepfit.errors import ArtifactError


class Doubles:
    """A model of nobody's."""

    def predict(self, X):  # noqa: N803
        """Twice the first feature."""
        return X["n0"] * 2


def test_a_model_of_the_users_own_is_given_a_frame(numbers):
    """It only needs the method."""
    found = runtime_of(Doubles(), numbers.signature)
    assert found.name == "scikit-learn"
    np.testing.assert_array_equal(found(numbers.matrix), numbers.matrix[:, 0] * 2)


def test_rows_are_made_up_where_none_are_given(numbers):
    """And say as much of a linear model."""
    found = runtime_of(LinearRegression().fit(numbers.X, numbers.y), numbers.signature)
    assert found.name == "scikit-learn linear"


def test_a_compiled_model_is_tried_when_asked(numbers):
    """The reason is noted when it is not taken."""
    model = XGBRegressor(n_estimators=3, n_jobs=1).fit(numbers.X, numbers.y)
    assert runtime_of(model, numbers.signature).note == ""
    found = runtime_of(model, numbers.signature, compiled="auto")
    assert found.name == "treelite" or found.note.startswith("compiled: ")


def test_a_library_that_is_not_there_is_said(described, monkeypatch):
    """With where its name is found."""
    import sys

    monkeypatch.setitem(sys.modules, "catboost", None)
    folder = described("catboost", data="model.cb", model_type="CatBoost")
    with pytest.raises(ArtifactError, match="is one of catboost, and there is no module 'catboost' here"):
        load_model(folder)


def test_several_flavours_are_read_by_the_first_that_is_known(numbers, described):
    """MLflow writes its generic one beside."""
    import skops.io

    folder = described("sklearn", pickled_model="model.skops", serialization_format="skops")
    model = LinearRegression().fit(numbers.X, numbers.y)
    skops.io.dump(model, folder / "model.skops")
    (folder / "MLmodel").write_text(
        (folder / "MLmodel").read_text() + "  python_function: {loader_module: mlflow.sklearn}\n"
    )
    assert load_runtime(folder, numbers.signature).name == "scikit-learn linear"
