"""What the reference's own blocks do to each other."""

import numpy as np
import pytest

from keepfit.monitoring.variation import expected_psi, largest_novelty, largest_psi, largest_share
from keepfit.stats.distances import psi

SHARES = np.array([0.4, 0.3, 0.2, 0.1])


def test_alike_blocks_have_no_variation_beyond_their_noise():
    """The largest index of thirty blocks from one distribution is near nothing once their noise is taken off."""
    blocks = np.random.default_rng(0).multinomial(300, SHARES, size=30)
    assert largest_psi(blocks) < 0.04


def test_a_weekday_is_as_far_from_the_rest_as_it_gets():
    """Blocks that each hold one value: the index that a one-day window has too, or more."""
    blocks = np.eye(7, dtype=np.int64)[np.arange(28) % 7] * 300
    monday = blocks[0]
    assert largest_psi(blocks) >= float(psi(blocks.sum(axis=0), monday))


def test_small_and_lonely_blocks_say_nothing():
    """Fewer than fifty rows, or no other block to compare with."""
    assert largest_psi(np.array([[49, 0], [0, 49]])) == 0.0
    assert largest_psi(np.array([[100, 0]])) == 0.0
    assert largest_share(np.array([49]), np.array([49])) == 0.0
    assert largest_novelty(np.zeros((0, 3), np.int64), np.zeros(0, np.int64)) == 0.0


def test_novelty_is_what_one_block_alone_brought():
    """A value that two blocks share is no novelty."""
    rows = np.array([100, 100, 100])
    assert largest_novelty(np.array([[70, 30], [100, 0], [100, 0]]), rows) == 0.3
    assert largest_novelty(np.array([[70, 30], [70, 30], [100, 0]]), rows) == 0.0


@pytest.mark.parametrize(("n", "m"), [(300, 9000), (1000, 1000)])
def test_expected_psi_is_the_mean_of_the_index_under_noise(n, m):
    """Against simulation, within five per cent."""
    rng = np.random.default_rng(1)
    found = psi(rng.multinomial(m, SHARES, size=4000), rng.multinomial(n, SHARES, size=4000)).mean()
    assert expected_psi(SHARES * 10_000, np.array(n), np.array(m)) == pytest.approx(found, rel=0.05)
