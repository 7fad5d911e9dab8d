"""A compiled form is taken when it gives the same and takes less time."""

import sys

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB

from keepfit.adapters.runtimes.compiled import compiled_runtime
from keepfit.adapters.runtimes.runtime import Runtime
from keepfit.registry.output import matrix_output


def slowly(model, signature):
    """The public method, after what takes a while for each row."""
    predict = matrix_output(model, signature)

    def slow(matrix):
        for _ in matrix:
            np.sort(np.arange(40_000)[::-1] % 977)
        return predict(matrix)

    return Runtime("slow", slow, "before")


@pytest.fixture(scope="module")
def trees(numbers):
    """A model that treelite knows, and onnxruntime's converter does not."""
    return HistGradientBoostingRegressor(max_iter=10).fit(numbers.X, numbers.y)


@pytest.fixture(scope="module")
def bayes(numbers):
    """A model that onnxruntime knows, and treelite does not."""
    return GaussianNB().fit(numbers.X, numbers.positive)


def test_what_is_equal_and_faster_is_taken(numbers, trees):
    """Why the other forms were not is noted, behind what was noted before."""
    found = compiled_runtime(trees, numbers.signature, slowly(trees, numbers.signature), numbers.probe)
    assert found.name == "treelite"
    assert found.note.startswith("before; onnxruntime 64-bit: ")
    np.testing.assert_allclose(found(numbers.matrix), trees.predict(numbers.X), rtol=1e-6)


def test_of_two_forms_the_faster_one_is_taken_and_its_difference_known(numbers, bayes):
    """Within the tolerance; the exact arithmetic comes first."""
    found = compiled_runtime(bayes, numbers.chance, slowly(bayes, numbers.chance), numbers.probe)
    assert found.name in {"onnxruntime 64-bit", "onnxruntime 32-bit"}
    assert found.difference <= 1e-5
    truth = bayes.predict_proba(numbers.X)[:, 1]
    np.testing.assert_allclose(found(numbers.matrix), truth, atol=1e-5)


def test_a_form_that_is_farther_off_than_allowed_is_refused(numbers, bayes):
    """With how far it was."""
    native = slowly(bayes, numbers.chance)
    found = compiled_runtime(bayes, numbers.chance, native, numbers.probe, tolerance=0.0)
    assert found.name == "slow"
    assert "onnxruntime 32-bit: onnxruntime 32-bit differs from the public method by up to" in found.note


def test_held_out_rows_count_as_well(numbers, bayes):
    """A form that is right on the others is refused."""
    native = slowly(bayes, numbers.chance)

    def elsewhere(matrix):
        return native.predict(matrix) * np.where(matrix[:, 0] > 100, 0.5, 1.0)

    held_out = numbers.matrix[:3] + np.array([200.0, 0, 0, 0])
    found = compiled_runtime(
        bayes, numbers.chance, Runtime("slow", elsewhere), numbers.probe, held_out=held_out
    )
    assert found.name == "slow"
    assert "onnxruntime 64-bit with held-out rows differs" in found.note


def test_what_is_slower_stays_out(numbers):
    """A product of four numbers is as fast as can be."""
    model = Ridge().fit(numbers.X, numbers.y)
    weights, start = model.coef_.copy(), model.intercept_
    native = Runtime("product", lambda matrix: np.matmul(matrix[:, None, :], weights)[:, 0] + start)
    found = compiled_runtime(model, numbers.signature, native, numbers.probe)
    assert found.name == "product"
    assert "µs for one row, and product" in found.note


def test_a_library_that_is_not_there_is_said_with_the_extra_that_brings_it(numbers, bayes, monkeypatch):
    """And the native way stays."""
    monkeypatch.setitem(sys.modules, "treelite", None)
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    native = slowly(bayes, numbers.chance)
    found = compiled_runtime(bayes, numbers.chance, native, numbers.probe)
    assert found.name == "slow"
    assert "treelite: needs treelite: install keepfit[compiled]" in found.note
    assert "onnxruntime 64-bit: needs skl2onnx: install keepfit[onnx]" in found.note
