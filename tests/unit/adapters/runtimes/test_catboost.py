"""CatBoost's models."""

import catboost
import numpy as np
import pytest

from keepfit.adapters.runtimes.catboost import runtime
from keepfit.adapters.runtimes.choice import load_model
from keepfit.errors import ArtifactError

SETTINGS = {"n_estimators": 12, "verbose": 0, "allow_writing_files": False, "thread_count": 1}


def test_the_matrix_gives_what_a_frame_gives(numbers, described):
    """When it was read from CatBoost's own format."""
    model = catboost.CatBoostRegressor(**SETTINGS).fit(numbers.X, numbers.y)
    folder = described("catboost", data="model.cb", model_type="CatBoostRegressor", save_format="cbm")
    model.save_model(str(folder / "model.cb"))
    found = runtime(load_model(folder), numbers.signature, numbers.probe)
    assert (found.name, found.note) == ("CatBoost", "")
    np.testing.assert_array_equal(found(numbers.matrix), model.predict(numbers.X))
    np.testing.assert_array_equal(found(numbers.matrix[:1]), model.predict(numbers.X[:1]))


def test_a_classifier_gives_the_positive_class(numbers):
    """One number a row."""
    model = catboost.CatBoostClassifier(**SETTINGS).fit(numbers.X, numbers.positive)
    found = runtime(model, numbers.chance, numbers.probe)
    np.testing.assert_array_equal(found(numbers.matrix), model.predict_proba(numbers.X)[:, 1])


def test_categories_are_given_by_their_values(mixed):
    """CatBoost hashes the values themselves, so it is given a frame."""
    model = catboost.CatBoostRegressor(**SETTINGS, cat_features=["zone", "band"]).fit(mixed.X, mixed.y)
    found = runtime(model, mixed.signature, mixed.probe)
    assert found.name == "CatBoost frame"
    np.testing.assert_array_equal(found(mixed.matrix), model.predict(mixed.X))


def test_other_classes_and_damaged_files_are_refused(described):
    """A class is not looked up because an artifact names it."""
    folder = described("catboost", data="model.cb", model_type="Pool")
    with pytest.raises(ArtifactError, match="is a Pool, which is none of CatBoost"):
        load_model(folder)
    described("catboost", data="model.cb")
    (folder / "model.cb").write_bytes(b"damaged")
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        load_model(folder)
