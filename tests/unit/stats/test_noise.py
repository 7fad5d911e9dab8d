"""Null distributions, and the test of a share that rose."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from keepfit.stats.distances import psi
from keepfit.stats.noise import bucket, null_distribution, p_value, rise_p_value

REFERENCE = np.array([3000, 2000, 1500, 1000, 800, 500, 200, 50, 5, 0])


def test_the_same_arguments_give_the_same_numbers():
    """And another seed gives others."""
    again = null_distribution(REFERENCE, 300, seed=1)
    assert again.tolist() == null_distribution(REFERENCE.copy(), 300, seed=1).tolist()
    assert again.tolist() != null_distribution(REFERENCE, 300, seed=2).tolist()
    assert np.all(np.diff(again) >= 0)
    assert again.size == 999


def test_p_values_are_uniform_when_nothing_changed():
    """Over a thousand healthy windows, a p-value under u comes about as often as u says, and not much more often."""
    rng = np.random.default_rng(5)
    null = null_distribution(REFERENCE, 300, seed=3)
    windows = rng.multinomial(300, REFERENCE / REFERENCE.sum(), size=1000)
    found = np.array([p_value(float(one), null) for one in psi(REFERENCE, windows)])
    for level in (0.05, 0.2, 0.5):
        assert 0.5 * level < (found <= level).mean() < 1.1 * level + 0.015


def test_a_change_is_beyond_the_null():
    """Ten points of mass moved from one cell to an empty one: the least p-value there is."""
    window = np.array([68, 67, 50, 33, 27, 17, 7, 1, 0, 30])
    null = null_distribution(REFERENCE, int(window.sum()), seed=3)
    assert p_value(float(psi(REFERENCE, window)), null) == 1 / 1000


def test_p_value_counts_the_observation_itself():
    """It is never 0, and 1 for the least."""
    null = np.array([1.0, 2.0, 3.0])
    assert [p_value(x, null) for x in (0.0, 2.0, 9.0)] == [1.0, 0.75, 0.25]


def test_forty_features_cost_little():
    """The noise of forty features of twenty coarse cells, none of it known before, takes no tenth of a second."""
    rng = np.random.default_rng(0)
    features = rng.multinomial(9000, rng.dirichlet(np.ones(20) * 3, size=40))
    start = time.process_time()
    for counts in features:
        null_distribution(counts, 300, seed=77, draws=99)
    assert time.process_time() - start < 0.1


@given(st.integers(1, 10**9))
def test_bucket_rounds_down_by_at_most_a_tenth(n):
    """Eight steps an octave; the bucket of a bucket is itself."""
    found = bucket(n)
    assert found <= n
    assert found > 0.9 * n - 1
    assert bucket(found) == found


@given(st.integers(1, 200), st.integers(1, 200), st.data())
def test_rise_is_fishers_exact_test(n, reference_n, data):
    """The same p-value as scipy's, above the reference's share; 1 at or below it."""
    hits, known = data.draw(st.integers(0, n)), data.draw(st.integers(0, reference_n))
    found = rise_p_value(hits, n, known, reference_n)
    if hits * reference_n <= known * n:
        assert found == 1.0
    else:
        table = [[hits, n - hits], [known, reference_n - known]]
        assert found == pytest.approx(fisher_exact(table, alternative="greater").pvalue, rel=1e-6, abs=1e-12)


def test_rise_holds_for_millions_of_rows():
    """No overflow, and no long sum."""
    assert rise_p_value(60_000, 1_000_000, 50_000, 1_000_000) < 1e-100
    assert 0.01 < rise_p_value(50_200, 1_000_000, 50_000, 1_000_000) < 0.5
