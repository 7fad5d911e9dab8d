"""Benjamini and Hochberg's procedure."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from keepfit.stats.multiple_testing import benjamini_hochberg

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(p_values)
def test_rejections_are_those_of_the_adjusted_p_values(found):
    """Against scipy's adjustment, away from ties with the rate."""
    adjusted = false_discovery_control(found)
    for one, rejected in zip(adjusted, benjamini_hochberg(found, 0.05), strict=True):
        if abs(one - 0.05) > 1e-9:
            assert rejected == (one < 0.05)


@given(p_values, st.randoms())
def test_order_does_not_matter(found, random):
    """Each p-value has the same fate wherever it stands."""
    order = list(range(len(found)))
    random.shuffle(order)
    before = benjamini_hochberg(found, 0.1)
    assert benjamini_hochberg([found[i] for i in order], 0.1) == [before[i] for i in order]


def test_nothing_is_rejected_of_nothing():
    """No tests, no rejections; NaN is a test that rejects nothing."""
    assert benjamini_hochberg([], 0.05) == []
    assert benjamini_hochberg([float("nan"), 0.01], 0.05) == [False, True]


def test_true_hypotheses_are_seldom_rejected():
    """With six uniform p-values, a window has any rejection in at most the rate of the cases."""
    rng = np.random.default_rng(0)
    alarms = [any(benjamini_hochberg(row, 0.05)) for row in rng.random((2000, 6)).tolist()]
    assert np.mean(alarms) < 0.065
