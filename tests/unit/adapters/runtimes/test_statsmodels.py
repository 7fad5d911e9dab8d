"""statsmodels' results, by matrix or by formula."""

import numpy as np
import pytest
from statsmodels.api import OLS, Logit
from statsmodels.formula.api import ols

from keepfit.adapters.runtimes.choice import load_model
from keepfit.adapters.runtimes.statsmodels import runtime
from keepfit.errors import ArtifactError


def test_a_fit_on_columns_is_given_the_matrix(numbers):
    """And a logistic one gives the probability by `predict`."""
    model = OLS(numbers.y, numbers.X).fit()
    found = runtime(model, numbers.signature, numbers.probe)
    assert found.name == "statsmodels"
    np.testing.assert_array_equal(found(numbers.matrix[:1]), model.predict(numbers.X[:1]))
    chance = Logit(numbers.positive, numbers.X).fit(disp=False)
    found = runtime(chance, numbers.chance, numbers.probe)
    np.testing.assert_allclose(found(numbers.matrix), chance.predict(numbers.X), rtol=1e-12)


def test_a_formula_is_given_names(mixed):
    """With categories."""
    model = ols("minutes ~ miles + zone", mixed.X.assign(minutes=mixed.y)).fit()
    found = runtime(model, mixed.signature, mixed.probe)
    assert found.name == "statsmodels frame"
    np.testing.assert_array_equal(found(mixed.matrix), model.predict(mixed.X))


def test_it_is_loaded_only_when_allowed(numbers, described):
    """It is a pickle."""
    model = OLS(numbers.y, numbers.X).fit()
    folder = described("statsmodels", data="model.statsmodels")
    model.save(str(folder / "model.statsmodels"))
    with pytest.raises(ArtifactError, match="is a pickle of statsmodels: loading it can run any code"):
        load_model(folder)
    found = runtime(load_model(folder, allow_pickle=True), numbers.signature, numbers.probe)
    np.testing.assert_array_equal(found(numbers.matrix[:1]), model.predict(numbers.X[:1]))
