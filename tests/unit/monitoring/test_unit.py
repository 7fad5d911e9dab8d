"""A change of unit."""

import numpy as np
import pytest

from keepfit.monitoring.finding import Verdict
from keepfit.monitoring.norm_column import NormColumn
from keepfit.monitoring.unit import check_units
from keepfit.stats.profile import NumericCells, NumericProfile

RNG = np.random.default_rng(3)
DAYS = [RNG.lognormal(0.5, 0.9, 300).round(2) for _ in range(30)]
CELLS = NumericCells.of(np.concatenate(DAYS))
BLOCKS = [NumericProfile.of(CELLS, day) for day in DAYS]
TOTAL = NumericProfile.merge(BLOCKS)


def _column(total, blocks):
    return NormColumn.of("miles", total, [(None, block) for block in blocks])


def check_unit(window, column):
    (found,) = check_units([window], [column])
    return found


def _check(values, blocks=BLOCKS):
    return check_unit(NumericProfile.of(CELLS, values), _column(TOTAL, blocks))


@pytest.mark.parametrize("factor", [1.609, 2.0, 60.0, 1000.0, 1 / 1.609, 1 / 60, 0.001])
def test_a_factor_on_every_value_is_found(factor):
    """Miles to kilometres, hours to minutes, kilo to one, and back: nearly always, with the factor told."""
    rng = np.random.default_rng(11)
    found = [_check(rng.lognormal(0.5, 0.9, 300) * factor) for _ in range(20)]
    assert sum(one.alarms for one in found) >= 18
    assert np.median([one.value for one in found]) == pytest.approx(factor, rel=0.1)
    assert {one.fault.kind for one in found if one.alarms} == {"all"}


def test_healthy_windows_never_alarm():
    """A hundred windows of the same distribution."""
    rng = np.random.default_rng(12)
    assert not any(_check(rng.lognormal(0.5, 0.9, 300)).alarms for _ in range(100))


@pytest.mark.parametrize(
    "drift",
    [
        pytest.param(lambda x: x * 1.3, id="a third more"),
        pytest.param(lambda x: x + 2.0, id="shifted"),
        pytest.param(lambda x: x**1.8, id="more spread"),
    ],
)
def test_ordinary_drift_is_no_change_of_unit(drift):
    """A distribution that moves, but not by one factor of at least 1.5."""
    rng = np.random.default_rng(13)
    found = [_check(drift(rng.lognormal(0.5, 0.9, 300))) for _ in range(20)]
    assert sum(one.alarms for one in found) <= 1


def test_a_factor_on_half_of_the_rows_is_no_change_of_unit():
    """It pulls the distribution apart, which enough rows show."""
    x = np.random.default_rng(14).lognormal(0.5, 0.9, 5000)
    x[::2] *= 3
    found = _check(x)
    assert found.value > 1.5
    assert not found.alarms


def test_a_number_whose_days_differ_by_factors_does_not_alarm():
    """A block of the reference that is at half or twice the rest makes 1.8 natural."""
    blocks = [*BLOCKS, NumericProfile.of(CELLS, DAYS[0] * 2)]
    found = _check(np.concatenate(DAYS[:3]) * 1.8, blocks)
    assert not found.alarms
    assert found.threshold > 3


def test_numbers_of_few_values_have_no_unit():
    """No finding when the reference has none to hold against; insufficient data when only the window has none."""
    cells = NumericCells.of(np.array([1.0, 1.0, 1.0, 2.0]))
    few = NumericProfile.of(cells, np.ones(300))
    assert check_unit(few, _column(few, [few])) is None
    assert _check(np.full(300, np.nan)).verdict is Verdict.INSUFFICIENT_DATA


def test_numbers_with_zeros_are_compared_without_overflow():
    """Zeros scale to zeros; the deciles that are not zero tell the factor."""
    days = [np.where(RNG.random(300) < 0.15, 0.0, day) for day in DAYS]
    cells = NumericCells.of(np.concatenate(days))
    total = NumericProfile.of(cells, np.concatenate(days))
    found = check_unit(NumericProfile.of(cells, np.concatenate(days[:2]) * 1000), _column(total, []))
    assert found.alarms


@pytest.mark.parametrize("power", [-150, 145])
def test_magnitudes_at_the_ends_of_what_floats_hold_are_compared(power):
    """Neither the product of two of them nor its inverse is a float."""
    small = RNG.lognormal(0.5, 0.9, 3000) * 1e-155
    cells = NumericCells.of(small)
    column = NormColumn.of("miles", NumericProfile.of(cells, small), [])
    found = check_unit(NumericProfile.of(cells, small * 10.0**power), column)
    assert np.log10(found.value) == pytest.approx(power, abs=3)
    assert abs(np.log(found.value)) > np.log(1.5)


def _shifted(values, factor):
    """A reference of a month of days, and a window of another day times a factor."""
    days = np.split(values, 30)
    cells = NumericCells.of(values)
    blocks = [NumericProfile.of(cells, day) for day in days]
    column = _column(NumericProfile.merge(blocks), blocks)
    return NumericProfile.of(cells, np.random.default_rng(5).permutation(values)[:300] * factor), column


SHAPES = {
    "positive": RNG.lognormal(0.5, 0.9, 9000),
    "negative": -RNG.lognormal(0.5, 0.9, 9000),
    "both signs": RNG.normal(0, 1, 9000),
    "about a decile of 0": RNG.normal(1.28, 1, 9000),
    "ties": RNG.integers(1, 8, 9000).astype(float),
    "zeros": np.where(RNG.random(9000) < 0.15, 0.0, RNG.lognormal(0.5, 0.9, 9000)),
    "too few": RNG.integers(0, 2, 9000).astype(float),
}


@pytest.mark.parametrize("factor", [1.0, 1.2, 3.0, -1.0])
def test_numbers_together_are_judged_as_each_alone(factor):
    """Near to the unit that they were in all at once, others one by one; of any sign, with ties, without a unit."""
    windows, columns = zip(*(_shifted(values, factor) for values in SHAPES.values()), strict=True)
    together = check_units(windows, columns)
    alone = [check_unit(window, column) for window, column in zip(windows, columns, strict=True)]
    assert [str(one) for one in together] == [str(one) for one in alone]
    assert together[-1] is None


@pytest.mark.parametrize("shape", ["positive", "negative", "both signs", "about a decile of 0", "zeros"])
@pytest.mark.parametrize("factor", [0.9, 1.0, 1.2])
def test_the_factor_is_the_median_ratio_of_the_deciles(shape, factor):
    """Of those that have a sign on both sides, and the same."""
    window, column = _shifted(SHAPES[shape], factor)
    tenths = [tenth / 10 for tenth in range(1, 10)]
    pairs = zip(column.total.quantiles(tenths), window.quantiles(tenths), strict=True)
    expected = np.exp(np.median([np.log(new / old) for old, new in pairs if old * new > 0]))
    assert check_unit(window, column).value == pytest.approx(expected, rel=1e-12)
