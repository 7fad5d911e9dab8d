"""The search for the worst slices: it finds what was planted, and hardly ever what was not."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.evaluation.cell_losses import CellLosses
from keepfit.evaluation.loss_sums import LossSums
from keepfit.evaluation.worst_slices import worst_slices
from keepfit.stats.profile import CategoricalCells, NumericCells

ZONES = [f"zone {i}" for i in range(20)]


def _columns(rng, n):
    """Six columns that have nothing to do with each other."""
    return {
        "miles": pl.Series(rng.lognormal(size=n)),
        "speed": pl.Series(rng.normal(30, 5, size=n)),
        "passengers": pl.Series(rng.poisson(2, n).astype(float)),
        "hour": pl.Series(rng.integers(0, 24, n).astype(float)),
        "zone": pl.Series(np.array(ZONES)[rng.integers(0, 20, n)]),
        "paid": pl.Series(rng.random(n) < 0.7),
    }


def _cells():
    columns = _columns(np.random.default_rng(0), 5000)
    numbers = ("miles", "speed", "passengers", "hour")
    return {
        name: NumericCells.of(one.to_numpy()) if name in numbers else CategoricalCells.of(one)
        for name, one in columns.items()
    }


CELLS = _cells()
LOSSES = {
    "exponential": lambda rng, n: rng.exponential(2, n),
    "heavy-tailed": lambda rng, n: rng.lognormal(0, 1.5, n),
    "rare errors": lambda rng, n: (rng.random(n) < 0.05).astype(float),
    "frequent errors": lambda rng, n: (rng.random(n) < 0.9).astype(float),
}


@pytest.mark.parametrize("law", LOSSES)
def test_alike_everywhere_no_slice_is_named(law):
    """In at most 5 % of 300 windows of a model whose loss depends on nothing, skewed and 0/1 losses too."""
    rng = np.random.default_rng(21)
    named = 0
    for _ in range(300 if law == "exponential" else 75):
        found = CellLosses.of(CELLS, _columns(rng, 800), LOSSES[law](rng, 800))
        named += bool(worst_slices(found, LossSums(), by=0.0))
    assert named <= 0.05 * (300 if law == "exponential" else 75)


@pytest.mark.parametrize("planted", ["zone", "miles"])
def test_a_slice_of_a_twentieth_with_half_as_much_loss_again_is_found(planted):
    """One zone of 5 % of 10,000 rows, or the largest 5 % of a number, which are half of its last decile."""
    for seed in range(15):
        rng = np.random.default_rng(seed)
        columns, losses = _columns(rng, 10_000), rng.exponential(2, 10_000)
        if planted == "zone":
            rows = (columns["zone"] == "zone 7").to_numpy()
        else:
            rows = columns["miles"].to_numpy() > math.exp(1.645)
        found = worst_slices(CellLosses.of(CELLS, columns, np.where(rows, 1.5 * losses, losses)), LossSums())
        assert found[0].feature == planted
        assert found[0].label in {"zone 'zone 7'", "miles 3.65 or more"}


def _half_lines():
    """Losses of 8,000 rows that are twice as large where miles are under the second decile."""
    rng = np.random.default_rng(5)
    columns, losses = _columns(rng, 8000), rng.exponential(1, 8000)
    low = columns["miles"].to_numpy() < CELLS["miles"].edges[CELLS["miles"].coarse[3] - 1]
    return columns, np.where(low, 2 * losses, losses), low


def test_what_is_told_of_a_slice_is_so():
    """Rows, mean, mean of the rest and p, as counted from the rows; and a run of cells is one slice."""
    columns, losses, low = _half_lines()
    (found,) = worst_slices(CellLosses.of(CELLS, columns, losses), LossSums.of(losses - 0.5), metric="mae")
    assert (found.feature, found.first, found.last) == ("miles", 0, 2)
    assert (found.n, found.share) == (low.sum(), low.mean())
    assert found.mean == pytest.approx(losses[low].mean())
    assert found.rest == pytest.approx(losses[~low].mean())
    assert found.expected == pytest.approx(losses.mean() - 0.5)
    assert found.interval.low < found.mean < found.interval.high
    assert found.p < 1e-9
    assert found.says.startswith(f"mae is {found.mean:.2f} for {found.label} (")
    assert found.says.endswith(f"it was {found.expected:.3g} on all rows of the reference")


def test_the_loss_of_the_slice_where_the_version_was_validated_is_told():
    """From the cells of the expected losses; of a slice that had no rows there, the loss of all."""
    columns, losses, low = _half_lines()
    now, old = CellLosses.of(CELLS, columns, losses), CellLosses.of(CELLS, columns, losses / 2)
    (found,) = worst_slices(now, old)
    assert found.expected == pytest.approx(losses[low].mean() / 2)
    assert found.says.endswith("there in the reference")
    rest = CellLosses.of(
        CELLS, {name: one.filter(pl.Series(~low)) for name, one in columns.items()}, losses[~low]
    )
    assert worst_slices(now, rest)[0].expected == pytest.approx(losses[~low].mean())
    assert math.isnan(worst_slices(now, LossSums())[0].expected)


def test_rmse_is_told_as_a_root_and_kept_as_squares():
    """The record is in the unit of the sums, the sentence in that of the metric."""
    columns, losses, low = _half_lines()
    (found,) = worst_slices(CellLosses.of(CELLS, columns, losses**2), LossSums(), metric="rmse")
    assert found.mean == pytest.approx((losses[low] ** 2).mean())
    assert f"rmse is {math.sqrt(found.mean):.2f} for" in found.says


def test_slices_of_one_feature_share_no_cells_and_there_are_at_most_k():
    """A half-line that holds a worse one is not repeated; other features have slices of their own."""
    rng = np.random.default_rng(8)
    columns = _columns(rng, 20_000)
    steps = np.digitize(columns["speed"].to_numpy(), [25, 30, 35])
    late = (columns["hour"].to_numpy() >= 19) + (columns["zone"] == "zone 3").to_numpy()
    losses = rng.exponential(1, 20_000) * (1 + steps**2 + 3 * late)
    found = worst_slices(CellLosses.of(CELLS, columns, losses), LossSums(), k=4)
    assert {one.feature for one in found} == {"speed", "hour", "zone"}
    for one in found:
        others = [other for other in found if other.feature == one.feature and other is not one]
        assert all(one.first > other.last or other.first > one.last for other in others)
    assert len(worst_slices(CellLosses.of(CELLS, columns, losses), LossSums(), k=1)) == 1


def test_a_slice_must_hold_enough_rows_and_be_worse_by_enough():
    """Thirty rows are no slice of fifty, and a difference of 5 % is none of 10 %, however sure."""
    rng = np.random.default_rng(2)
    zones = pl.Series(["rare"] * 30 + ["other"] * 4000)
    cells = {"zone": CategoricalCells.of(zones)}
    losses = np.append(rng.exponential(20, 30), rng.exponential(1, 4000))
    assert not worst_slices(CellLosses.of(cells, {"zone": zones}, losses), LossSums())
    assert worst_slices(CellLosses.of(cells, {"zone": zones}, losses), LossSums(), min_rows=30)
    halves = pl.Series(["a", "b"] * 2000)
    steady = 1 + 0.05 * (np.arange(4000) % 2) + rng.normal(0, 0.01, 4000)
    small = CellLosses.of({"half": CategoricalCells.of(halves)}, {"half": halves}, steady)
    assert not worst_slices(small, LossSums())
    assert worst_slices(small, LossSums(), by=0.04)[0].label == "half 'b'"


def test_losses_without_scatter_are_told_apart():
    """Exactly 1 here and exactly 2 there: p is 0, and nothing is divided by it."""
    halves = pl.Series(["a", "b"] * 100)
    found = CellLosses.of({"half": CategoricalCells.of(halves)}, {"half": halves}, np.tile([1.0, 2.0], 100))
    (one,) = worst_slices(found, LossSums())
    assert (one.label, one.p) == ("half 'b'", 0.0)


@pytest.mark.parametrize("n", [0, 1, 40])
def test_too_few_rows_name_nothing(n):
    """Nor do no features, and losses that are not finite."""
    rng = np.random.default_rng(1)
    assert worst_slices(CellLosses.of(CELLS, _columns(rng, n), np.arange(float(n))), LossSums()) == ()
    assert worst_slices(CellLosses(), LossSums()) == ()
    infinite = CellLosses.of(CELLS, _columns(rng, 500), np.append(np.ones(499), np.inf))
    assert worst_slices(infinite, LossSums()) == ()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([2.0, 16.0, 0.25]))
def test_the_unit_of_the_loss_does_not_matter(seed, unit):
    """Minutes or seconds: the same slices, with the same p."""
    rng = np.random.default_rng(seed)
    columns, losses = _columns(rng, 1500), rng.exponential(1, 1500)
    losses *= 1 + (columns["hour"].to_numpy() < 6)
    one, other = (worst_slices(CellLosses.of(CELLS, columns, x), LossSums()) for x in (losses, unit * losses))
    assert [found.label for found in one] == [found.label for found in other]
    assert [found.p for found in one] == pytest.approx([found.p for found in other])
