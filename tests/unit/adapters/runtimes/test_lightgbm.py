"""LightGBM's boosters and wrappers."""

import lightgbm
import numpy as np
import pytest
import skops.io

from keepfit.adapters.runtimes.choice import load_model
from keepfit.adapters.runtimes.lightgbm import runtime
from keepfit.errors import ArtifactError

SETTINGS = {"verbose": -1, "min_child_samples": 3, "n_estimators": 12, "n_jobs": 1}
NAME = "LightGBM single-row"


@pytest.mark.parametrize("rows", [1, 5, 6, 50])
def test_single_rows_and_many_are_the_same(numbers, rows):
    """By two entries of the library."""
    model = lightgbm.LGBMRegressor(**SETTINGS).fit(numbers.X, numbers.y)
    found = runtime(model, numbers.signature, numbers.probe)
    assert (found.name, found.note) == (NAME, "")
    np.testing.assert_array_equal(found(numbers.matrix[:rows]), model.predict(numbers.X[:rows]))


def test_a_classifier_gives_the_positive_class(numbers):
    """As its wrapper does; so does a bare booster."""
    model = lightgbm.LGBMClassifier(**SETTINGS).fit(numbers.X, numbers.positive)
    truth = model.predict_proba(numbers.X)[:, 1]
    for one in (model, model.booster_):
        np.testing.assert_array_equal(runtime(one, numbers.chance, numbers.probe)(numbers.matrix), truth)


def test_categories_are_coded_as_the_booster_has_them(mixed):
    """Though it was trained on a frame with others, and with missing values."""
    X = mixed.X.copy()  # noqa: N806
    X["zone"] = X["zone"].cat.set_categories(["queens", "bronx"])
    model = lightgbm.LGBMRegressor(**SETTINGS).fit(X, mixed.y)
    found = runtime(model, mixed.signature, mixed.probe)
    assert found.name == NAME
    rows, frame = mixed.matrix.copy(), mixed.X.copy()
    rows[::3, 2], rows[::4, 0] = np.nan, np.nan
    frame.iloc[::3, 2], frame.iloc[::4, 0] = np.nan, np.nan
    np.testing.assert_array_equal(found(rows), model.predict(frame))


def test_the_best_iteration_is_the_last_that_is_used(numbers):
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
    found = runtime(booster, numbers.signature, numbers.probe)
    assert found.name == NAME
    np.testing.assert_array_equal(found(numbers.matrix[:1]), booster.predict(numbers.X[:1]))


def test_a_booster_is_read_from_its_text(numbers, described):
    """Nothing in it can run."""
    model = lightgbm.LGBMRegressor(**SETTINGS).fit(numbers.X, numbers.y)
    folder = described("lightgbm", data="model.lgb", model_class="lightgbm.basic.Booster")
    model.booster_.save_model(folder / "model.lgb")
    found = runtime(load_model(folder), numbers.signature, numbers.probe)
    np.testing.assert_array_equal(found(numbers.matrix), model.predict(numbers.X))


def test_a_wrapper_is_read_by_skops_and_a_pickle_only_when_allowed(numbers, described):
    """As scikit-learn's estimators are."""
    model = lightgbm.LGBMClassifier(**SETTINGS).fit(numbers.X, numbers.positive)
    described_as = {"data": "model.skops", "model_class": "lightgbm.sklearn.LGBMClassifier"}
    folder = described("lightgbm", **described_as, serialization_format="skops")
    skops.io.dump(model, folder / "model.skops")
    found = runtime(load_model(folder), numbers.chance, numbers.probe)
    np.testing.assert_array_equal(found(numbers.matrix), model.predict_proba(numbers.X)[:, 1])
    described("lightgbm", **described_as, serialization_format="cloudpickle")
    with pytest.raises(ArtifactError, match="is a cloudpickle file: loading it can run any code"):
        load_model(folder)


def test_several_classes_are_refused(numbers):
    """There is no positive one."""
    model = lightgbm.LGBMClassifier(**SETTINGS).fit(numbers.X, np.arange(300) % 3)
    with pytest.raises(ArtifactError, match="has 3 classes"):
        runtime(model, numbers.chance, numbers.probe)
