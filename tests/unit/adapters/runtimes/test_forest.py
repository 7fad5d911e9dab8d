"""Many trees in one array: each row's sum is that of its own leaves."""

import threading

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from keepfit.adapters.runtimes import forest
from keepfit.adapters.runtimes.forest import TOGETHER, Forest, Tree


@pytest.fixture(scope="module")
def model():
    """Gradient boosting on five features."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(400, 5))  # noqa: N806
    return HistGradientBoostingRegressor(max_iter=13).fit(X, X[:, 0] + X[:, 4] ** 2)


def trees(model):
    return [Tree(one.nodes, one.raw_left_cat_bitsets) for (one,) in model._predictors]


@pytest.mark.parametrize("rows", [0, 1, 2, TOGETHER // 2 + 1, TOGETHER, TOGETHER + 3, 3 * TOGETHER + 9])
def test_any_number_of_rows(model, rows):
    """Together or one after the other."""
    X = np.random.default_rng(2).normal(size=(rows, 5))  # noqa: N806
    found = Forest(trees(model), 5, model._baseline_prediction.item()).sums(X)
    truth = [model.predict(row[None])[0] for row in X]
    np.testing.assert_array_equal(found, np.array(truth).reshape(-1))


def test_a_matrix_that_is_not_contiguous(model):
    """As a slice of another."""
    X = np.asfortranarray(np.random.default_rng(2).normal(size=(40, 9)))[::2, 2:7]  # noqa: N806
    np.testing.assert_array_equal(
        Forest(trees(model), 5, model._baseline_prediction.item()).sums(X), model.predict(X)
    )


def test_a_forest_too_large_to_be_kept_twice_is_refused(model, monkeypatch):
    """And one of middling size goes without the second copy, for the same sums."""
    X = np.random.default_rng(2).normal(size=(40, 5))  # noqa: N806
    monkeypatch.setattr(forest, "_MOST_NODES_TOGETHER", 10)
    np.testing.assert_array_equal(
        Forest(trees(model), 5, model._baseline_prediction.item()).sums(X), model.predict(X)
    )
    monkeypatch.setattr(forest, "MOST_NODES", 10)
    with pytest.raises(ValueError, match="nodes are more than 10"):
        Forest(trees(model), 5, 0.0)


def test_threads_that_call_at_once_do_not_disturb_each_other(model):
    """Shadows may be asked while the same version answers."""
    X = np.random.default_rng(3).normal(size=(400, 5))  # noqa: N806
    found, truth = Forest(trees(model), 5, model._baseline_prediction.item()), model.predict(X)
    wrong = []

    def ask(start):
        wrong.extend(
            place for place in range(start, 400, 4) if found.sums(X[place : place + 1])[0] != truth[place]
        )

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
