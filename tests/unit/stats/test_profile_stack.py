"""Profiles end to end in a few arrays: their sum is that of the profiles."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.stats.categorical_profile import CategoricalProfile
from keepfit.stats.numeric_profile import NumericProfile
from keepfit.stats.profile import Profile, cells_of, profile_frame
from keepfit.stats.profile_stack import (
    CategoryStack,
    ColumnLayout,
    ColumnStack,
    NamedNumbers,
    NumberStack,
    merge_profiles,
)

REFERENCE = pl.DataFrame(
    {"miles": np.arange(200) % 7 / 2, "zone": ["a", "b", "c", "b"] * 50, "fare": np.arange(200.0)}
)
CELLS = cells_of(REFERENCE, ["miles", "fare"], ["zone"])
ORDERED = {name: CELLS[name] for name in REFERENCE.columns}

ROWS = st.lists(
    st.tuples(
        st.sampled_from([None, 0.0, 1.5, 3.0, 77.25, -999.0, float("inf")]),
        st.sampled_from([None, "a", "b", "new", "other"]),
        st.sampled_from([None, 5.0, 199.0, 1e6]),
    ),
    max_size=12,
)


def _profile(rows, cells=ORDERED):
    schema = {"miles": pl.Float64, "zone": pl.String, "fare": pl.Float64}
    return profile_frame(pl.DataFrame(rows, schema=schema, orient="row"), cells)


def _stacked(profile):
    numbers = [one for one in profile.features.values() if isinstance(one, NumericProfile)]
    others = [one for one in profile.features.values() if isinstance(one, CategoricalProfile)]
    ends = [[np.nan if end is None else end for end in (one.minimum, one.maximum)] for one in numbers]
    stack = ColumnStack(
        ColumnLayout(tuple(profile.features), tuple(one.cells for one in profile.features.values())),
        numbers=NumberStack(
            cells=tuple(one.cells for one in numbers),
            counts=np.concatenate([one.counts for one in numbers]).astype(np.uint16),
            sums=np.concatenate([one.sums for one in numbers]),
            rows=np.array([[one.nulls, one.summed, one.unreadable] for one in numbers]).T,
            moments=np.array([[one.m1, one.m2] for one in numbers]).T,
            minima=np.array(ends)[:, 0],
            maxima=np.array(ends)[:, 1],
            named=NamedNumbers(*_named(numbers)),
        ),
        categories=CategoryStack(
            cells=tuple(one.cells for one in others),
            counts=np.concatenate([one.counts for one in others]).astype(np.uint8),
            rows=np.array([[one.other, one.unseen, one.nulls, one.unreadable] for one in others]).T,
            named=list(zip(*(one.tolist() for one in _named(others)), strict=True)),
        ),
    )
    return replace(profile, features=stack)


def _named(profiles):
    """Columns, values and rows."""
    found = [(place, *pair) for place, one in enumerate(profiles) for pair in one.named]
    return [np.array(one) for one in zip(*found, strict=True)] if found else [np.zeros(0, int)] * 3


@given(ROWS)
@settings(max_examples=40, deadline=None)
def test_a_stack_is_the_mapping_of_its_profiles(rows):
    """In the order of the columns, with values that compare equal to the profiles it was made of."""
    profile = _profile(rows)
    assert _stacked(profile) == profile
    assert list(_stacked(profile).features.items()) == list(profile.features.items())
    assert len(_stacked(profile).features) == 3


@given(st.lists(ROWS, min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_the_sum_of_stacks_is_the_sum_of_profiles(parts):
    """To the last digit: counts, sums, ends, and the values that are remembered by name."""
    profiles = [_profile(rows) for rows in parts]
    found = merge_profiles([_stacked(one) for one in profiles])
    assert isinstance(found.features, ColumnStack)
    assert found == Profile.merge(profiles)


@given(ROWS, ROWS, ROWS)
@settings(max_examples=20, deadline=None)
def test_stacks_add_in_any_grouping(one, two, three):
    """Sums of few values, so that not even rounding tells the orders apart."""
    a, b, c = (_stacked(_profile(rows)) for rows in (one, two, three))
    left = merge_profiles([merge_profiles([a, b]), c])
    right = merge_profiles([a, merge_profiles([b, c])])
    for name, column in left.features.items():
        assert column.counts.tolist() == right.features[name].counts.tolist()
        assert column.nulls == right.features[name].nulls


def test_no_more_than_eight_values_are_remembered_and_the_most_frequent_first():
    """As when profiles are added one by one."""
    days = [[(1000.0 + (day * i) % 11, f"new{i % 9}", None) for i in range(30)] for day in (1, 2, 3)]
    found = merge_profiles([_stacked(_profile(rows)) for rows in days])
    for name in ("miles", "zone"):
        named = found.features[name].named
        assert len(named) == 8
        assert [hits for _, hits in named] == sorted((hits for _, hits in named), reverse=True)
    assert found == Profile.merge([_profile(rows) for rows in days])


def test_a_stack_and_a_plain_profile_are_added_too():
    """Evidence of a store and evidence that was just made."""
    one, other = _profile([(1.5, "a", 5.0)]), _profile([(3.0, "new", None)])
    assert merge_profiles([_stacked(one), other]) == one + other


def test_stacks_in_other_cells_do_not_add_up():
    """The message is that of the profiles."""
    cells = cells_of(REFERENCE.with_columns(pl.col("miles") * 2), ["miles", "fare"], ["zone"])
    other = _profile([(1.5, "a", 5.0)], {name: cells[name] for name in REFERENCE.columns})
    with pytest.raises(ValueError, match="different cells"):
        merge_profiles([_stacked(_profile([(1.5, "a", 5.0)])), _stacked(other)])


def test_arrays_of_a_stack_cannot_be_written_to():
    """Windows that are held in memory are given to whoever asks."""
    column = _stacked(_profile([(1.5, "a", 5.0)])).features["miles"]
    with pytest.raises(ValueError, match="read-only"):
        column.counts[0] = 1
