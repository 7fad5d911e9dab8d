"""What the reference's own blocks do to each other."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from keepfit.clock import Window
from keepfit.monitoring.norm_column import NormColumn
from keepfit.monitoring.phase import phases
from keepfit.monitoring.variation import gaps, largest_novelty, largest_share, moved, norm_of
from keepfit.stats.profile import NumericCells, NumericProfile

START = datetime(2024, 6, 3, tzinfo=UTC)
DAY = timedelta(days=1)
SHARES = np.array([0.4, 0.3, 0.2, 0.1])


def _windows(days):
    return [Window(START + i * DAY, START + (i + 1) * DAY) for i in range(days)]


def _column(days):
    """A column whose blocks are given as values of each day."""
    cells = NumericCells.of(np.concatenate(days))
    profiles = [NumericProfile.of(cells, day) for day in days]
    blocks = list(zip(_windows(len(days)), profiles, strict=True))
    return NormColumn.of("x", NumericProfile.merge(profiles), blocks)


def _days(rng, days, shift):
    return [rng.normal(shift(i), 1.0, 400) for i in range(days)]


@pytest.mark.parametrize("spread", [gaps, moved])
def test_alike_blocks_hardly_ever_have_variation(spread):
    """Thirty small blocks from one distribution differ by their noise only, and that is no variation."""
    rng = np.random.default_rng(0)
    found = [spread(rng.multinomial(300, SHARES, size=30), [np.arange(30)]) for _ in range(100)]
    assert np.mean([max(one[:2]) > 0 for one in found]) < 0.2
    assert np.mean([one[1] for one in found]) < 0.003


@pytest.mark.parametrize("spread", [gaps, moved])
def test_days_that_differ_have_variation_of_their_size(spread):
    """Five points to and fro: the spread that was put in comes out, though each block has its own noise."""
    rng = np.random.default_rng(1)
    put = rng.normal(0, 0.05, 60)
    chances = np.array([[0.5 + x, 0.5 - x] for x in put])
    blocks = np.array([rng.multinomial(800, one) for one in chances])
    _, deviation, ratio = spread(blocks, [np.arange(60)])
    assert deviation == pytest.approx(np.abs(put).std() if spread is moved else put.std(), rel=0.45)
    assert ratio == pytest.approx(1 + 0.05**2 / (0.25 / 800), rel=0.4)


def test_a_weekday_is_as_far_from_the_rest_as_it_gets():
    """Blocks that each hold one value of seven: a window of one day is no further away."""
    column = _column([np.full(100, float(i % 7)) for i in range(28)])
    norm = norm_of(column, at=None, level=0.001)
    assert norm.natural >= 0.5


def test_windows_are_held_against_their_own_weekday_where_weekdays_differ():
    """Sundays lie a whole deviation off; among themselves they are alike, so that a shift of half of one shows."""
    column = _column(_days(np.random.default_rng(2), 42, lambda i: 1.0 if i % 7 == 6 else 0.0))
    sunday = _windows(49)[48]
    norm = norm_of(column, at=sunday, level=0.001)
    assert norm.phase is phases(DAY)[0]
    assert norm.counts.sum() == 6 * 400
    assert norm.natural < 0.15 < norm_of(column, at=None, level=0.001).natural


def test_weekdays_that_are_alike_share_one_norm():
    """All of the reference tells more than a seventh of it."""
    column = _column(_days(np.random.default_rng(3), 28, lambda _: 0.0))
    norm = norm_of(column, at=_windows(30)[29], level=0.001)
    assert norm.phase is None
    assert norm.counts.sum() == 28 * 400


def test_rows_of_days_that_differ_count_for_fewer():
    """Five points to and fro triple the variance of 200 rows a day: and of 800 rows more than that."""
    rng = np.random.default_rng(5)
    days = [rng.normal(rng.normal(0, 0.1), 1.0, 200) for _ in range(60)]
    norm = norm_of(_column(days), at=None, level=0.001)
    assert 1.5 < norm.design(200) < 4
    assert norm.design(800) - 1 == pytest.approx(4 * (norm.design(200) - 1), rel=0.1)


def test_rows_of_days_that_are_alike_count_for_themselves():
    """On the average over many references the design effect is near one."""
    rng = np.random.default_rng(6)
    found = [
        norm_of(_column(_days(rng, 28, lambda _: 0.0)), at=None, level=0.001).design(400) for _ in range(30)
    ]
    assert np.mean(found) < 1.1


def test_few_blocks_tell_nothing_of_variation():
    """Two days, or one: natural variation is not known, and is not made up."""
    norm = norm_of(_column(_days(np.random.default_rng(4), 2, float)), at=None, level=0.001)
    assert (norm.natural, norm.blocks) == (0.0, 2)


def test_small_and_lonely_blocks_say_nothing():
    """Fewer than fifty rows, or no other block to compare with."""
    assert largest_share(np.array([49]), np.array([49])) == 0.0
    assert largest_novelty(np.zeros((0, 3), np.int64), np.zeros(0, np.int64)) == 0.0
    assert largest_novelty(np.array([[100, 0]]), np.array([100])) == 0.0


def test_novelty_is_what_one_block_alone_brought():
    """A value that two blocks share is no novelty."""
    rows = np.array([100, 100, 100])
    assert largest_novelty(np.array([[70, 30], [100, 0], [100, 0]]), rows) == 0.3
    assert largest_novelty(np.array([[70, 30], [70, 30], [100, 0]]), rows) == 0.0
