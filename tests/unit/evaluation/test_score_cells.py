"""The cells of scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.evaluation.score_cells import HUNDREDTHS, ScoreCells
from keepfit.stats.numeric_cells import NumericCells

scores = st.lists(st.floats(0, 1), max_size=30).map(lambda one: np.array(one, np.float64))


@settings(max_examples=40, deadline=None)
@given(scores, scores)
def test_every_score_has_one_cell_in_ascending_order(reference, values):
    """Whatever the reference held: edges lie between 0 and 1, and each cell holds what lies between two of them."""
    cells = ScoreCells.of(reference)
    edges = np.array(cells.edges)
    assert (np.diff(edges) > 0).all()
    assert edges[0] > 0
    assert edges[-1] <= 1
    found = cells.cells_of(np.sort(values))
    assert (np.diff(found) >= 0).all()
    assert ((found >= 0) & (found < cells.size)).all()


def test_every_whole_hundredth_is_a_threshold():
    """As a person writes it; others are refused with what to write."""
    cells = ScoreCells.of(np.random.default_rng(1).random(1000))
    assert all(cells.is_edge(float(f"0.{number:02}")) for number in range(1, 100))
    assert cells.is_edge(0.29)
    cell = cells.from_threshold(0.29)
    assert cells.cells_of(np.array([0.29])) >= cell
    assert cells.cells_of(np.nextafter(np.array([0.29]), 0)) < cell
    with pytest.raises(ValueError, match=r"0\.295 were not counted: take a whole number of hundredths"):
        cells.from_threshold(0.295)


def test_a_score_that_many_rows_have_is_a_cell_of_its_own():
    """Told apart from its neighbours; so is the highest."""
    reference = np.concatenate([np.full(500, 0.123), np.random.default_rng(2).random(500), np.ones(100)])
    cells = ScoreCells.of(reference)
    near = np.array([np.nextafter(0.123, 0), 0.123, np.nextafter(0.123, 1), np.nextafter(1.0, 0), 1.0])
    found = cells.cells_of(near)
    assert len(set(found)) == 5
    assert cells.single[found].tolist() == [False, True, False, False, True]
    assert cells.single.shape == (cells.size,)


def test_a_tree_with_few_scores_is_counted_score_by_score():
    """Each has a cell to itself, also in a small reference."""
    few = np.array([0.0, 0.2, 0.7, 0.9])
    cells = ScoreCells.of(few)
    assert cells.single[cells.cells_of(few)].all()


def test_scores_near_an_end_are_told_apart():
    """Where a rare class hides: quantiles grow finer, and what the reference did not show has cells too."""
    rare = np.random.default_rng(3).beta(1, 200, 20_000)
    cells = ScoreCells.of(rare)
    top = np.sort(rare)[-100:]
    assert len(set(cells.cells_of(top))) > 20
    unseen = 1 - 10.0 ** -np.arange(1, 5)
    assert len(set(cells.cells_of(unseen))) == 4


def test_without_scores_there_are_still_thresholds():
    """Also when all that is known is NaN, or the cells of an older reference."""
    older = ScoreCells.from_numeric(NumericCells.of(np.array([0.111, 0.2, 7.0])))
    for cells in (ScoreCells.of(np.array([])), ScoreCells.of(np.array([np.nan])), older):
        assert set(HUNDREDTHS) <= set(cells.edges)
        assert max(cells.edges) <= 1
    assert older.is_edge(0.111)
