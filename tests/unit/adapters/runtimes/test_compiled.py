"""A compiled model is taken when it gives the same and takes less time."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from xgboost import XGBClassifier

from keepfit.adapters.runtimes.compiled import compiled_runtime
from keepfit.adapters.runtimes.runtime import Runtime


def slowly(predict):
    """The same numbers, after what takes a while."""

    def slow(matrix):
        np.sort(np.arange(400_000)[::-1] % 977)
        return predict(matrix)

    return Runtime("slow", slow)


def test_what_is_equal_and_faster_is_taken(numbers):
    """Up to a millionth; for a value and for a probability."""
    model = HistGradientBoostingRegressor(max_iter=10).fit(numbers.X, numbers.y)
    native = slowly(
        lambda matrix: model.predict(
            numbers.X.iloc[:0]
            .reindex(range(len(matrix)))
            .assign(**{name: matrix[:, place] for place, name in enumerate(numbers.X.columns)})
        )
    )
    found = compiled_runtime(model, numbers.signature, native, numbers.probe)
    assert found.name == "treelite"
    np.testing.assert_allclose(found(numbers.matrix), model.predict(numbers.X), rtol=1e-6)
    chance = XGBClassifier(n_estimators=10).fit(numbers.X, numbers.positive)
    native = slowly(lambda matrix: chance.get_booster().inplace_predict(matrix).astype(np.float64))
    found = compiled_runtime(chance, numbers.chance, native, numbers.probe)
    assert found.name == "treelite"
    np.testing.assert_allclose(found(numbers.matrix), chance.predict_proba(numbers.X)[:, 1], rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda sums: sums * 1.01, "compiled: differs from the public method by up to"),
        (lambda sums: sums, "µs for 1 row"),
    ],
)
def test_what_differs_or_is_slower_is_refused_with_the_reason(numbers, change, said):
    """And the native way stays."""
    model = HistGradientBoostingRegressor(max_iter=10).fit(numbers.X, numbers.y)
    answers = {
        row.tobytes(): value for row, value in zip(numbers.matrix, model.predict(numbers.X), strict=True)
    }

    def native(matrix):
        known = [answers.get(row.tobytes()) for row in matrix]
        return (
            change(np.array(known))
            if None not in known
            else model.predict(
                numbers.X.iloc[:0]
                .reindex(range(len(matrix)))
                .assign(**{name: matrix[:, place] for place, name in enumerate(numbers.X.columns)})
            )
        )

    found = compiled_runtime(model, numbers.signature, Runtime("native", native), numbers.probe)
    assert found.name == "native"
    assert said in found.note


def test_what_is_no_ensemble_of_trees_is_refused(numbers):
    """With treelite's own reason."""
    model = Ridge().fit(numbers.X, numbers.y)
    native = Runtime("native", lambda matrix: matrix[:, 0])
    found = compiled_runtime(model, numbers.signature, native, numbers.probe)
    assert found.name == "native"
    assert "Not supported model type: Ridge" in found.note


def test_categories_are_left_to_the_library(mixed):
    """Each codes them otherwise."""
    native = Runtime("native", lambda matrix: matrix[:, 0], "before")
    found = compiled_runtime(None, mixed.signature, native, mixed.probe)
    assert found.note.startswith("before; compiled: TypeError: categories")
