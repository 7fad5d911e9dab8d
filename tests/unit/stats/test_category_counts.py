"""How often each value of a column occurs."""

from collections import Counter
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.stats.category_counts import CodedText, count_categories


def _as_dict(found):
    return dict(zip(found.values.to_list(), found.rows.tolist(), strict=True))


@settings(max_examples=30)
@given(st.lists(st.one_of(st.none(), st.integers(-200, 200), st.integers(-(2**60), 2**60)), max_size=40))
def test_integers_are_counted_whatever_they_span(values):
    """In an array when they lie close to each other, in a hash table when not: the counts are the same."""
    found = count_categories(pl.Series(values, dtype=pl.Int64))
    assert _as_dict(found) == Counter(one for one in values if one is not None)
    assert found.nulls == values.count(None)


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (pl.Series([-128, 127, 127], dtype=pl.Int8), {-128: 1, 127: 2}),
        (pl.Series([2**64 - 1, 2**64 - 2], dtype=pl.UInt64), {2**64 - 1: 1, 2**64 - 2: 1}),
        (pl.Series([True, False, True]), {True: 2, False: 1}),
        (pl.Series([0.5, float("nan"), 0.5]), {0.5: 2}),
        (pl.Series(["b", "a", "b"], dtype=pl.Enum(["a", "b", "c"])), {"b": 2, "a": 1}),
        (pl.Series(["b", "a", "b"], dtype=pl.Categorical), {"b": 2, "a": 1}),
        (pl.Series([timedelta(days=1)]), {"P1D": 1}),
        (pl.Series([None, None]), {}),
        (pl.Series([], dtype=pl.String), {}),
    ],
)
def test_every_type_is_counted(series, expected):
    """Numbers as they are, everything else by its text; NaN is a null."""
    found = count_categories(series)
    assert _as_dict(found) == expected
    assert found.nulls == len(series) - sum(expected.values())
    assert found.unreadable == 0


def test_times_are_told_in_utc():
    """One moment is one category, whichever zone it is shown in."""
    naive = pl.Series(["2024-03-31T12:00:00"]).str.to_datetime(time_unit="us")
    zoned = naive.dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo").dt.cast_time_unit("ns")
    assert _as_dict(count_categories(naive)) == _as_dict(count_categories(zoned))


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([[1], None]),
        pl.Series([{"a": 1}, None]),
        pl.Series([b"\xff", None]),
        pl.Series([object(), None], dtype=pl.Object),
    ],
)
def test_what_no_text_can_be_made_of_is_unreadable(series):
    """It counts as null, and apart."""
    found = count_categories(series)
    assert (len(found.values), found.nulls, found.unreadable) == (0, 2, 1)


def test_many_different_texts():
    """Ten thousand categories keep their counts."""
    codes = np.random.default_rng(0).integers(0, 10_000, size=50_000)
    found = count_categories(pl.Series([f"v{code}" for code in codes]))
    assert _as_dict(found) == Counter(f"v{code}" for code in codes)


@given(st.lists(st.one_of(st.none(), st.integers(0, 3))), st.integers(0, 5), st.integers(0, 5))
def test_codes_are_counted_like_the_text_that_they_stand_for(codes, start, rows):
    """Values that no row holds are not among them, nor are nulls; and so for any of the rows."""
    coded = CodedText(codes=pl.Series(codes, dtype=pl.Int32), values=pl.Series(["a", "b", "c", "d"]))
    for one in (coded, coded.slice(start, rows)):
        text = one.decoded()
        assert len(one) == len(text)
        assert _as_dict(count_categories(one)) == _as_dict(count_categories(text))
        assert count_categories(one).nulls == text.null_count()
