"""One number a row, whatever a model calls its method."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from keepfit.errors import ArtifactError
from keepfit.registry.output import frame_output, matrix_output, one_a_row
from keepfit.registry.signature import Feature, Kind, Signature

MILES = Feature("miles", Kind.NUMBER)
VALUE = Signature(features=(MILES,), id="id", time="at", context=(), output="minutes")
CHANCE = Signature(features=(MILES,), id="id", time="at", context=(), output="tip", probability=True)
X = pd.DataFrame({"miles": np.arange(20.0)})


def test_a_classifier_gives_the_positive_class_and_a_regressor_its_value():
    """From a frame, and from the matrix."""
    chance = LogisticRegression().fit(X, X["miles"] > 9)
    np.testing.assert_array_equal(frame_output(chance, CHANCE)(X), chance.predict_proba(X)[:, 1])
    value = LinearRegression().fit(X, X["miles"] * 2)
    np.testing.assert_array_equal(matrix_output(value, VALUE)(X.to_numpy()), value.predict(X))


def test_a_model_that_cannot_give_what_the_signature_says_is_refused():
    """When it is loaded, not at the first request."""
    with pytest.raises(ArtifactError, match=r"LinearRegression, which has no predict_proba\(\)"):
        frame_output(LinearRegression(), CHANCE)
    three = DummyClassifier().fit(X[:3], [0, 1, 2])
    with pytest.raises(ArtifactError, match="the model has 3 classes; 'tip' takes two"):
        frame_output(three, CHANCE)


def test_two_columns_are_a_probability_only_where_one_is_asked():
    """A regression with two outputs is no answer."""
    with pytest.raises(ArtifactError, match=r"gave \(2,\) numbers a row; 'minutes' takes one"):
        one_a_row(np.zeros((3, 2)), VALUE)
    assert one_a_row(np.ones((3, 1)), VALUE).shape == (3,)
