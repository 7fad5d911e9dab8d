"""What a changed mix does to the mean loss by itself."""

from dataclasses import replace

import numpy as np
import pytest

from keepfit.evaluation.cell_losses import CellLosses, CellSums
from keepfit.evaluation.mix_change import mix_changes
from keepfit.stats.coarse import coarse_cells
from keepfit.stats.profile import CategoricalCells

CELLS = {
    "zone": CategoricalCells(values=("a", "b", "c")),
    "half": CategoricalCells(values=(1, 0)),
}
MEANS = np.array([3.0, 1.0, 2.0])
OLD = np.array([0.2, 0.5, 0.3])
NEW = np.array([0.5, 0.3, 0.2])


def _draw(rng, n, shares, means=MEANS):
    places = rng.choice(3, n, p=shares)
    losses, halves = means[places] + rng.normal(size=n), rng.integers(0, 2, n)
    return CellLosses(features={"zone": _sums("zone", places, losses), "half": _sums("half", halves, losses)})


def _sums(name, places, losses):
    empty = CellSums.empty(coarse_cells(CELLS[name]))
    held = [np.bincount(places, weights, empty.counts.size) for weights in (None, losses, losses**2)]
    return replace(empty, counts=held[0], totals=held[1], squares=held[2])


def test_the_mix_is_reweighting_at_the_losses_of_before():
    """Σ w l - Σ r l, from the rows; the feature whose mix did most comes first."""
    rng = np.random.default_rng(0)
    now, old = _draw(rng, 3000, NEW), _draw(rng, 4000, OLD)
    zone, half = mix_changes(now, old, clear=True)
    assert (zone.feature, half.feature) == ("zone", "half")
    new, past = now.features["zone"], old.features["zone"]
    means = past.totals[:3] / past.counts[:3]
    assert zone.change == pytest.approx((new.counts[:3] / 3000 * means).sum() - old.whole.mean)
    assert zone.share == pytest.approx(zone.change / (now.whole.mean - old.whole.mean))
    assert zone.sure
    assert zone.gained.startswith("zone 'a' is ")
    assert not half.sure
    assert half.change == pytest.approx(0, abs=0.05)


def test_of_losses_that_changed_the_mix_makes_nothing():
    """The same rows, twice as hard: no part of it comes from a mix."""
    rng = np.random.default_rng(1)
    for mix in mix_changes(_draw(rng, 3000, OLD, 2 * MEANS), _draw(rng, 4000, OLD), clear=True):
        assert mix.share == pytest.approx(0, abs=0.1)
        assert not mix.sure


def test_a_kind_of_rows_that_was_not_there_before_is_a_changed_mix():
    """Its losses of now count, for there are none of before."""
    rng = np.random.default_rng(2)
    old = _draw(rng, 4000, [0.5, 0.5, 0.0])
    now = _draw(rng, 3000, [0.4, 0.4, 0.2], means=np.array([3.0, 1.0, 9.0]))
    zone = next(one for one in mix_changes(now, old, clear=True) if one.feature == "zone")
    assert zone.share == pytest.approx(1, abs=0.1)
    assert zone.gained.startswith("zone 'c' is 2")


def test_when_no_change_is_clear_no_mix_is_sure():
    """However much the mix did by itself."""
    rng = np.random.default_rng(0)
    assert not any(one.sure for one in mix_changes(_draw(rng, 3000, NEW), _draw(rng, 4000, OLD), clear=False))


@pytest.mark.parametrize(
    "means", [MEANS, MEANS + np.array([1.0, 0.0, 0.5])], ids=["mix only", "mix and losses"]
)
def test_the_intervals_hold_as_often_as_they_say(means):
    """Both features' true shares lie in their intervals in 95 % of 500 pairs of samples, or a little more."""
    rng = np.random.default_rng(3)
    mix = float(((NEW - OLD) * MEANS).sum())
    truth = {"zone": mix / float((NEW * means - OLD * MEANS).sum()), "half": 0.0}
    held = 0
    for _ in range(500):
        found = mix_changes(_draw(rng, 500, NEW, means), _draw(rng, 700, OLD), clear=True)
        held += all(one.interval.low <= truth[one.feature] <= one.interval.high for one in found)
    assert 0.93 <= held / 500 <= 0.99
