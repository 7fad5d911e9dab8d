"""Two versions on the same rows, against the paired t-test."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from keepfit.evaluation.comparison import Comparison
from keepfit.evaluation.evidence import LossSums

quarters = st.integers(0, 400).map(lambda n: n / 4)
pairs = st.lists(st.tuples(quarters, quarters), max_size=6).map(
    lambda rows: Comparison.of(np.array([c for c, _ in rows]), np.array([i for _, i in rows]))
)


@st.composite
def comparisons(draw):
    """With some slices, as a trial has them."""
    slices = draw(st.dictionaries(st.sampled_from(["zone=a", "zone=b", "zone=c"]), pairs))
    whole = draw(pairs)
    return Comparison(
        challenger=whole.challenger,
        incumbent=whole.incumbent,
        difference=whole.difference,
        slices={key: (one.challenger, one.incumbent, one.difference) for key, one in slices.items()},
    )


@settings(max_examples=30)
@given(comparisons(), comparisons(), comparisons())
def test_comparisons_are_a_commutative_monoid(a, b, c):
    """Whole and by slice: a stage's evidence is the sum of its windows."""
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + Comparison() == a


def drawn(n=4000, seed=1, worse=1.02):
    """Losses of two versions: hard rows are hard for both."""
    rng = np.random.default_rng(seed)
    hard = rng.exponential(2.0, n)
    return hard * worse * rng.lognormal(0, 0.2, n), hard * rng.lognormal(0, 0.2, n)


@pytest.mark.parametrize("by", [0.0, 0.01, 0.05, 0.15])
@pytest.mark.parametrize("seed", range(4))
def test_confidence_is_that_of_the_paired_t_test(by, seed):
    """For many rows: `worse` against (1 + by) times the incumbent's losses, `better` against (1 - by) times."""
    challenger, incumbent = drawn(seed=seed)
    pair = Comparison.of(challenger, incumbent)
    worse = stats.ttest_rel(challenger, (1 + by) * incumbent, alternative="greater").pvalue
    better = stats.ttest_rel(challenger, (1 - by) * incumbent, alternative="less").pvalue
    assert pair.confidence_worse(by) == pytest.approx(1 - worse, abs=1e-3)
    assert pair.confidence_better(by) == pytest.approx(1 - better, abs=1e-3)


def test_at_the_border_it_is_sure_as_often_as_chance_allows():
    """A challenger that is worse by exactly ten per cent, by a constant on top: 95 % sure in about one window of twenty."""
    rng = np.random.default_rng(8)
    sure = []
    for _ in range(1500):
        incumbent = rng.exponential(2.0, 300)
        challenger = incumbent + 0.2 + rng.normal(0, 0.01, 300)
        sure.append(Comparison.of(challenger, incumbent).confidence_worse(0.1) >= 0.95)
    assert np.mean(sure) == pytest.approx(0.05, abs=0.03)


def test_pairing_tells_apart_what_separate_means_cannot():
    """Two per cent on 4,000 rows: certain in pairs, nothing to be seen in two intervals."""
    _, incumbent = drawn(seed=2)
    pair = Comparison.of(incumbent * 1.02, incumbent)
    assert pair.confidence_worse() > 0.999
    assert pair.challenger.interval().low < pair.incumbent.interval().high
    assert pair.relative == pytest.approx(0.02)


def test_better_and_worse_mirror_each_other():
    """Without a margin the two confidences are one question."""
    pair = Comparison.of(*drawn())
    assert pair.confidence_better() + pair.confidence_worse() == pytest.approx(1.0)
    assert pair.n == 4000


def test_a_larger_margin_is_harder_to_pass():
    """In both directions."""
    pair = Comparison.of(*drawn(n=200))
    margins = [0.0, 0.02, 0.05, 0.2]
    for confidences in (
        [pair.confidence_better(by) for by in margins],
        [pair.confidence_worse(by) for by in margins],
    ):
        assert confidences == sorted(confidences, reverse=True)


@pytest.mark.parametrize("n", [0, 1])
def test_of_too_few_rows_nothing_can_be_told(n):
    """One half: neither better nor worse."""
    pair = Comparison.of(np.ones(n), np.full(n, 2.0))
    assert (pair.confidence_better(0.1), pair.confidence_worse(0.1)) == (0.5, 0.5)


def test_losses_that_are_not_numbers_tell_nothing():
    """NaN makes nobody sure of anything."""
    pair = Comparison.of(np.array([np.nan, 1.0, 2.0]), np.ones(3))
    assert (pair.confidence_better(), pair.confidence_worse()) == (0.5, 0.5)


def test_the_same_losses_are_neither_better_nor_worse():
    """Without any noise: certain of no difference."""
    same = np.array([1.0, 2.0, 3.0])
    pair = Comparison.of(same, same)
    assert (pair.confidence_better(), pair.confidence_worse()) == (0.0, 0.0)
    assert pair.relative == 0.0


def test_against_a_perfect_incumbent_there_is_no_share():
    """The difference is there; how many per cent of nothing it is, is not."""
    pair = Comparison.of(np.array([1.0, 1.0]), np.zeros(2))
    assert np.isnan(pair.relative)
    assert pair.difference == LossSums(2, 2.0, 2.0)
    assert pair.confidence_worse(0.05) == 1.0
