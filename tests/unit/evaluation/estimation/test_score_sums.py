"""Scores and chances by cell: they add up, and tell what the rows tell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.evaluation.estimation.score_sums import ScoreSums
from keepfit.evaluation.score_cells import ScoreCells

CELLS = ScoreCells.of(np.random.default_rng(1).uniform(size=500))
# Eighths: their sums are exact, so that laws hold to the last bit.
eighths = st.integers(0, 8).map(lambda n: n / 8)
sums = st.lists(st.tuples(eighths, eighths), max_size=8).map(
    lambda rows: ScoreSums.of(CELLS, np.array([s for s, _ in rows]), np.array([p for _, p in rows]))
)


@settings(max_examples=50)
@given(sums, sums, sums)
def test_they_are_a_commutative_monoid(a, b, c):
    """Of the cells of one estimator."""
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + ScoreSums.empty(CELLS) == a
    assert hash(a + b) == hash(b + a)


def test_the_sums_of_parts_are_those_of_the_whole():
    """Whoever summed which."""
    rng = np.random.default_rng(2)
    scores = rng.integers(0, 9, 300) / 8
    chances = scores**2
    whole = ScoreSums.of(CELLS, scores, chances)
    assert (
        ScoreSums.of(CELLS, scores[:100], chances[:100]) + ScoreSums.of(CELLS, scores[100:], chances[100:])
        == whole
    )
    assert whole.n == 300
    assert whole.scores.sum() == scores.sum()
    assert whole.variance.sum() == pytest.approx((chances * (1 - chances)).sum())


def test_other_cells_are_not_added():
    """They count something else."""
    other = ScoreSums.empty(ScoreCells.of(np.array([0.3])))
    with pytest.raises(ValueError, match="sums in different score cells cannot be added"):
        _ = ScoreSums.empty(CELLS) + other


@pytest.mark.parametrize("threshold", [0.01, 0.3, 0.5, 0.99])
def test_decisions_are_those_of_the_rows(threshold):
    """Exactly, at every whole hundredth."""
    rng = np.random.default_rng(3)
    scores, chances = rng.uniform(size=400).round(3), rng.uniform(size=400)
    found, yes = ScoreSums.of(CELLS, scores, chances).decided(threshold), scores >= threshold
    assert found == pytest.approx(
        (
            chances[yes].sum(),
            (1 - chances[yes]).sum(),
            chances[~yes].sum(),
            (1 - chances[~yes]).sum(),
        )
    )
    assert found.n == pytest.approx(400)


def test_the_groups_hold_every_row():
    """Expected positives and negatives of each cell."""
    rng = np.random.default_rng(4)
    scores = rng.uniform(size=200)
    groups = ScoreSums.of(CELLS, scores, scores).groups
    assert groups.positives.sum() == pytest.approx(scores.sum())
    assert (groups.positives + groups.negatives).sum() == pytest.approx(200)
    assert groups.single.shape == (CELLS.size,)
