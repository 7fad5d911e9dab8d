"""scikit-learn's estimators give what their public methods give, to the last bit, alone and in company."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from keepfit.adapters.runtimes.sklearn import runtime
from keepfit.errors import ArtifactError

FOREST, LINEAR, ARRAY, PUBLIC = (
    "scikit-learn forest",
    "scikit-learn linear",
    "scikit-learn array",
    "scikit-learn",
)


def singly(predict, rows):
    return np.concatenate([predict(rows[place : place + 1]) for place in range(len(rows))])


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (HistGradientBoostingRegressor(max_iter=30), FOREST),
        (HistGradientBoostingRegressor(loss="poisson", max_iter=5), FOREST),
        (HistGradientBoostingRegressor(max_iter=1), FOREST),
        (GradientBoostingRegressor(n_estimators=20), FOREST),
        (RandomForestRegressor(n_estimators=5), FOREST),
        (ExtraTreesRegressor(n_estimators=5), FOREST),
        (LinearRegression(), LINEAR),
        (make_pipeline(SimpleImputer(), StandardScaler(), Ridge()), LINEAR),
        (make_pipeline(MinMaxScaler(), Ridge(fit_intercept=False)), LINEAR),
        (PoissonRegressor(), ARRAY),
        (make_pipeline(StandardScaler(), KNeighborsRegressor(3)), ARRAY),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_regressors_on_numbers(numbers, model, name):
    """By the cheapest way that there is for each."""
    y = np.abs(numbers.y)
    model.fit(numbers.X, y)
    found = runtime(model, numbers.signature, numbers.probe)
    assert (found.name, found.note) == (name, "")
    rows = numbers.matrix[:37]
    truth = singly(lambda part: model.predict(numbers.X[:37].iloc[part]), np.arange(37))
    np.testing.assert_array_equal(found(rows), truth)
    np.testing.assert_array_equal(singly(found, rows), truth)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (HistGradientBoostingClassifier(max_iter=10), FOREST),
        (GradientBoostingClassifier(n_estimators=10), FOREST),
        (RandomForestClassifier(n_estimators=7), FOREST),
        (DecisionTreeClassifier(max_depth=3), FOREST),
        (LogisticRegression(), LINEAR),
        (make_pipeline(StandardScaler(), LogisticRegression()), LINEAR),
        (CalibratedClassifierCV(LogisticRegression(), cv=2), PUBLIC),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_classifiers_on_numbers(numbers, model, name):
    """The probability of the positive class."""
    model.fit(numbers.X, numbers.positive)
    found = runtime(model, numbers.chance, numbers.probe)
    assert found.name == name
    truth = singly(lambda part: model.predict_proba(numbers.X.iloc[part])[:, 1], np.arange(37))
    np.testing.assert_array_equal(singly(found, numbers.matrix[:37]), truth)
    if name != PUBLIC:
        np.testing.assert_array_equal(found(numbers.matrix[:37]), truth)


def test_why_a_faster_way_was_not_taken_is_said(numbers):
    """A warning with every request would be no gain."""
    model = CalibratedClassifierCV(LogisticRegression(), cv=2).fit(numbers.X, numbers.positive)
    assert "does not have valid feature names" in runtime(model, numbers.chance, numbers.probe).note


@pytest.mark.parametrize("kind", [HistGradientBoostingRegressor, HistGradientBoostingClassifier])
def test_categories_are_coded_as_the_model_has_them(mixed, kind):
    """With values that the model did not see, though the signature knows them, and missing ones."""
    classifier = kind is HistGradientBoostingClassifier
    model = kind(categorical_features="from_dtype", max_iter=20)
    seen = mixed.X["zone"] != "kings"
    model.fit(mixed.X[seen], (mixed.positive if classifier else mixed.y)[seen])
    found = runtime(model, mixed.chance if classifier else mixed.signature, mixed.matrix[seen][:64])
    assert (found.name, found.note) == (FOREST, "")
    rows, frame = mixed.matrix.copy(), mixed.X.copy()
    rows[::5, 2], rows[::7, 0] = np.nan, np.nan
    frame.iloc[::5, 2], frame.iloc[::7, 0] = np.nan, np.nan
    truth = model.predict_proba(frame)[:, 1] if classifier else model.predict(frame)
    np.testing.assert_array_equal(found(rows), truth)


def test_a_pipeline_that_asks_for_names_is_given_a_frame(mixed):
    """And gives what it gave in training."""
    columns = make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), ["zone", "band"]),
    )
    model = make_pipeline(columns, LinearRegression()).fit(mixed.X, mixed.y)
    found = runtime(model, mixed.signature, mixed.probe)
    assert found.name == PUBLIC
    np.testing.assert_array_equal(found(mixed.matrix), model.predict(mixed.X))


def test_what_refuses_missing_values_goes_on_refusing_them(numbers):
    """A faster way must not answer where the model would not."""
    found = runtime(LinearRegression().fit(numbers.X, numbers.y), numbers.signature, numbers.probe)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        found(np.full((1, 4), np.nan))


def test_missing_values_go_where_the_model_sends_them(numbers):
    """Each row with others missing."""
    holed = numbers.matrix.copy()
    holed[np.random.default_rng(0).random(holed.shape) < 0.3] = np.nan
    X = numbers.X.mask(np.isnan(holed))  # noqa: N806
    for model in (HistGradientBoostingRegressor(max_iter=20), RandomForestRegressor(n_estimators=5)):
        model.fit(X, numbers.y)
        found = runtime(model, numbers.signature, numbers.probe)
        assert found.name == FOREST
        np.testing.assert_array_equal(found(holed), model.predict(X))


def test_threads_are_not_started_and_the_model_that_was_given_stays(numbers):
    """One thread in serving; the estimator is the caller's."""
    model = RandomForestRegressor(n_estimators=3, n_jobs=2).fit(numbers.X, numbers.y)
    runtime(model, numbers.signature, numbers.probe)
    assert model.n_jobs == 2


def test_several_classes_are_refused(numbers):
    """There is no positive one."""
    model = LogisticRegression().fit(numbers.X, np.arange(len(numbers.X)) % 3)
    with pytest.raises(ArtifactError, match="has 3 classes"):
        runtime(model, numbers.chance, numbers.probe)
