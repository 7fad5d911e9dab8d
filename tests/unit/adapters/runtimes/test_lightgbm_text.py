"""LightGBM's text beside a model."""

import hashlib
import subprocess
import sys
from types import SimpleNamespace

import lightgbm
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from keepfit.adapters.artifact_signature import write_signature
from keepfit.adapters.runtimes.choice import load_runtime
from keepfit.adapters.runtimes.lightgbm_text import NAME, text_runtime, write_text
from keepfit.adapters.validation_rows import ValidationRows, write_validation
from keepfit.errors import ArtifactError
from keepfit.registry.output import matrix_output

LOAD = """
import sys
from pathlib import Path
import numpy as np
from keepfit.app.version_loader import load_version
from keepfit.adapters.artifact_signature import find_artifact
from keepfit.config import ServingSection
found = find_artifact(Path(sys.argv[1]))
found = load_version(found.directory, found.signature, 1, ServingSection())
print(found.runtime, found.predict(np.zeros((1, 4))).item(), found.predict(np.zeros((9, 4)))[8].item())
print(sorted({"lightgbm", "mlflow", "pandas", "polars", "scipy", "skops", "sklearn"} & set(sys.modules)))
"""
SETTINGS = {"verbose": -1, "min_child_samples": 3, "n_estimators": 12, "n_jobs": 1}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "keepfit").mkdir()
    return tmp_path


@pytest.fixture
def stored(folder, described, numbers):
    """A version's folder: LightGBM's own text as the model, its text for serving, and held-out rows."""
    model = lightgbm.train({**SETTINGS, "num_threads": 1}, lightgbm.Dataset(numbers.X, numbers.y), 12)
    described("lightgbm", data="model.lgb", model_class="lightgbm.basic.Booster")
    model.save_model(folder / "model.lgb")
    write_validation(folder, ValidationRows(numbers.probe, model.predict(numbers.probe)))
    assert write_text(model, numbers.signature, numbers.probe, folder)
    return SimpleNamespace(folder=folder, model=model, truth=model.predict(numbers.matrix))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"objective": "poisson"},
        {"objective": "l1", "reg_sqrt": True},
        {"linear_tree": True},
        {"boosting_type": "dart"},
        {"boosting_type": "rf", "subsample": 0.5, "subsample_freq": 1},
    ],
    ids=str,
)
def test_every_kind_of_booster_is_read_as_it_was(folder, numbers, settings):
    """From its text, to the last bit."""
    model = lightgbm.LGBMRegressor(**{**SETTINGS, **settings}).fit(numbers.X, np.abs(numbers.y))
    assert write_text(model, numbers.signature, numbers.probe, folder)
    found = text_runtime(folder, numbers.signature)
    assert found.name == NAME
    for rows in (1, 5, 6, 300):
        truth = matrix_output(model, numbers.signature)(numbers.matrix[:rows])
        np.testing.assert_array_equal(found(numbers.matrix[:rows]), truth)


def test_a_classifier_gives_the_positive_class(folder, numbers):
    """As its wrapper does; where its labels are asked for, it has no text."""
    model = lightgbm.LGBMClassifier(**SETTINGS).fit(numbers.X, numbers.positive)
    assert not write_text(model, numbers.signature, numbers.probe, folder)
    assert text_runtime(folder, numbers.signature) is None
    assert write_text(model, numbers.chance, numbers.probe, folder)
    found = text_runtime(folder, numbers.chance)
    np.testing.assert_array_equal(found(numbers.matrix), model.predict_proba(numbers.X)[:, 1])


def test_categories_are_coded_as_the_booster_has_them(folder, mixed):
    """They are in the text's last line."""
    X = mixed.X.copy()  # noqa: N806
    X["zone"] = X["zone"].cat.set_categories(["queens", "bronx"])
    model = lightgbm.LGBMRegressor(**SETTINGS).fit(X, mixed.y)
    assert write_text(model, mixed.signature, mixed.probe, folder)
    rows = mixed.matrix.copy()
    rows[::3, 2], rows[::4, 0] = np.nan, np.nan
    found = text_runtime(folder, mixed.signature)
    np.testing.assert_array_equal(found(rows), matrix_output(model, mixed.signature)(rows))


def test_trees_after_the_best_iteration_are_left_out(folder, numbers):
    """After an early stop."""
    learnt, tried = (
        lightgbm.Dataset(numbers.X[part], numbers.y[part]) for part in (slice(0, 200), slice(200, 300))
    )
    settings = {"verbose": -1, "min_data_in_leaf": 3, "learning_rate": 0.5, "metric": "l2", "num_threads": 1}
    stop = lightgbm.early_stopping(3, verbose=False)
    booster = lightgbm.train(
        settings, learnt, 300, valid_sets=[tried], callbacks=[stop], keep_training_booster=True
    )
    assert booster.best_iteration < booster.num_trees()
    assert write_text(booster, numbers.signature, numbers.probe, folder)
    found = text_runtime(folder, numbers.signature)
    np.testing.assert_array_equal(found(numbers.matrix), booster.predict(numbers.X))


