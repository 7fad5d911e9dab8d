"""scikit-learn's models as graphs of onnxruntime."""

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from xgboost import XGBRegressor

from keepfit.adapters.runtimes.skl2onnx import form
from keepfit.registry.frame import FrameMaker


@pytest.mark.parametrize("bits", [64, 32])
def test_numbers_go_in_as_they_lie(numbers, bits):
    """In the arithmetic that was asked for."""
    model = make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(8,), max_iter=50, tol=10.0))
    model.fit(numbers.X, numbers.y)
    found = form(model, numbers.signature, bits)
    apart = np.abs(found(numbers.matrix) - model.predict(numbers.X)).max()
    assert apart < 1e-12 if bits == 64 else 1e-12 < apart < 1e-5
    assert found.name == f"onnxruntime {bits}-bit"


def test_columns_that_are_dealt_out_by_name_go_in_by_name(mixed):
    """Texts as texts, categories of whole numbers as these, and what is missing as a value that nobody knows."""
    dealt = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["miles", "speed", "hour"]),
            ("categories", OneHotEncoder(handle_unknown="ignore"), ["zone", "band"]),
        ]
    )
    model = make_pipeline(dealt, LogisticRegression()).fit(mixed.X, mixed.positive)
    found = form(model, mixed.chance, 32)
    rows = mixed.matrix.copy()
    rows[0, 2], rows[1, 4], rows[2, 0] = np.nan, np.nan, np.nan
    truth = model.predict_proba(FrameMaker(mixed.chance)(rows))[:, 1]
    np.testing.assert_allclose(found(rows), truth, atol=1e-5)


def test_trees_behind_an_encoder_give_the_same(mixed):
    """A forest in a pipeline, which has no shorter way of its own."""
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    dealt = ColumnTransformer([("categories", encoder, ["zone", "band"])], remainder="passthrough")
    model = make_pipeline(dealt, RandomForestRegressor(10, max_depth=5, random_state=0)).fit(mixed.X, mixed.y)
    np.testing.assert_allclose(
        form(model, mixed.signature, 32)(mixed.matrix), model.predict(mixed.X), rtol=1e-5, atol=1e-6
    )


def test_of_two_classes_the_second_ones_probability_is_given(numbers):
    """As the model's own method is asked for it."""
    model = GradientBoostingClassifier(n_estimators=10).fit(numbers.X, numbers.positive)
    found = form(model, numbers.chance, 32)
    np.testing.assert_allclose(found(numbers.matrix), model.predict_proba(numbers.X)[:, 1], atol=1e-6)


def test_other_libraries_are_not_converted(numbers):
    """Their converters are libraries of their own."""
    model = XGBRegressor(n_estimators=2, n_jobs=1).fit(numbers.X, numbers.y)
    with pytest.raises(TypeError, match="a model of xgboost is not converted"):
        form(model, numbers.signature, 64)
