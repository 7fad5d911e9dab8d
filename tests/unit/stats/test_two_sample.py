"""Tests of two samples: against scipy on the values themselves, and against resampling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from keepfit.stats.two_sample import (
    chi_square,
    kolmogorov_smirnov,
    mann_whitney,
    total_variation_noise,
)

COUNTS = st.lists(st.integers(0, 400), min_size=2, max_size=30)


def _counts(values, k=6):
    return np.bincount(values, minlength=k)


@pytest.fixture
def two_samples():
    """Whole numbers with many ties, of which the second lie a little higher."""
    rng = np.random.default_rng(4)
    return rng.binomial(5, 0.5, 3000), rng.binomial(5, 0.55, 400)


def test_kolmogorov_smirnov_is_scipys(two_samples):
    """The distance exactly; p by the same asymptotic law."""
    one, other = two_samples
    found = kolmogorov_smirnov(_counts(one), _counts(other))
    expected = stats.ks_2samp(one, other, method="asymp")
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue, rel=0.1)


def test_mann_whitney_is_scipys(two_samples):
    """With ties, without a correction for continuity."""
    one, other = two_samples
    found = mann_whitney(_counts(one), _counts(other))
    expected = stats.mannwhitneyu(other, one, method="asymptotic", use_continuity=False)
    assert found.statistic == pytest.approx(expected.statistic / (len(one) * len(other)))
    assert found.p == pytest.approx(expected.pvalue, rel=0.01)


def test_chi_square_is_scipys_where_cells_are_large(two_samples):
    """The statistic as Cramér's V; p close to that of the chi-square law."""
    one, other = two_samples
    table = np.array([_counts(one), _counts(other)])
    expected = stats.chi2_contingency(table)
    found = chi_square(*table)
    assert found.statistic == pytest.approx(np.sqrt(expected.statistic / table.sum()), rel=0.02)
    assert np.log(found.p) == pytest.approx(np.log(expected.pvalue), rel=0.1)


@pytest.mark.parametrize("test", [kolmogorov_smirnov, mann_whitney, chi_square])
@pytest.mark.parametrize(("cells", "n"), [(5, 300), (60, 1000), (200, 5000)])
def test_p_values_hold_their_level(test, cells, n):
    """Of samples drawn from one distribution, a share of at most alpha has p <= alpha: the resampling that defines it."""
    rng = np.random.default_rng(cells)
    chances = rng.dirichlet(np.ones(cells))
    reference, window = (rng.multinomial(rows, chances, size=1500) for rows in (50_000, n))
    found = np.array([test(r, w).p for r, w in zip(reference, window, strict=True)])
    for alpha in (0.05, 0.01):
        assert (found <= alpha).mean() <= alpha + 3 * np.sqrt(alpha / 1500)


@pytest.mark.parametrize("test", [mann_whitney, chi_square])
def test_p_values_are_not_timid(test):
    """Of samples drawn from one distribution, about alpha have p <= alpha: no power is given away."""
    rng = np.random.default_rng(8)
    chances = rng.dirichlet(np.ones(40))
    reference, window = (rng.multinomial(rows, chances, size=1500) for rows in (50_000, 2000))
    found = np.array([test(r, w).p for r, w in zip(reference, window, strict=True)])
    assert 0.035 < (found <= 0.05).mean() < 0.065


@given(COUNTS, st.data())
def test_any_counts_give_a_statistic_and_a_chance(counts, data):
    """Between 0 and 1, or untold; alike samples are no evidence."""
    other = data.draw(st.lists(st.integers(0, 400), min_size=len(counts), max_size=len(counts)))
    r, w = np.array(counts), np.array(other)
    for test in (kolmogorov_smirnov, mann_whitney, chi_square):
        found = test(r, w)
        assert 0 <= found.p <= 1
        assert np.isnan(found.statistic) or 0 <= found.statistic <= 1
        assert test(r, r).p == pytest.approx(1.0)


def test_one_row_in_a_cell_that_the_reference_left_empty_is_no_evidence():
    """A cell of a window that is too small to be told is counted with another."""
    reference, window = np.array([50_000, 50_000, 0]), np.array([500, 499, 1])
    assert chi_square(reference, window).p > 0.5


def test_tiny_p_values_stay_numbers():
    """A change without doubt has a p near 0, not NaN."""
    reference, window = np.array([10**6, 0]), np.array([0, 10**6])
    for test in (kolmogorov_smirnov, mann_whitney, chi_square):
        assert test(reference, window).p < 1e-12


def test_noise_of_total_variation_is_that_of_samples():
    """Mean and deviation against simulation."""
    rng = np.random.default_rng(3)
    chances = rng.dirichlet(np.ones(30))
    found = np.abs(rng.multinomial(400, chances, size=4000) / 400 - chances).sum(axis=1) / 2
    mean, deviation = total_variation_noise(chances * 1e9, np.array([400.0]), np.array([1e12]))
    assert float(mean[0]) == pytest.approx(found.mean(), rel=0.03)
    assert float(deviation[0]) == pytest.approx(found.std(), rel=0.3)


@pytest.mark.parametrize("test", [kolmogorov_smirnov, mann_whitney, chi_square])
def test_rows_that_are_copies_of_each_other_tell_nothing_new(test, two_samples):
    """Every row four times, with a design effect of four: the p-value of the rows themselves."""
    one, other = (_counts(values) for values in two_samples)
    copied = test(4 * one, 4 * other, design=4.0)
    assert copied.statistic == pytest.approx(test(one, other).statistic)
    assert np.log(copied.p) == pytest.approx(np.log(test(one, other).p), rel=0.05)


@pytest.mark.parametrize("test", [kolmogorov_smirnov, mann_whitney, chi_square])
def test_many_pairs_at_once_are_each_of_them(test):
    """Padded with empty cells to one width, with a design effect each; a pair without rows among them."""
    rng = np.random.default_rng(9)
    pairs = [rng.multinomial((5000, 300), rng.dirichlet(np.ones(k))) for k in (2, 12, 40)]
    pairs.append(np.zeros((2, 7), np.int64))
    padded = np.array([np.pad(pair, ((0, 0), (0, 40 - pair.shape[1]))) for pair in pairs])
    designs = np.array([1.0, 2.0, 1.5, 1.0])
    found = test(padded[:, 0], padded[:, 1], designs)
    each = [test(*pair, design) for pair, design in zip(pairs, designs, strict=True)]
    assert found.statistic == pytest.approx([one.statistic for one in each], nan_ok=True)
    assert found.p == pytest.approx([one.p for one in each])
    assert np.isnan(found.statistic[-1])
    assert found.p[-1] == 1.0


def test_noise_of_many_columns_at_once_is_that_of_each():
    """One row of counts for each pair of samples."""
    counts = np.array([[50, 30, 20, 0], [10, 0, 0, 990]])
    rows, rest = np.array([100.0, 200.0]), np.array([1e4, 2e4])
    together = np.array(total_variation_noise(counts, rows, rest))
    each = [total_variation_noise(counts[[i]], rows[[i]], rest[[i]]) for i in range(2)]
    assert together == pytest.approx(np.hstack([np.array(one) for one in each]))
