"""Trainers may return models of other libraries: each is stored in its own form and served from it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import catboost
import lightgbm
import numpy as np
import polars as pl
import pytest
import xgboost
import yaml

from keepfit.adapters.artifact import write_artifact
from keepfit.adapters.runtimes.choice import load_runtime
from keepfit.adapters.runtimes.folder import DEFAULT_TRUSTED_TYPES
from keepfit.errors import ArtifactError, TrainingFailedError
from keepfit.evaluation.task import Classification, Regression
from keepfit.registry.encode import encode_matrix
from keepfit.training.pipeline import Recipe, predictor, train

START = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
RNG = np.random.default_rng(4)
DEGREES = RNG.uniform(0, 30, 300)
ROWS = pl.DataFrame(
    {
        "ride_id": [str(i) for i in range(300)],
        "at": [START + i * DAY / 30 for i in range(300)],
        "degrees": DEGREES,
        "zone": RNG.choice(["city", "suburb"], 300),
        "rides": 10 + DEGREES,
        "busy": (DEGREES > 15).astype(int),
    }
)
TREES = {"n_estimators": 8, "n_jobs": 1}
QUIET = {"n_estimators": 8, "thread_count": 1, "verbose": 0, "allow_writing_files": False}


def recipe(task, fit):
    return Recipe(
        model="bikes",
        task=task,
        id="ride_id",
        time="at",
        features=("degrees", "zone"),
        categorical=("zone",),
        context=(),
        slices=(),
        window=DAY,
        rows=lambda _start, _end: ROWS,
        fit=fit,
    )


def booster(given):
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1}
    return lightgbm.train(settings, lightgbm.Dataset(given.X, given.y), 8)


@pytest.mark.parametrize(
    ("task", "fit", "flavor", "runtime"),
    [
        (
            Regression(target="rides"),
            lambda given: lightgbm.LGBMRegressor(**TREES, verbose=-1).fit(given.X, given.y),
            "lightgbm",
            "LightGBM native",
        ),
        (Classification(target="busy"), booster, "lightgbm", "LightGBM native"),
        (
            Classification(target="busy"),
            lambda given: xgboost.XGBClassifier(**TREES, enable_categorical=True).fit(given.X, given.y),
            "xgboost",
            "XGBoost direct",
        ),
        (
            Regression(target="rides"),
            lambda given: catboost.CatBoostRegressor(**QUIET, cat_features=["zone"]).fit(given.X, given.y),
            "catboost",
            "CatBoost frame",
        ),
    ],
    ids=["lightgbm wrapper", "lightgbm booster", "xgboost", "catboost"],
)
def test_a_model_of_another_library_is_trained_stored_and_served(tmp_path, task, fit, flavor, runtime):
    """Without a pickle, and gives what it gave in training."""
    trained = train(recipe(task, fit), ROWS, starts=(START,), test_from=START + 8 * DAY)
    write_artifact(trained, tmp_path / "model", trusted_types=DEFAULT_TRUSTED_TYPES)
    described = yaml.safe_load((tmp_path / "model" / "MLmodel").read_text(encoding="utf-8"))
    assert flavor in described["flavors"]
    requirements = (tmp_path / "model" / "requirements.txt").read_text(encoding="utf-8")
    assert f"\n{flavor}" in requirements
    found = load_runtime(tmp_path / "model", trained.signature)
    assert found.name == runtime
    matrix = encode_matrix(trained.signature, {name: ROWS[name] for name in ("degrees", "zone")})
    truth = predictor(trained.estimator, trained.signature)(ROWS)
    np.testing.assert_allclose(found(matrix), truth, rtol=1e-12)
    assert np.ptp(truth) > 0.1


def test_a_version_that_gives_other_numbers_than_in_training_is_not_loaded(tmp_path):
    """As with other versions of libraries, or files that belong to another model."""
    fits = [
        lambda given, n=n: lightgbm.LGBMRegressor(n_estimators=n, n_jobs=1, verbose=-1).fit(given.X, given.y)
        for n in (3, 8)
    ]
    few, many = (
        train(recipe(Regression(target="rides"), fit), ROWS, starts=(START,), test_from=START + 8 * DAY)
        for fit in fits
    )
    write_artifact(few, tmp_path / "few", trusted_types=DEFAULT_TRUSTED_TYPES)
    write_artifact(many, tmp_path / "many", trusted_types=DEFAULT_TRUSTED_TYPES)
    for file in ("model.skops", "keepfit/lightgbm.txt"):
        (tmp_path / "many" / file).replace(tmp_path / "few" / file)
    with pytest.raises(ArtifactError, match=r"for a row for which it gave .* when it was trained"):
        load_runtime(tmp_path / "few", few.signature)


def test_what_is_no_estimator_is_refused(tmp_path):
    """With what to do."""

    class Mine:
        def predict(self, X):  # noqa: N803
            return np.zeros(len(X))

    fitted = recipe(Regression(target="rides"), lambda _given: Mine())
    trained = train(fitted, ROWS, starts=(START,), test_from=START + 8 * DAY)
    with pytest.raises(TrainingFailedError, match="a Mine cannot be stored"):
        write_artifact(replace(trained), tmp_path / "model", trusted_types=DEFAULT_TRUSTED_TYPES)