class Doubled(lightgbm.LGBMRegressor):
    """Gives something else than its booster."""

    def predict(self, X, **settings):  # noqa: N803
        """Twice what it would."""
        return 2 * super().predict(X, **settings)


@pytest.mark.parametrize("kind", [LinearRegression, lambda: Doubled(**SETTINGS)], ids=["linear", "subclass"])
def test_other_models_have_no_text(folder, numbers, kind):
    """Other libraries' have none, and of a subclass nobody knows what it does."""
    assert not write_text(kind().fit(numbers.X, numbers.y), numbers.signature, numbers.probe, folder)
    assert list((folder / "keepfit").iterdir()) == []


def test_a_model_without_rows_to_try_it_on_has_no_text(folder, numbers):
    """Nobody would know whether it is the same."""
    model = lightgbm.LGBMRegressor(**SETTINGS).fit(numbers.X, numbers.y)
    assert not write_text(model, numbers.signature, numbers.probe[:0], folder)


def test_a_version_is_served_from_its_text(stored, numbers):
    """Even where its model's own file is gone."""
    (stored.folder / "model.lgb").unlink()
    found = load_runtime(stored.folder, numbers.signature)
    assert (found.name, found.note) == (NAME, "")
    np.testing.assert_array_equal(found(numbers.matrix), stored.truth)


def headed(text):
    return b"keepfit-lightgbm-1 sha256:" + hashlib.sha256(text).hexdigest().encode() + b"\n" + text


def test_no_other_package_is_imported_to_serve_it(stored, numbers):
    """That is the reason for the text."""
    write_signature(stored.folder, numbers.signature)
    words = [sys.executable, "-c", LOAD, str(stored.folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    truth = stored.model.predict(np.zeros((1, 4))).item()
    assert done.stdout.splitlines() == [f"{NAME} {truth} {truth}", "[]"]


@pytest.mark.parametrize(
    ("written", "note"),
    [
        (lambda whole, _text: whole.replace(b"leaf_value=", b"leaf_value=9", 1), "not as it was written"),
        (lambda whole, _text: whole[:-1], "not as it was written"),
        (lambda _whole, text: text, "not as it was written"),
        (lambda _whole, _text: b"", "not as it was written"),
        (lambda _whole, _text: headed(b"no model"), "LightGBM: "),
        (lambda _whole, text: headed(text + b"pandas_categorical:{}\n"), "no lists of categories"),
        (lambda _whole, text: headed(text + b'pandas_categorical:[["a"]]\n'), "knows 1 categories"),
        (lambda _whole, text: headed(text + b"pandas_categorical:[\n"), "cannot be used"),
    ],
    ids=["damaged", "cut off", "no head", "empty", "no model", "no lists", "other categories", "no JSON"],
)
def test_a_text_that_is_in_doubt_is_not_served(stored, numbers, written, note):
    """The model's own file is, and the note says why."""
    file = stored.folder / "keepfit/lightgbm.txt"
    whole = file.read_bytes()
    file.write_bytes(written(whole, whole.partition(b"\n")[2]))
    found = load_runtime(stored.folder, numbers.signature)
    assert found.name == "LightGBM single-row"
    assert note in found.note
    np.testing.assert_array_equal(found(numbers.matrix), stored.truth)


def test_another_models_text_is_not_served(stored, numbers):
    """It gives other numbers than those that were kept."""
    other = lightgbm.LGBMRegressor(**SETTINGS).fit(numbers.X, -numbers.y)
    assert write_text(other, numbers.signature, numbers.probe, stored.folder)
    found = load_runtime(stored.folder, numbers.signature)
    assert found.name == "LightGBM single-row"
    assert "when it was trained" in found.note
    np.testing.assert_array_equal(found(numbers.matrix), stored.truth)


def test_a_version_without_held_out_rows_is_not_served_from_its_text(stored, numbers):
    """Nothing tells whether the library here gives what it gave there."""
    (stored.folder / "keepfit/validation.npy").unlink()
    assert load_runtime(stored.folder, numbers.signature).name == "LightGBM single-row"


def test_a_text_of_a_model_with_other_features_is_refused(stored, mixed):
    """It belongs to another version."""
    with pytest.raises(ArtifactError, match="takes 4 features, and the signature has 5"):
        text_runtime(stored.folder, mixed.signature)
