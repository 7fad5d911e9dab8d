"""A faster way is taken only when it gives the same."""

import warnings

import numpy as np
import pytest

from keepfit.adapters.runtimes.check import Gap, first_equal, gap, in_company, nearly, with_holes
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

    assert gap(lambda matrix: matrix[:, 0], company, PROBE).rows == 0
    assert gap(company, lambda matrix: matrix[:, 0], PROBE).rows == len(PROBE)
    assert not in_company(company, PROBE)


def test_a_difference_is_relative_to_the_size_of_predictions():
    """Small numbers are held to what is small for them; among large ones a number near zero is not."""
    small = PROBE * 1e-6
    assert gap(lambda rows: rows[:, 0] + 1e-6, lambda rows: rows[:, 0], small, tolerance=1e-3).rows
    assert (
        gap(lambda rows: rows[:, 0] * 1e6 + 1, lambda rows: rows[:, 0] * 1e6, PROBE, tolerance=1e-5).rows == 0
    )
    with pytest.raises(
        ValueError, match="near differs from the public method by up to 1e-09 on 3 of 20 rows"
    ):
        Gap(1e-9, 3, 20).require("near")


def test_how_far_a_near_runtime_is_off_is_known():
    """With missing values and without; more than the tolerance is refused."""
    near = Runtime("near", lambda matrix: first(matrix) * (1 + 1e-7))
    assert nearly(REFERENCE, near, PROBE, tolerance=1e-6).difference == pytest.approx(1e-7, rel=1e-3)
    with pytest.raises(ValueError, match="near differs from the public method by up to 1e-07"):
        nearly(REFERENCE, near, PROBE, tolerance=1e-8)


def test_rows_with_a_missing_value_are_left_to_the_reference_where_the_near_one_knows_no_better():
    """The other rows of the call are not."""
    near = Runtime("near", lambda matrix: matrix[:, 0] * (1 + 1e-7))
    found = nearly(REFERENCE, near, PROBE, tolerance=1e-6)
    rows = np.array([[1.0, 2.0, 3.0], [np.nan, 2.0, 3.0], [3.0, np.nan, 3.0]])
    assert found(rows).tolist() == [1 + 1e-7, 0.0, 3.0]
    assert found(rows[1:]).tolist() == [0.0, 3.0]


def test_what_the_reference_refuses_is_refused():
    """By the model's own words."""

    def strict(matrix):
        if np.isnan(matrix).any():
            raise ValueError("Input contains NaN")
        return matrix[:, 0]

    found = nearly(
        Runtime("strict", strict), Runtime("near", lambda matrix: matrix[:, 0]), PROBE, tolerance=1e-6
    )
    with pytest.raises(ValueError, match="Input contains NaN"):
        found(np.array([[1.0, np.nan, 1.0]]))


def test_a_reference_that_minds_the_company_of_missing_values_is_not_left_any():
    """What a row is given would depend on who else asks."""

    def company(matrix):
        return first(matrix) + np.isnan(matrix).all(axis=1) * len(matrix)

    near = Runtime("near", lambda matrix: matrix[:, 0])
    with pytest.raises(ValueError, match="near with missing values differs, and public in company"):
        nearly(Runtime("public", company), near, PROBE, tolerance=1e-6)


def test_every_feature_is_missing_somewhere():
    """And one row has nothing."""
    holed = np.isnan(with_holes(PROBE))
    assert holed.any(axis=0).all()
    assert holed[0].all()
    assert not holed.all(axis=1)[1:].any()
