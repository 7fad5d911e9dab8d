"""The encoder that training and serving share."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.errors import DataError
from keepfit.registry.encode import FeatureEncoder, encode_features
from keepfit.registry.signature import Feature, Kind, Signature

ZONE = Feature("zone", Kind.CATEGORY, text=True, categories=("bronx", "queens"))
PASSENGERS = Feature("passengers", Kind.CATEGORY, categories=(1, 2, 4))
MILES = Feature("miles", Kind.NUMBER)


def signature(*features):
    return Signature(features=features, id="id", time="at", context=("borough",), output="minutes")


def test_columns_come_in_the_signatures_order_and_others_are_left_out():
    """The model sees its features as it was trained on them, whatever order a request has."""
    frame = encode_features(signature(MILES, ZONE), {"borough": ["x"], "zone": ["bronx"], "miles": [2]})
    assert list(frame.columns) == ["miles", "zone"]


def test_numbers_are_float64_with_null_as_nan():
    """Whole numbers, floats, booleans and null become one type."""
    frame = encode_features(signature(MILES), {"miles": [1, 2.5, True, None]})
    assert frame["miles"].dtype == np.float64
    assert frame["miles"].tolist()[:3] == [1.0, 2.5, 1.0]
    assert np.isnan(frame["miles"][3])


def test_unseen_and_null_categories_are_missing_and_the_others_keep_their_codes():
    """A value that training did not see has no code of its own."""
    frame = encode_features(signature(ZONE), {"zone": ["queens", "mars", None, "bronx"]})
    assert frame["zone"].cat.codes.tolist() == [1, -1, -1, 0]
    assert frame["zone"].cat.categories.tolist() == ["bronx", "queens"]


def test_whole_number_categories_given_as_floats_are_found():
    """Pandas writes whole numbers beside a null as floats."""
    frame = encode_features(signature(PASSENGERS), {"passengers": [4.0, 1, None, 3]})
    assert frame["passengers"].cat.codes.tolist() == [2, 0, -1, -1]


def test_a_category_without_any_known_value_is_all_missing():
    """A column that was all null in training encodes without error."""
    empty = Feature("zone", Kind.CATEGORY, text=True)
    assert encode_features(signature(empty), {"zone": ["a"]})["zone"].isna().all()
    assert encode_features(signature(empty), {"zone": pl.Series(["a"])})["zone"].isna().all()


def test_the_types_are_the_same_for_one_row_and_for_many():
    """scikit-learn compares categories by type: a batch must never change it."""
    encoder = FeatureEncoder(signature(MILES, ZONE))
    one = encoder.frame({"miles": [None], "zone": [None]})
    many = encoder.frame({"miles": [1.0] * 5, "zone": ["bronx"] * 5})
    assert one.dtypes.tolist() == many.dtypes.tolist()


def test_a_missing_feature_is_named():
    """The error says which, and what it may have been called."""
    with pytest.raises(DataError, match="no column 'miles'") as caught:
        encode_features(signature(MILES), {"mile": [1]})
    assert caught.value.hint == "did you mean 'mile'?"


@pytest.mark.parametrize("values", [["far"], pl.Series(["far"])])
def test_text_in_a_number_column_is_an_error(values):
    """It says which column."""
    with pytest.raises(DataError, match="column 'miles' holds what is not a number"):
        encode_features(signature(MILES), {"miles": values})


@given(
    st.lists(
        st.tuples(
            st.none() | st.floats(allow_nan=False, allow_infinity=False),
            st.sampled_from([None, "bronx", "queens", "mars", ""]),
            st.sampled_from([None, 1, 2, 3, 4]),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_lists_and_series_give_the_same_frame(rows):
    """Training encodes Polars series, serving lists: what the model sees must not differ."""
    miles, zones, passengers = (list(column) for column in zip(*rows, strict=True))
    lists = {"miles": miles, "zone": zones, "passengers": passengers}
    series = {
        "miles": pl.Series(miles, dtype=pl.Float64),
        "zone": pl.Series(zones, dtype=pl.String),
        "passengers": pl.Series(passengers, dtype=pl.Int64),
    }
    own = signature(MILES, ZONE, PASSENGERS)
    pd.testing.assert_frame_equal(encode_features(own, lists), encode_features(own, series))
