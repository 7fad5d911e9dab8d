"""A reference whose cells and profile are made together."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.stats import numeric_kernel, profile, reference_profile
from keepfit.stats.moments import MOST_COLUMNS
from keepfit.stats.profile import NumericProfile, cells_of, profile_frame
from keepfit.stats.reference_profile import profile_reference

NUMBERS = ["x", "y", "k", "at"]
CATEGORIES = ["zone", "paid"]


@pytest.fixture(scope="module")
def pool():
    """Two threads."""
    with ThreadPoolExecutor(2) as two:
        yield two


def _frame(n, seed=0):
    rng = np.random.default_rng(seed)
    x = np.where(rng.random(n) < 0.1, -999.0, rng.normal(1e6, 3, n))
    gone = rng.random(n) < 0.2
    return pl.DataFrame(
        {
            "at": pl.Series(rng.integers(0, 10**9, n), dtype=pl.Int64).cast(pl.Datetime("ms")),
            "x": np.where(rng.random(n) < 0.05, rng.choice([np.nan, np.inf, -1e200], n), x),
            "zone": pl.Series(np.where(gone, "none", rng.choice(["a", "b", "c"], n))).replace("none", None),
            "y": pl.Series(np.where(gone, np.nan, x + rng.normal(size=n))).fill_nan(None),
            "k": pl.Series(np.where(gone, 0, rng.integers(0, 5, n))).replace(0, None),
            "paid": rng.random(n) < 0.3,
        },
        schema_overrides={"paid": pl.Boolean, "zone": pl.String},
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 300), st.integers(0, 9), st.sampled_from([50, 1000]), st.sampled_from([16, 4096]))
def test_cells_and_profile_are_those_that_are_made_one_after_the_other(pool, n, seed, rows, block):
    """Whatever the column holds, and into however many parts and sorted blocks it is cut."""
    frame = _frame(n, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numeric_kernel, "BLOCK", block)
        for module in (profile, reference_profile):
            patch.setattr(module, "ROWS", rows)
        found = profile_reference(frame, NUMBERS, CATEGORIES, pool)
        cells = cells_of(frame, NUMBERS, CATEGORIES)
        expected = profile_frame(frame, cells)
        made = found.profile()
    assert list(found.cells) == frame.columns
    assert dict(found.cells) == cells
    assert made.rows == expected.rows
    for name in frame.columns:
        one, other = made.features[name], expected.features[name]
        if not isinstance(one, NumericProfile):
            assert one == other
            continue
        assert one.counts.tolist() == other.counts.tolist()
        assert (one.nulls, one.unreadable, one.summed) == (other.nulls, other.unreadable, other.summed)
        assert (one.minimum, one.maximum) == (other.minimum, other.maximum)
        np.testing.assert_allclose(one.sums, other.sums, rtol=1e-9, atol=1e-6)
        np.testing.assert_allclose((one.m1, one.m2), (other.m1, other.m2), rtol=1e-9, atol=1e-6)
    assert (made.moments is None) == (expected.moments is None)
    if made.moments is not None:
        assert made.moments.names == expected.moments.names == ("x", "y", "k")
        np.testing.assert_allclose(made.moments.products, expected.moments.products, rtol=1e-9, atol=1e-9)


def test_values_that_are_no_numbers_are_unreadable(pool):
    """They are nulls where a number is due."""
    frame = pl.DataFrame({"miles": ["1", "far", None], "taken": [datetime(2024, 3, 1, tzinfo=UTC)] * 3})
    found = profile_reference(frame, ["miles", "taken"], [], pool).profile()
    miles = found.features["miles"]
    assert (miles.n, miles.nulls, miles.unreadable) == (1, 2, 1)
    assert found.features["taken"].cells.temporal
    assert found.moments is None


def test_no_more_columns_are_paired_than_moments_hold(pool):
    """The values of the others are not kept."""
    frame = pl.DataFrame({f"x{i}": np.arange(5.0) * i for i in range(MOST_COLUMNS + 2)})
    found = profile_reference(frame, frame.columns, [], pool)
    assert found.profile().moments.names == tuple(frame.columns[:MOST_COLUMNS])
    assert not found.columns[f"x{MOST_COLUMNS}"].result().standard
