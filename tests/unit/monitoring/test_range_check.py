"""Values beyond the reference's, and columns that stand still."""

import numpy as np
import polars as pl
import pytest

from keepfit.monitoring.norm_column import NormColumn
from keepfit.monitoring.range_check import constant_test, out_of_range
from keepfit.stats.profile import CategoricalCells, CategoricalProfile, NumericCells, NumericProfile

RNG = np.random.default_rng(1)


def _number(reference, window):
    cells = NumericCells.of(reference)
    total = NumericProfile.of(cells, reference)
    return NumericProfile.of(cells, window), NormColumn.of("x", total, [])


def _category(reference, window):
    cells = CategoricalCells.of(pl.Series(reference))
    total = CategoricalProfile.of(cells, pl.Series(reference))
    return CategoricalProfile.of(cells, pl.Series(window)), NormColumn.of("zone", total, [])


def test_rows_beyond_the_reference_are_counted():
    """Ten of a thousand at twice the largest."""
    window = RNG.random(1000)
    window[:10] = 2.0
    (rise,) = out_of_range(*_number(RNG.random(20_000), window))
    assert rise.hits >= 10
    assert rise.share == pytest.approx(0.011, abs=0.003)
    assert rise.changes(0.05)
    assert rise.p < 1e-6
    assert rise.fault is None


@pytest.mark.parametrize("outlier", [1e6, -1e6])
def test_an_outlier_in_the_reference_hides_nothing(outlier):
    """The range is that of nearly all rows."""
    reference = np.append(RNG.random(20_000), outlier)
    (rise,) = out_of_range(
        *_number(reference, np.where(np.arange(1000) < 10, outlier / 10, RNG.random(1000)))
    )
    assert rise.hits >= 10
    assert rise.changes(0.05)


def test_an_outlier_in_the_window_is_no_change():
    """One row of three hundred."""
    window = np.append(RNG.random(299), 1e6)
    (rise,) = out_of_range(*_number(RNG.random(20_000), window))
    assert not rise.changes(0.05)


def test_too_few_rows_have_no_range():
    """Six rows, or none."""
    assert out_of_range(*_number(np.arange(6.0), np.arange(6.0))) == []
    assert out_of_range(*_number(np.array([]), np.arange(6.0))) == []


def test_a_number_that_stands_still_is_a_fault():
    """What varied holds one value."""
    found = constant_test(*_number(RNG.random(20_000), np.full(300, 0.25)))
    assert found.beyond
    assert found.finding.p < 1e-100
    assert found.fault.kind == "all"
    assert found.says.startswith("x is 0.25 in all 300 rows; in the reference it varies")


def test_a_category_that_stands_still_is_a_fault():
    """A known value or a new one."""
    for value in ("a", "never seen"):
        found = constant_test(*_category(["a", "b"] * 5000, [value] * 300))
        assert found.beyond
        assert repr(value) in found.says


def test_a_column_that_nearly_always_holds_one_value_may_hold_it_always():
    """Chance explains it."""
    reference = np.where(np.arange(20_000) % 1000 == 0, 1.0, 0.0)
    found = constant_test(*_number(reference, np.zeros(300)))
    assert found.finding.p > 0.5


def test_a_column_that_was_constant_may_stay_so():
    """Also when it was so in some window of the reference only, as the weekday is in daily ones."""
    assert not constant_test(*_number(np.ones(1000), np.ones(300))).beyond
    cells = NumericCells.of(np.repeat(np.arange(7.0), 100))
    days = [NumericProfile.of(cells, np.full(100, float(i))) for i in range(7)]
    column = NormColumn.of("weekday", NumericProfile.merge(days), [(None, day) for day in days])
    assert not constant_test(NumericProfile.of(cells, np.full(300, 3.0)), column).beyond


def test_a_column_that_varies_is_not_constant():
    """Nor is one without values."""
    assert constant_test(*_number(RNG.random(1000), RNG.random(300))) is None
    assert constant_test(*_number(RNG.random(1000), np.full(300, np.nan))) is None
