"""What is expected and what came of it, as sums that add up and can be stored."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.adapters.codec import pack, unpack
from keepfit.evaluation.estimation.score_sums import ScoreSums
from keepfit.evaluation.estimation.sums import EstimateSums, ExpectedLoss, MaturedSums, total_matured
from keepfit.evaluation.loss_sums import LossSums
from keepfit.evaluation.score_cells import ScoreCells

CELLS = ScoreCells.of(np.array([0.25, 0.75]))
# Quarters of small whole numbers: their sums are exact.
quarters = st.lists(st.integers(0, 40).map(lambda n: n / 4), max_size=5).map(np.array)
chances = st.lists(st.integers(0, 4).map(lambda n: n / 4), max_size=5).map(np.array)
expected = st.tuples(quarters, st.integers(0, 8)).map(
    lambda pair: ExpectedLoss.of(pair[0], pair[0] * pair[1])
)


@st.composite
def estimates(draw):
    """Of a regression, of a classification, or of nothing."""
    losses = draw(st.dictionaries(st.sampled_from(["mae", "log_loss"]), expected))
    found = draw(chances)
    scores = {"1": ScoreSums.of(CELLS, found, found)} if draw(st.booleans()) else {}
    confusion = np.diag(draw(st.lists(st.integers(0, 9).map(float), min_size=2, max_size=2)))
    return EstimateSums(
        losses=losses, scores=scores, confusion=confusion if draw(st.booleans()) else np.zeros((0, 0))
    )


@st.composite
def matured(draw):
    """With positives, or without."""
    found = draw(chances)
    positives = {"1": np.bincount(CELLS.cells_of(found), minlength=CELLS.size).astype(np.int64)}
    return MaturedSums(
        expected=draw(estimates()),
        realised=LossSums.of(draw(quarters)),
        difference=LossSums.of(draw(quarters)),
        positives=positives if draw(st.booleans()) else {},
    )


@settings(max_examples=50)
@given(expected, expected, expected)
def test_expected_losses_are_a_commutative_monoid(a, b, c):
    """Servers and windows in any order."""
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + ExpectedLoss() == a


@settings(max_examples=25)
@given(estimates(), estimates(), estimates())
def test_estimates_are_a_commutative_monoid(a, b, c):
    """Losses, scores and confusion, whichever of them there are."""
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + EstimateSums() == a == EstimateSums() + a
    assert hash(a + b) == hash(b + a)


@settings(max_examples=25)
@given(matured(), matured(), matured())
def test_matured_sums_are_a_commutative_monoid(a, b, c):
    """So that late labels restate their window by addition."""
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + MaturedSums() == a
    assert total_matured([a, b, c]) == a + b + c
    assert hash(a + b) == hash(b + a)


@settings(max_examples=30)
@given(matured())
def test_they_are_stored_and_come_back(sums):
    """Byte by byte, by the project's own codec."""
    assert unpack(pack(sums), MaturedSums) == sums
    assert unpack(pack(sums.expected), EstimateSums) == sums.expected


def test_an_estimates_error_is_that_of_as_many_labels():
    """Losses drawn from what is expected: the standard error of their mean is the one that was foretold."""
    rng = np.random.default_rng(1)
    means = rng.uniform(1, 3, 5000)
    foretold = ExpectedLoss.of(means, np.full(5000, 0.25))
    realised = LossSums.of(means + rng.normal(0, 0.5, 5000))
    assert foretold.as_losses.standard_error == pytest.approx(realised.standard_error, rel=0.05)
    assert foretold.mean == pytest.approx(realised.mean, abs=0.03)


def test_the_scatter_is_that_of_the_same_rows():
    """Their expectations are known: only what each row does by itself is not."""
    rng = np.random.default_rng(2)
    means = rng.uniform(1, 3, 400)
    foretold = ExpectedLoss.of(means, np.full(400, 0.25))
    drawn = [(means + rng.normal(0, 0.5, 400)).mean() for _ in range(2000)]
    assert foretold.scatter == pytest.approx(np.std(drawn), rel=0.06)


def test_of_no_rows_nothing_is_known():
    """No mean, and every scatter possible."""
    assert math.isnan(ExpectedLoss().mean)
    assert ExpectedLoss().scatter == math.inf
    assert EstimateSums().n == MaturedSums().n == 0
