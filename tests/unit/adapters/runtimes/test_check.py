"""A faster way is taken only when it gives the same."""

import warnings

import numpy as np

from keepfit.adapters.runtimes.check import differs, first_equal, with_holes
from keepfit.adapters.runtimes.runtime import Runtime

PROBE = np.random.default_rng(0).normal(size=(20, 3))


def first(matrix):
    return np.nan_to_num(matrix[:, 0])


REFERENCE = Runtime("public", first)


def test_the_first_that_gives_the_same_is_taken():
    """In the order in which they are offered."""
    makers = [lambda: None, lambda: Runtime("fast", first), lambda: Runtime("faster", first)]
    assert first_equal(REFERENCE, makers, PROBE).name == "fast"


def test_what_gives_something_else_fails_or_warns_is_passed_over_with_the_reason():
    """The public way stands."""

    def fails():
        raise AttributeError("no _predictors")

    def warns():
        warnings.warn("names", UserWarning, stacklevel=1)
        return Runtime("warns", first)

    makers = [fails, warns, lambda: Runtime("near", lambda matrix: first(matrix) + 1e-12)]
    found = first_equal(REFERENCE, makers, PROBE)
    assert found.name == "public"
    assert "AttributeError: no _predictors; UserWarning: names; ValueError: near differs" in found.note


def test_a_difference_on_missing_values_alone_counts():
    """Rows with holes are tried too."""
    found = first_equal(REFERENCE, [lambda: Runtime("raw", lambda matrix: matrix[:, 0])], PROBE)
    assert found.name == "public"
    assert "with missing values" in found.note


def test_a_row_is_to_be_given_what_it_is_given_alone():
    """A public method that gives rows something else in company does not decide."""

    def company(matrix):
        return matrix[:, 0] + (len(matrix) > 1) * 1e-9

    assert differs(lambda matrix: matrix[:, 0], company, PROBE) == ""
    assert "on 20 of 20 rows" in differs(company, lambda matrix: matrix[:, 0], PROBE)


def test_every_feature_is_missing_somewhere():
    """And one row has nothing."""
    holed = np.isnan(with_holes(PROBE))
    assert holed.any(axis=0).all()
    assert holed[0].all()
    assert not holed.all(axis=1)[1:].any()
