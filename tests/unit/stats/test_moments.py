"""How numbers go together: sums that add up, clipped so that no outlier counts for much."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.stats.moments import CLIP, MOST_COLUMNS, MOST_ROWS, Moments, paired_rows, standard
from keepfit.stats.numeric_cells import NumericCells

RNG = np.random.default_rng(0)
REFERENCE = {"x": RNG.normal(10, 3, 2000), "y": RNG.normal(size=2000), "z": RNG.normal(0, 1e3, 2000)}
CELLS = {name: NumericCells.of(values) for name, values in REFERENCE.items()}


def _correlated(n, r, seed=0):
    rng = np.random.default_rng(seed)
    x, noise = rng.normal(size=(2, n))
    return {"x": 10 + 3 * x, "y": r * x + np.sqrt(1 - r * r) * noise, "z": 1e3 * rng.normal(size=n)}


@st.composite
def tables(draw):
    """Few rows of three columns, with nulls, infinities and extremes."""
    n = draw(st.integers(0, 12))
    one = st.sampled_from([np.nan, np.inf, -np.inf, 1e200, 0.0, 7.0, 10.0, 11.5, -3.0])
    return {name: np.array(draw(st.lists(one, min_size=n, max_size=n)), np.float64) for name in CELLS}


def _close(a, b):
    assert a.pairs.tolist() == b.pairs.tolist()
    for one, other in zip(a.arrays[1:], b.arrays[1:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


@settings(max_examples=40)
@given(tables())
def test_pairs_are_those_of_the_rows_that_have_both(table):
    """Counts, sums and correlations are those of the clipped values, pair by pair, without the rows with a gap."""
    found = Moments.of(CELLS, table)
    z = np.stack([np.clip((table[name] - one.centre) / one.scale, -2.5, 2.5) for name, one in CELLS.items()])
    for i in range(3):
        for j in range(3):
            both = ~np.isnan(z[i]) & ~np.isnan(z[j])
            assert found.pairs_n()[i, j] == both.sum()
            np.testing.assert_allclose(found.sums[i, j], z[i][both].sum(), atol=1e-9)
            np.testing.assert_allclose(found.squares[i, j], (z[i][both] ** 2).sum(), atol=1e-9)
            np.testing.assert_allclose(found.products[i, j], (z[i] * z[j])[both].sum(), atol=1e-9)
            r = found.correlations()[i, j]
            varies = both.sum() > 1 and min(np.ptp(z[i][both]), np.ptp(z[j][both])) > 1e-6
            assert (
                np.isnan(r) if not varies else r == pytest.approx(np.corrcoef(z[i][both], z[j][both])[0, 1])
            )


@settings(max_examples=40)
@given(tables(), tables(), tables())
def test_addition_is_associative_commutative_and_has_an_identity(x, y, z):
    """However parts are grouped, their sum is that of all rows."""
    a, b, c = (Moments.of(CELLS, one) for one in (x, y, z))
    whole = {name: np.concatenate([one[name] for one in (x, y, z)]) for name in CELLS}
    assert a + b == b + a
    assert a + Moments.empty(CELLS) == a
    assert hash(a + Moments.empty(CELLS)) == hash(a)
    _close((a + b) + c, a + (b + c))
    _close((a + b) + c, Moments.of(CELLS, whole))


@settings(max_examples=20)
@given(tables(), st.randoms())
def test_order_does_not_matter(table, random):
    """A permutation of the rows has the same moments."""
    order = list(range(table["x"].size))
    random.shuffle(order)
    _close(Moments.of(CELLS, table), Moments.of(CELLS, {name: one[order] for name, one in table.items()}))


@pytest.mark.parametrize("share", [0.03, 0.7])
def test_many_rows_with_gaps(share):
    """Few gaps and many give what a plain computation gives."""
    table = _correlated(MOST_ROWS, 0.5)
    table["y"][np.random.default_rng(1).random(MOST_ROWS) < share] = np.nan
    there = ~np.isnan(table["y"])
    found = Moments.of(CELLS, table)
    assert found.pairs_n()[0].tolist() == [MOST_ROWS, there.sum(), MOST_ROWS]
    exact = np.corrcoef(table["x"][there], table["y"][there])[0, 1]
    assert found.correlations()[0, 1] == pytest.approx(exact, abs=1e-3)


def test_the_correlation_of_normal_variables_is_kept():
    """Clipping takes less than a thousandth of a correlation of one half."""
    table = _correlated(100_000, 0.5)
    parts = np.array_split(np.arange(100_000), 20)
    found = Moments.merge(
        [Moments.of(CELLS, {name: one[part] for name, one in table.items()}) for part in parts]
    ).correlations()
    assert found[0, 1] == pytest.approx(np.corrcoef(table["x"], table["y"])[0, 1], abs=1e-3)
    assert found[0, 1] == pytest.approx(0.5, abs=0.02)
    assert abs(found[0, 2]) < 0.02


@pytest.mark.parametrize("outlier", [1e6, -1e6, np.inf, 1e300])
def test_one_outlier_does_nothing(outlier):
    """Neither in the window nor in the reference."""
    table = _correlated(2000, 0.5)
    clean = Moments.of(CELLS, table).correlations()[0, 1]
    dirty = {name: values.copy() for name, values in table.items()}
    dirty["x"][0] = outlier
    assert Moments.of(CELLS, dirty).correlations()[0, 1] == pytest.approx(clean, abs=0.01)
    cells = {name: NumericCells.of(np.append(values, outlier)) for name, values in REFERENCE.items()}
    assert Moments.of(cells, table).correlations()[0, 1] == pytest.approx(clean, abs=0.01)


def test_a_column_that_does_not_vary_has_no_correlation():
    """NaN, and no warning; likewise one that is null throughout."""
    table = {"x": np.full(9, 10.1), "y": np.full(9, np.nan), "z": np.arange(9) * 1e5}
    found = Moments.of(CELLS, table).correlations()
    assert np.isnan(found[:2]).all()
    assert found[2, 2] == 1.0


def test_integers_and_cells_without_a_scale():
    """Integers are numbers; the cells of an earlier version have no spread, and take 1 for it."""
    cells = {
        name: NumericCells(edges=(), low=None, high=None, atoms=(), coarse=(0,), centre=2.0) for name in "ab"
    }
    found = Moments.of(cells, {"a": np.arange(5), "b": np.arange(5, dtype=np.uint8)})
    assert found.scales == (1.0, 1.0)
    assert found.correlations()[0, 1] == 1.0


def test_the_first_64_columns_are_paired():
    """The others are left out, for the work grows with the square."""
    cells = {f"c{i}": CELLS["x"] for i in range(MOST_COLUMNS + 5)}
    assert Moments.empty(cells).names == tuple(cells)[:MOST_COLUMNS]


def test_moments_that_differ_do_not_add_up():
    """Of other columns, or clipped elsewhere: an error, no wrong number."""
    other = CELLS | {"x": CELLS["y"]}
    with pytest.raises(ValueError, match="clipped at different values"):
        Moments.empty(CELLS) + Moments.empty(other)


def test_of_many_rows_some_are_paired():
    """Drawn at random, always the same ones; what they say is told with how many they are."""
    table = _correlated(100_000, 0.5)
    found = Moments.of(CELLS, table)
    assert (found.pairs_n() == MOST_ROWS).all()
    assert found.correlations()[0, 1] == pytest.approx(0.5, abs=4 * 0.75 / np.sqrt(MOST_ROWS))
    assert found == Moments.of(CELLS, table)


def test_rows_that_come_in_a_rhythm_are_all_heard():
    """Eight sensors take turns: each is in the sample about as often as in the rows."""
    turns = np.arange(80_000) % 8
    x = np.where(turns == 0, 3.0, 1.0)
    found = Moments.of(CELLS, {"x": x, "y": x, "z": x})
    share = float(found.sums[0, 0] / found.pairs[0, 0])
    expected = float((np.clip((x - found.centres[0]) / found.scales[0], -2.5, 2.5)).mean())
    assert share == pytest.approx(expected, rel=0.05)


def test_standard_values_of_chosen_rows_give_the_same_moments():
    """To the last digit, so that columns can be looked at one by one."""
    rng = np.random.default_rng(5)
    table = {name: rng.normal(size=MOST_ROWS + 5) for name in CELLS}
    rows = paired_rows(MOST_ROWS + 5)
    chosen = {name: standard(CELLS[name], values[rows]) for name, values in table.items()}
    assert Moments.of_standard(CELLS, chosen) == Moments.of(CELLS, table)
    assert all(np.abs(one).max() <= CLIP for one in chosen.values())
