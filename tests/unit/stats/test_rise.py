"""The test of a share that rose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from keepfit.stats.rise import rise_p_value


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
