"""Explaining a change: planted causes are found, and none is made up."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.evaluation.attribution import explain_drop
from keepfit.evaluation.cell_losses import CellLosses
from keepfit.stats.profile import CategoricalCells, NumericCells

ROWS = 8000
ZONES = np.array(["JFK", "Soho", "Bronx", "Queens"])


def _columns(rng, n=ROWS, shares=(0.1, 0.3, 0.3, 0.3)):
    return {
        "miles": pl.Series(rng.lognormal(size=n)),
        "hour": pl.Series(rng.integers(0, 24, n).astype(float)),
        "zone": pl.Series(rng.choice(ZONES, n, p=shares)),
    }


def _losses(rng, columns):
    """Longer trips are harder, and those of one zone twice as hard."""
    hardness = 0.5 + 0.3 * np.minimum(columns["miles"].to_numpy(), 5)
    return hardness * np.where(columns["zone"] == "JFK", 2, 1) * np.abs(rng.normal(0, 1.25, len(hardness)))


def _cells():
    columns = _columns(np.random.default_rng(0))
    return {
        "miles": NumericCells.of(columns["miles"].to_numpy()),
        "hour": NumericCells.of(columns["hour"].to_numpy()),
        "zone": CategoricalCells.of(columns["zone"]),
    }


CELLS = _cells()
SHORT = CELLS["miles"].edges[CELLS["miles"].coarse[3] - 1]


def _explained(seed, change, shares=(0.1, 0.3, 0.3, 0.3), metric="mae", n=ROWS, old=ROWS):
    """The explanation of a window in which `change(columns, losses)` happened, and its mix is `shares`."""
    rng = np.random.default_rng(seed)
    then, new = _columns(rng, old), _columns(rng, n, shares)
    before, after = _losses(rng, then), change(new, _losses(rng, new))
    if metric == "rmse":
        before, after = before**2, after**2
    return explain_drop(CellLosses.of(CELLS, new, after), CellLosses.of(CELLS, then, before), metric)


def _short(columns):
    return columns["miles"].to_numpy() < SHORT


def _same(_, losses):
    return losses


def test_a_slice_that_got_worse_is_named_with_its_share():
    """Nine parts of twelve of the rise come from the fifth of the trips that is shorter than the second decile."""
    covered = 0
    for seed in range(20):
        found = _explained(seed, lambda columns, losses: losses + np.where(_short(columns), 0.9, 0.075))
        (cause, *_) = found.causes
        assert (cause.feature, cause.first, cause.last) == ("miles", 0, 2)
        assert cause.known
        assert abs(cause.loss) > 5 * abs(cause.mix)
        covered += cause.interval.low <= 0.75 <= cause.interval.high
    assert covered >= 17


def test_what_is_said_of_a_slice_that_got_worse():
    """The change, the share, the rows and what became of them."""
    found = _explained(5, lambda columns, losses: losses + np.where(_short(columns), 0.9, 0.075))
    (cause, *_) = found.causes
    assert found.says.startswith(f"mae rose from {found.before:.3g} to {found.after:.2f} (by ")
    assert (
        f"comes from miles under {SHORT:.3g}: {cause.rows * 100:.1f} % of the rows; mae there is"
        in found.says
    )


def test_a_fall_is_explained_like_a_rise():
    """A zone that became easier makes all of the fall."""
    for seed in range(5):
        found = _explained(
            seed, lambda columns, losses: np.where(columns["zone"] == "JFK", losses / 3, losses)
        )
        assert found.total < 0
        assert found.causes[0].label == "zone 'JFK'"
        assert found.causes[0].share == pytest.approx(1, abs=0.35)
        assert found.says.startswith("mae fell from")


def test_a_changed_mix_is_told_from_changed_losses():
    """Five times as many rows of the hard zone, and no row harder than before."""
    whole = 0
    for seed in range(10):
        found = _explained(seed, _same, shares=(0.5, 0.5 / 3, 0.5 / 3, 0.5 / 3))
        cause = found.causes[0]
        assert cause.label == "zone 'JFK'"
        assert cause.mix > 3 * abs(cause.loss)
        assert cause.rows_before == pytest.approx(0.1, abs=0.02)
        assert "of the rows, which were" in found.says
        assert found.mixes[0].feature == "zone"
        assert found.mixes[0].sure
        whole += found.mixes[0].interval.low <= 1 <= found.mixes[0].interval.high
    assert whole >= 9


def test_two_causes_are_both_told():
    """Short trips got worse while the hard zone grew: one after the other, for together they make about the whole."""
    found = _explained(
        1,
        lambda columns, losses: losses + np.where(_short(columns), 1.0, 0.0),
        shares=(0.4, 0.2, 0.2, 0.2),
    )
    assert [cause.feature for cause in found.causes] == ["zone", "miles"]
    assert "comes from zone 'JFK': " in found.says
    assert f" comes from miles under {SHORT:.3g}: " in found.says


@pytest.mark.parametrize(
    "rise",
    [lambda _, losses: losses + 0.2, lambda _, losses: 1.25 * losses, lambda _, losses: 0.8 * losses],
    ids=["as much everywhere", "by the same factor", "by the same factor, down"],
)
def test_a_uniform_change_is_said_to_be_everywhere_alike(rise):
    """In 40 windows, a slice or a mix is blamed in at most 5 %."""
    found = [_explained(seed, rise, n=1500, old=3000) for seed in range(40)]
    blamed = [one for one in found if one.causes or any(mix.sure for mix in one.mixes)]
    assert len(blamed) <= 2
    alike = [one for one in found if "spread evenly" in one.says]
    assert len(alike) >= 36


def test_no_change_is_explained_by_nothing():
    """The same world again: at most one window in twenty is found changed at all, and hardly any slice is blamed."""
    found = [_explained(seed, _same, n=1500, old=3000) for seed in range(40)]
    assert sum("no change that 1,500 rows could tell from chance" in one.says for one in found) >= 34
    assert sum(bool(one.causes) for one in found) <= 1


def test_a_share_that_is_hardly_known_is_not_told():
    """A zone that got twice as bad stands out in 1,500 rows, and how much of the change it makes is left open."""
    found = _explained(
        3, lambda columns, losses: np.where(columns["zone"] == "JFK", 2 * losses, losses), n=1500
    )
    assert found.causes[0].label == "zone 'JFK'"
    assert not found.causes[0].known
    assert "What stands out is zone 'JFK'" in found.says
    assert "how much of the whole that makes, 1,500 rows do not tell" in found.says


def of_feature(found, name):
    """The parts of one feature."""
    return [part for part in found.parts if part.feature == name]


def test_rmse_is_told_as_a_root():
    """The parts are of the mean square, as sums of losses are."""
    found = _explained(2, lambda columns, losses: losses + np.where(_short(columns), 1.5, 0), metric="rmse")
    assert found.causes[0].label.startswith("miles under")
    assert found.says.startswith(
        f"rmse rose from {math.sqrt(found.before):.2f} to {math.sqrt(found.after):.2f}"
    )
    assert sum(part.change for part in of_feature(found, "hour")) == pytest.approx(found.total)


values = st.lists(
    st.tuples(
        st.one_of(st.none(), st.floats(0, 20)),
        st.sampled_from([*ZONES.tolist(), "Harlem", None]),
        st.floats(0, 100),
    ),
    min_size=2,
    max_size=60,
)


def _of(rows):
    columns = {
        "miles": pl.Series([one[0] for one in rows], dtype=pl.Float64),
        "zone": pl.Series([one[1] for one in rows], dtype=pl.String),
    }
    return CellLosses.of(CELLS, columns, np.array([one[2] for one in rows]))


@settings(max_examples=40, deadline=None)
@given(values, values)
def test_the_parts_of_a_feature_add_up_to_the_whole_change(now, expected):
    """Exactly, whatever came, went, or was never seen before; and each part is its mix and its losses."""
    found = explain_drop(_of(now), _of(expected), "mae")
    size = 1e-9 * (1 + max(one[2] for one in now + expected))
    for name in CELLS:
        parts = of_feature(found, name)
        assert sum(part.change for part in parts) == pytest.approx(found.total, abs=size)
        assert sum(part.rows for part in parts) == pytest.approx(1)
        assert sum(part.rows_before for part in parts) == pytest.approx(1)
        assert all(part.mix + part.loss == pytest.approx(part.change, abs=size) for part in parts)
        mix = next(one for one in found.mixes if one.feature == name)
        assert sum(part.mix for part in parts) == pytest.approx(mix.change, abs=size)


def test_the_parts_add_up_when_slices_stand_out():
    """Cells of a slice are one part, the others parts of their own; those that stand out come first."""
    found = _explained(0, lambda columns, losses: losses + np.where(_short(columns), 1.0, 0.0))
    assert sum(part.change for part in of_feature(found, "miles")) == pytest.approx(found.total)
    assert found.parts[0].sure
    assert found.parts[0].share == pytest.approx(found.parts[0].change / found.total)
    sure = [part.sure for part in found.parts]
    assert sure == sorted(sure, reverse=True)


def test_without_labelled_rows_nothing_is_explained():
    """On either side, and with losses that are not finite: said so, without an error."""
    rows = _of([(1.0, "JFK", 1.0)] * 9)
    for now, expected in (
        (CellLosses(), rows),
        (rows, CellLosses.empty(CELLS)),
        (_of([(1.0, "JFK", math.inf)] * 2), rows),
    ):
        found = explain_drop(now, expected, "mae")
        assert (found.parts, found.mixes, found.causes) == ((), (), ())
        assert "cannot be explained: too few labelled rows" in found.says


def test_equal_losses_are_no_change():
    """Nothing is divided by a change of 0."""
    rows = _of([(1.0, "JFK", 1.0), (2.0, "Soho", 2.0)] * 100)
    found = explain_drop(rows, rows, "mae")
    assert found.total == 0
    assert "no change" in found.says


def test_losses_in_other_cells_are_not_compared():
    """Another reference, another cut: an error that says what to do."""
    rows = _of([(1.0, "JFK", 1.0)] * 9)
    other = CellLosses.of(
        CELLS | {"miles": NumericCells.of(np.arange(9.0))}, {"zone": pl.Series(["JFK"] * 9)}, np.ones(9)
    )
    with pytest.raises(ValueError, match="count both in those of one reference"):
        explain_drop(rows, other, "mae")
