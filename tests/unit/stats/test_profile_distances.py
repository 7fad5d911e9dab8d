"""Every distance between two profiles of one column."""

import math
from dataclasses import asdict, replace

import numpy as np
import polars as pl
import pytest

from keepfit.stats.categorical_profile import CategoricalCells, CategoricalProfile
from keepfit.stats.distances import ks, psi, total_variation, wasserstein
from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.numeric_profile import NumericProfile
from keepfit.stats.profile_distances import distances, robust_scale

NORMAL = np.random.default_rng(0).normal(10, 2, size=20_000)
CELLS = NumericCells.of(NORMAL)
REFERENCE = NumericProfile.of(CELLS, NORMAL)


def test_a_number_has_every_distance_of_the_cells_that_checks_use():
    """Coarse cells with nulls for what is binned, all cells for KS, the values' own unit for Wasserstein."""
    window = NumericProfile.of(CELLS, np.append(NORMAL[:5000] + 1, [np.nan] * 500))
    found = distances(REFERENCE, window)
    assert found.psi == float(psi(REFERENCE.coarse(), window.coarse()))
    assert found.total_variation == float(total_variation(REFERENCE.coarse(), window.coarse()))
    assert found.ks == float(ks(REFERENCE.counts, window.counts))
    assert found.wasserstein == wasserstein(REFERENCE, window)
    assert found.scaled == pytest.approx(0.5, abs=0.02)
    assert all(math.isfinite(value) for value in asdict(found).values())


def test_a_category_has_those_that_need_no_order():
    """KS and Wasserstein do not apply: None, which is not "unknown"."""
    cells = CategoricalCells.of(pl.Series(["a", "b", "b", "b"]))
    old, new = (CategoricalProfile.of(cells, pl.Series(one)) for one in (["a", "b"], ["b", "new"]))
    found = distances(old, new)
    assert (found.total_variation, found.l_infinity, found.degrees) == (0.5, 0.5, 2)
    assert (found.ks, found.wasserstein, found.scaled, found.scale) == (None, None, None, None)


def test_a_profile_is_at_no_distance_from_itself():
    """Zero everywhere; the degrees of freedom and the scale are no distances."""
    found = asdict(distances(REFERENCE, REFERENCE))
    assert {name for name, value in found.items() if value} == {"degrees", "scale"}


@pytest.mark.parametrize(("old", "new"), [(REFERENCE, None), (None, REFERENCE), (None, None)])
def test_a_side_without_rows_has_no_distance(old, new):
    """NaN, not 0 and not an error."""
    empty = NumericProfile.empty(CELLS)
    found = asdict(distances(old or empty, new or empty))
    assert all(math.isnan(found[name]) for name in found if name not in {"degrees", "scale"})


def test_a_side_with_nulls_only_has_rows_and_no_values():
    """Distances over cells see that all became null; those of values know nothing."""
    found = distances(REFERENCE, NumericProfile.of(CELLS, np.full(100, np.nan)))
    assert found.total_variation == 1.0
    assert math.isnan(found.wasserstein)
    assert math.isnan(found.ks)


def test_profiles_in_different_cells_are_not_compared():
    """That is an error, not a wrong number; a number and a category are no pair either."""
    other = NumericCells.of(np.arange(9.0))
    with pytest.raises(ValueError, match="different cells"):
        distances(REFERENCE, NumericProfile.empty(other))
    with pytest.raises(ValueError, match="different cells"):
        distances(REFERENCE, CategoricalProfile.empty(CategoricalCells(values=("a",))))


@pytest.mark.parametrize("known", [True, False], ids=["from the cells", "from the quantiles"])
def test_the_scale_is_the_standard_deviation_and_outliers_do_not_move_it(known):
    """Of a normal law; three values of 1e6 among 20,000 change nothing, where the standard deviation goes to 12,000."""
    for values in (NORMAL, np.append(NORMAL, [1e6, 1e6, -1e6])):
        cells = NumericCells.of(values)
        cells = cells if known else replace(cells, scale=None)
        assert robust_scale(NumericProfile.of(cells, values)) == pytest.approx(2.0, rel=0.02)


def test_the_scale_where_most_values_are_equal():
    """Zero-inflated columns fall back to wider spans, a constant to 1, nothing to NaN; cells that know none of it too."""
    rng = np.random.default_rng(1)
    for share in (0.4, 0.15, 0.03):
        values = (rng.random(20_000) < share) * rng.exponential(size=20_000)
        cells = NumericCells.of(values)
        known, read = (
            robust_scale(NumericProfile.of(one, values)) for one in (cells, replace(cells, scale=None))
        )
        assert 0.1 < known < 1.5
        assert read == pytest.approx(known, rel=0.05)
    constant = replace(NumericCells.of(np.full(50, 3.0)), scale=None)
    assert robust_scale(NumericProfile.of(constant, np.full(50, 3.0))) == 1.0
    assert math.isnan(robust_scale(NumericProfile.empty(constant)))
