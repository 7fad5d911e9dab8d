"""Trees as treelite walks them."""

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from xgboost import XGBClassifier

from keepfit.adapters.runtimes.treelite import form


def test_ensembles_of_trees_give_the_same(numbers):
    """Up to a millionth; for a value and for a probability."""
    for model in (
        HistGradientBoostingRegressor(max_iter=10),
        LGBMRegressor(n_estimators=10, n_jobs=1, verbose=-1),
    ):
        fitted = model.fit(numbers.X, numbers.y)
        found = form(fitted, numbers.signature)
        np.testing.assert_allclose(found(numbers.matrix), fitted.predict(numbers.X), rtol=1e-6)
    chance = XGBClassifier(n_estimators=10, n_jobs=1).fit(numbers.X, numbers.positive)
    found = form(chance, numbers.chance)
    np.testing.assert_allclose(found(numbers.matrix), chance.predict_proba(numbers.X)[:, 1], rtol=1e-6)


def test_what_is_no_ensemble_of_trees_is_refused(numbers):
    """With treelite's own reason."""
    with pytest.raises(Exception, match="Not supported model type: Ridge"):
        form(Ridge().fit(numbers.X, numbers.y), numbers.signature)


def test_categories_are_left_to_the_library(mixed):
    """Each codes them otherwise."""
    with pytest.raises(TypeError, match="categories are coded otherwise"):
        form(None, mixed.signature)
