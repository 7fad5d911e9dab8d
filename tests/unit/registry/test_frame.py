"""The frame that is made of a matrix is the one that training makes of columns."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from keepfit.registry.encode import encode_features, encode_matrix
from keepfit.registry.frame import FrameMaker
from keepfit.registry.signature import Feature, Kind, Signature

MILES = Feature("miles", Kind.NUMBER)
HOUR = Feature("hour", Kind.NUMBER, integral=True)
ZONE = Feature("zone", Kind.CATEGORY, text=True, categories=("bronx", "queens"))
BANDS = Feature("band", Kind.CATEGORY, categories=(1, 2, 4))


def signature(*features):
    return Signature(features=features, id="id", time="at", context=(), output="minutes")


@given(
    st.lists(
        st.tuples(
            st.none() | st.floats(allow_nan=False, allow_infinity=False),
            st.sampled_from([None, "bronx", "queens", "mars"]),
            st.sampled_from([None, 1, 2, 3, 4]),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_a_matrix_and_columns_make_the_same_frame(rows):
    """With missing values and values that training did not see."""
    miles, zones, bands = (list(column) for column in zip(*rows, strict=True))
    columns = {"miles": miles, "zone": zones, "band": bands}
    own = signature(ZONE, MILES, BANDS)
    pd.testing.assert_frame_equal(FrameMaker(own)(encode_matrix(own, columns)), encode_features(own, columns))


def test_numbers_alone_make_the_same_frame_too():
    """They take a shorter way."""
    own = signature(MILES, HOUR)
    columns = {"miles": [1.5, None], "hour": [3, 4]}
    pd.testing.assert_frame_equal(FrameMaker(own)(encode_matrix(own, columns)), encode_features(own, columns))
