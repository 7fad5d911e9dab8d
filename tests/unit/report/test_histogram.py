"""Two columns in one picture: exact counts, areas that are shares, and outliers that flatten nothing."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.report.file_report import Histogram
from keepfit.report.histogram import BINS, densities, histogram, values_of
from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.numeric_profile import NumericProfile


def pictured(reference, current):
    """The histogram of two arrays."""
    cells = NumericCells.of(reference)
    return histogram(*(NumericProfile.of(cells, side) for side in (reference, current)))


def counted(values, found):
    """The rows of each bin, below, above and of the single values, counted one by one."""
    single = np.isin(values, [one.value for one in found.singles])
    rest = values[~single]
    edges = np.array(found.edges)
    inside = [int(((rest >= low) & (rest < high)).sum()) for low, high in itertools.pairwise(edges)]
    return inside, int((rest < edges[0]).sum()), int((rest >= edges[-1]).sum())


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.normal(5, 2, 4000),
        lambda rng: rng.lognormal(0, 1, 4000),
        lambda rng: np.where(rng.random(4000) < 0.4, 0.0, rng.exponential(1, 4000)),
        lambda rng: np.append(rng.normal(0, 1, 4000), 1e6),
    ],
)
def test_every_bin_holds_the_rows_that_lie_in_it(draw):
    """Smooth, skewed, zero-inflated and with an outlier of a million: the counts are those of the values."""
    rng = np.random.default_rng(1)
    reference, current = draw(rng), draw(rng) * 1.2
    found = pictured(reference, current)
    for side, values in (("reference", reference), ("current", current)):
        inside, below, above = counted(values, found)
        assert list(getattr(found, side)) == inside
        assert (getattr(found.below, side), getattr(found.above, side)) == (below, above)
        assert values_of(found, side) == values.size


def test_an_outlier_widens_no_bin():
    """The picture of the body is the same with a value of a million as without it."""
    body = np.random.default_rng(2).normal(0, 1, 5000)
    with_outlier = pictured(np.append(body, 1e6), np.append(body, -1e6))
    assert with_outlier.edges[-1] < 5
    assert len(with_outlier.reference) > BINS / 2


def test_bins_are_about_equally_wide_in_the_body():
    """Quantile cells are merged to an even grid."""
    found = pictured(np.random.default_rng(3).uniform(0, 1, 20_000), np.array([0.5]))
    assert np.diff(found.edges) == pytest.approx(1 / BINS, rel=0.35)


def test_values_that_many_rows_hold_have_bars_of_their_own():
    """Few whole numbers are bars throughout; a spike at 0 is one bar beside the histogram."""
    rng = np.random.default_rng(4)
    whole = pictured(rng.integers(1, 7, 1000).astype(float), rng.integers(1, 7, 1000).astype(float))
    assert [one.value for one in whole.singles] == [1, 2, 3, 4, 5, 6]
    assert (whole.edges, whole.above.reference) == ((), 0)
    spiked = pictured(np.where(rng.random(4000) < 0.4, 0.0, rng.normal(9, 1, 4000)), rng.normal(9, 1, 4000))
    assert [one.value for one in spiked.singles] == [0.0]
    assert sum(spiked.current) > 3900


def test_a_skewed_column_is_drawn_on_a_logarithmic_scale():
    """A log-normal one is, a uniform one and one with negative values are not."""
    rng = np.random.default_rng(5)
    assert pictured(rng.lognormal(0, 1.5, 2000), rng.lognormal(0, 1.5, 2000)).scale == "log"
    assert pictured(rng.uniform(1, 9, 2000), rng.uniform(1, 9, 2000)).scale == "linear"
    assert pictured(rng.lognormal(0, 1.5, 2000) - 1, rng.normal(0, 1, 2000)).scale == "linear"


def test_areas_are_shares_on_either_scale():
    """Heights times widths add up to the share of the values in the picture."""
    for scale, widths in (("linear", [1.0, 3.0]), ("log", [np.log10(2.0), np.log10(2.5)])):
        two = Histogram(scale=scale, edges=(1.0, 2.0, 5.0), reference=(3, 1), current=(0, 0))
        assert densities(two, "reference") @ np.array(widths) == pytest.approx(1.0)
        assert densities(two, "current").tolist() == [0.0, 0.0]


@pytest.mark.parametrize("values", [[], [np.nan], [np.inf, -np.inf], [7.0], [7.0, 7.0, np.inf]])
def test_hardly_any_value_is_no_reason_to_fail(values):
    """Nothing, nulls, infinities, a constant: there is a histogram, and it loses no row."""
    found = pictured(np.array(values), np.array([1.0, 2.0]))
    assert values_of(found, "reference") == np.count_nonzero(~np.isnan(values))
    assert values_of(found, "current") == 2


@given(st.lists(st.floats(-1e9, 1e9), max_size=60), st.lists(st.floats(-1e9, 1e9), max_size=60))
def test_no_row_is_lost(reference, current):
    """Whatever the values are, each is counted once, and edges rise."""
    found = pictured(np.array(reference, float), np.array(current, float))
    assert (values_of(found, "reference"), values_of(found, "current")) == (len(reference), len(current))
    assert list(found.edges) == sorted(set(found.edges))
