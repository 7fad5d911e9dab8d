"""The profile of a number: counts, sums, moments, names, and their addition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.numeric_profile import BLOCK, NumericProfile

CELLS = NumericCells.of(np.random.default_rng(0).normal(10, 3, size=2000).round(1))


def _arrays(elements):
    return st.lists(elements, max_size=40).map(lambda x: np.array(x, np.float64))


values = _arrays(
    st.one_of(
        st.integers(-500, 500).map(lambda x: x / 10),
        st.sampled_from([np.nan, np.inf, -np.inf, 1e200, -999.0, 10.0]),
    )
)
few_values = _arrays(st.sampled_from([0.25, 8.0, 10.0, 99.0, -999.0, np.nan]))


def _close(a, b):
    assert a.counts.tolist() == b.counts.tolist()
    np.testing.assert_allclose(a.sums, b.sums, rtol=1e-9, atol=1e-9)
    assert (a.nulls, a.summed, a.minimum, a.maximum) == (b.nulls, b.summed, b.minimum, b.maximum)
    np.testing.assert_allclose((a.m1, a.m2), (b.m1, b.m2), rtol=1e-9, atol=1e-6)


@settings(max_examples=40)
@given(values)
def test_counts_and_sums_are_those_of_a_plain_loop(x):
    """Every cell holds the values that lie between its edges, and their sum without what is not finite."""
    profile = NumericProfile.of(CELLS, x)
    counts, sums = np.zeros(CELLS.size, int), np.zeros(CELLS.size)
    for one in x[~np.isnan(x)]:
        counts[CELLS.cell_of(one)] += 1
        sums[CELLS.cell_of(one)] += one if abs(one) <= 1e150 else 0.0
    assert profile.counts.tolist() == counts.tolist()
    np.testing.assert_allclose(profile.sums, sums, atol=1e-9)
    assert profile.nulls == np.isnan(x).sum()
    assert profile.rows == x.size


@settings(max_examples=40)
@given(values, st.randoms())
def test_order_does_not_matter(x, random):
    """A permutation has the same profile."""
    shuffled = x.tolist()
    random.shuffle(shuffled)
    assert NumericProfile.of(CELLS, np.array(shuffled, float)) == NumericProfile.of(CELLS, x)


@settings(max_examples=40)
@given(values, values)
def test_the_profile_of_a_whole_is_the_sum_of_its_parts(x, y):
    """Profiling two halves and adding is profiling both at once."""
    _close(
        NumericProfile.of(CELLS, np.concatenate([x, y])),
        NumericProfile.of(CELLS, x) + NumericProfile.of(CELLS, y),
    )


@settings(max_examples=40)
@given(values, values, values)
def test_addition_is_associative_and_commutative(x, y, z):
    """Neither grouping nor order changes the sum."""
    a, b, c = (NumericProfile.of(CELLS, one) for one in (x, y, z))
    _close((a + b) + c, a + (b + c))
    assert a + b == b + a


@settings(max_examples=40)
@given(few_values, few_values, few_values)
def test_names_add_up_exactly_while_they_are_few(x, y, z):
    """With no more than eight values that are no atoms, the counts of the names do not depend on the grouping."""
    a, b, c = (NumericProfile.of(CELLS, np.repeat(one, 2)) for one in (x, y, z))
    whole = NumericProfile.of(CELLS, np.repeat(np.concatenate([x, y, z]), 2))
    assert ((a + b) + c).named == (a + (b + c)).named == whole.named


@settings(max_examples=40)
@given(values)
def test_the_empty_profile_is_the_identity(x):
    """Adding it changes nothing."""
    profile = NumericProfile.of(CELLS, x)
    assert profile + NumericProfile.empty(CELLS) == profile
    assert hash(profile) == hash(NumericProfile.of(CELLS, x))


def test_profiles_in_different_cells_do_not_add_up():
    """That is an error, not a wrong number."""
    other = NumericCells.of(np.arange(5.0))
    with pytest.raises(ValueError, match="different cells"):
        NumericProfile.empty(CELLS) + NumericProfile.empty(other)


def test_blocks_are_seamless():
    """More values than one block holds are counted like few."""
    rng = np.random.default_rng(1)
    x = rng.normal(10, 3, size=2 * BLOCK + 77).round(1)
    x[::1000] = np.nan
    x[1::1000] = -999.0
    profile = NumericProfile.of(CELLS, x)
    present = x[~np.isnan(x)]
    assert profile.n == present.size
    assert profile.mean == pytest.approx(present.mean())
    spread = profile.m2 / profile.n - (profile.m1 / profile.n) ** 2
    assert spread == pytest.approx(present.var())
    assert profile.minimum == -999.0
    np.testing.assert_allclose(profile.sums.sum(), present.sum())


def test_a_sentinel_is_named_with_its_count():
    """A value out of range, and one within it that was no atom, are both known by name; atoms are not."""
    x = np.concatenate(
        [np.full(30, -999.0), np.full(20, 10.123), np.full(50, CELLS.atoms[0]), np.arange(5.0)]
    )
    assert NumericProfile.of(CELLS, x).named == ((-999.0, 30), (10.123, 20))


def test_a_common_value_is_named_in_a_large_block():
    """Among 65,536 different values, one that takes a hundredth of them is found and counted exactly."""
    x = np.random.default_rng(2).normal(10, 3, size=BLOCK)
    x[:655] = 7.5555
    assert NumericProfile.of(CELLS, x).named == ((7.5555, 655),)


def test_infinities_count_and_are_not_summed():
    """They lie in the outermost cells and have names; sums, extremes and moments are of the rest."""
    profile = NumericProfile.of(CELLS, np.array([np.inf, np.inf, -np.inf, -np.inf, 10.0]))
    assert (profile.counts[0], profile.counts[-1]) == (2, 2)
    assert (profile.minimum, profile.maximum, profile.summed, profile.mean) == (10.0, 10.0, 1, 10.0)
    assert profile.named == ((-np.inf, 2), (np.inf, 2))


def test_quantiles_are_within_a_cell():
    """Read off the cells, the quantiles of a new sample are close to the exact ones, and atoms are exact."""
    x = np.random.default_rng(3).normal(10, 3, size=5000).round(1)
    profile = NumericProfile.of(CELLS, x)
    for probability in (0.1, 0.5, 0.9):
        assert profile.quantile(probability) == pytest.approx(np.quantile(x, probability), abs=0.15)
    assert NumericProfile.of(CELLS, np.full(9, CELLS.atoms[0])).quantile(0.3) == CELLS.atoms[0]
    assert np.isnan(NumericProfile.empty(CELLS).quantile(0.5))


@settings(max_examples=40)
@given(values)
def test_coarse_counts_hold_every_row(x):
    """Nothing is lost between fine and coarse cells, nulls included."""
    profile = NumericProfile.of(CELLS, x)
    assert profile.coarse().sum() == profile.rows
    assert profile.coarse()[-1] == profile.nulls


def test_what_could_not_be_read_adds_up():
    """Beside the nulls that it is part of."""
    day = NumericProfile.of(CELLS, np.array([1.0]), nulls=3, unreadable=2)
    week = day + day + NumericProfile.empty(CELLS)
    assert (week.nulls, week.unreadable, week.rows) == (6, 4, 8)
    assert day != NumericProfile.of(CELLS, np.array([1.0]), nulls=3)


def test_an_outlier_in_the_reference_leaves_the_quantiles_alone():
    """The cell that reaches out to the outlier holds nothing else."""
    values = np.random.default_rng(4).normal(size=5000)
    dirty = NumericCells.of(np.append(values, 1e6))
    profile = NumericProfile.of(dirty, np.append(values, 1e6))
    for probability in (0.001, 0.5, 0.999):
        assert profile.quantile(probability) == pytest.approx(np.quantile(values, probability), abs=0.5)


def test_several_quantiles_are_those_by_themselves():
    """In any order; NaN without values."""
    profile = NumericProfile.of(CELLS, np.random.default_rng(1).normal(9, 4, 500))
    wanted = [0.995, 0.25, 0.5]
    assert profile.quantiles(wanted) == [profile.quantile(one) for one in wanted]
    assert np.isnan(NumericProfile.empty(CELLS).quantiles(wanted)).all()
