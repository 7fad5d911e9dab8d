"""XGBoost's boosters and wrappers."""

import numpy as np
import pytest
import xgboost

from keepfit.adapters.runtimes.choice import load_model
from keepfit.adapters.runtimes.xgboost import runtime
from keepfit.errors import ArtifactError

NAME = "XGBoost direct"


@pytest.mark.parametrize("rows", [1, 64])
def test_the_matrix_gives_what_a_frame_gives(numbers, rows):
    """With missing values."""
    model = xgboost.XGBRegressor(n_estimators=12, n_jobs=1).fit(numbers.X, numbers.y)
    found = runtime(model, numbers.signature, numbers.probe)
    assert (found.name, found.note) == (NAME, "")
    holed = numbers.matrix[:rows].copy()
    holed[0, 1] = np.nan
    frame = numbers.X[:rows].mask(np.isnan(holed))
    np.testing.assert_array_equal(found(holed), model.predict(frame))


def test_a_classifier_and_a_booster_give_the_positive_class(numbers):
    """Both by the booster."""
    model = xgboost.XGBClassifier(n_estimators=12, n_jobs=1).fit(numbers.X, numbers.positive)
    truth = model.predict_proba(numbers.X)[:, 1]
    for one in (model, model.get_booster()):
        np.testing.assert_array_equal(runtime(one, numbers.chance, numbers.probe)(numbers.matrix), truth)


def test_categories_are_given_as_codes(mixed):
    """As the frame of training has them."""
    model = xgboost.XGBRegressor(n_estimators=12, n_jobs=1, enable_categorical=True).fit(mixed.X, mixed.y)
    found = runtime(model, mixed.signature, mixed.probe)
    assert found.name == NAME
    np.testing.assert_array_equal(found(mixed.matrix), model.predict(mixed.X))


def test_the_wrapper_stops_behind_the_best_iteration(numbers, described):
    """After an early stop, and when it was read from a file."""
    model = xgboost.XGBRegressor(n_estimators=300, n_jobs=1, early_stopping_rounds=3, learning_rate=0.5)
    model.fit(numbers.X[:200], numbers.y[:200], eval_set=[(numbers.X[200:], numbers.y[200:])], verbose=False)
    assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
    folder = described("xgboost", data="model.ubj", model_class="xgboost.sklearn.XGBRegressor")
    model.save_model(folder / "model.ubj")
    found = runtime(load_model(folder), numbers.signature, numbers.probe)
    assert found.name == NAME
    np.testing.assert_array_equal(found(numbers.matrix), model.predict(numbers.X))


def test_other_classes_and_damaged_files_are_refused(described):
    """A class is not imported because an artifact names it."""
    folder = described("xgboost", data="model.ubj", model_class="os.system")
    with pytest.raises(ArtifactError, match="is a system, which is none of Booster"):
        load_model(folder)
    described("xgboost", data="model.ubj")
    (folder / "model.ubj").write_bytes(b"{damaged")
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        load_model(folder)
