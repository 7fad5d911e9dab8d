"""The library decides which module runs a model."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB

from keepfit.adapters.runtimes.choice import load_model, load_runtime, runtime_of
from keepfit.adapters.validation_rows import ValidationRows, write_validation
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


@pytest.fixture
def folder(numbers, described):
    """A stored model, with the rows that it was tried on."""
    import skops.io

    folder = described("sklearn", pickled_model="model.skops", serialization_format="skops")
    model = GaussianNB().fit(numbers.X, numbers.positive)
    skops.io.dump(model, folder / "model.skops")
    (folder / "keepfit").mkdir()
    kept = ValidationRows(numbers.probe, model.predict_proba(numbers.X)[:64, 1])
    write_validation(folder, kept)
    return folder


def test_compiled_forms_are_tried_when_asked(folder, numbers):
    """One that is faster is taken, and it is known how far it is off at most."""
    assert load_runtime(folder, numbers.chance).name == "scikit-learn array"
    found = load_runtime(folder, numbers.chance, compiled="auto", tolerance=1e-5)
    assert found.name.startswith("onnxruntime")
    assert 0 < found.difference <= 1e-5
    assert "treelite: TreeliteError: Not supported model type: GaussianNB" in found.note


def test_nothing_is_imported_for_compiled_forms_that_are_not_asked_for(folder, numbers):
    """A server that compiles nothing starts without the libraries."""
    script = (
        "import pickle, sys; from pathlib import Path; from keepfit.adapters.runtimes.choice import load_runtime; "
        "load_runtime(Path(sys.argv[1]), pickle.loads(bytes.fromhex(sys.argv[2]))); "
        "print([name for name in sys.modules if 'onnx' in name or 'treelite' in name or 'compiled' in name])"
    )
    asked = [sys.executable, "-c", script, str(folder), pickle.dumps(numbers.chance).hex()]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_model_that_gives_something_else_here_is_not_compiled_either(folder, numbers):
    """It is the model itself that must give what it gave, whatever tolerance a form is given."""
    write_validation(folder, ValidationRows(numbers.probe, np.full(64, 0.5)))
    with pytest.raises(ArtifactError, match="when it was trained"):
        load_runtime(folder, numbers.chance, compiled="auto", tolerance=0.9)


def test_a_library_that_is_not_there_is_said(described, monkeypatch):
    """With where its name is found."""
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
