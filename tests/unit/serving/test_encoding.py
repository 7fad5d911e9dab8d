"""From checked rows to the matrix of one version."""

from dataclasses import replace

import numpy as np
import pytest

from keepfit.errors import RequestError
from keepfit.registry.encode import encode_features
from keepfit.registry.signature import Feature, Kind
from keepfit.serving.encoding import MatrixEncoder
from keepfit.serving.request import Accepts, of_mapping, read_rows


@pytest.fixture
def read(signature):
    """Rows by the signature, which is the champion's."""

    def make(columns, **kwargs):
        accepts = Accepts(signature=signature, **kwargs)
        return read_rows(of_mapping(columns), accepts, request_id="r", received_at=0)

    return make


COLUMNS = {"zone": ["queens", "mars", None], "hour": [8, None, 9], "miles": [1.5, 2, None]}


def test_numbers_stand_beside_codes_in_the_signatures_order(signature, read):
    """Missing and unseen are NaN."""
    found = MatrixEncoder(signature).matrix(read(COLUMNS))
    expected = [[1.5, 1.0, 8.0], [2.0, np.nan, np.nan], [np.nan, np.nan, 9.0]]
    assert np.array_equal(found, expected, equal_nan=True)
    assert found.flags.c_contiguous


def test_the_matrix_says_what_the_frame_of_training_says(signature, read):
    """Code for code and number for number."""
    frame = encode_features(signature, COLUMNS)
    matrix = MatrixEncoder(signature).matrix(read(COLUMNS))
    codes = frame["zone"].cat.codes.to_numpy()
    assert np.array_equal(matrix[:, 1], np.where(codes < 0, np.nan, codes), equal_nan=True)
    assert np.array_equal(matrix[:, [0, 2]], frame[["miles", "hour"]].to_numpy(), equal_nan=True)


def test_numbers_alone_are_passed_on_as_they_lie(signature, read):
    """Without a copy, when they are in order."""
    numbers = replace(signature, features=(signature.features[0], signature.features[2]))
    accepts = Accepts(signature=numbers)
    rows = read_rows(of_mapping({"hour": [8], "miles": [1.0]}), accepts, request_id="r", received_at=0)
    assert MatrixEncoder(numbers).matrix(rows) is rows.numbers
    turned = replace(numbers, features=numbers.features[::-1])
    assert MatrixEncoder(turned).matrix(rows).tolist() == [[8.0, 1.0]]


def test_each_version_has_its_own_codes(signature, read):
    """A category that the next version has learned is its code there, and unseen here."""
    zone = Feature("zone", Kind.CATEGORY, text=True, categories=("bronx", "mars", "queens"))
    later = replace(signature, features=(signature.features[0], zone, signature.features[2]))
    rows = read(COLUMNS)
    assert MatrixEncoder(later).matrix(rows)[:2, 1].tolist() == [2.0, 1.0]


def test_a_feature_that_nobody_sends_is_named(signature, read):
    """A candidate may take more than the champion does."""
    fare = Feature("fare", Kind.NUMBER)
    candidate = MatrixEncoder(replace(signature, features=(*signature.features, fare)))
    with pytest.raises(RequestError, match="no column 'fare', which the model takes"):
        candidate.matrix(read(COLUMNS))
    rows = read({**COLUMNS, "fare": [1, 2, 3]}, optional={"fare": fare})
    assert candidate.matrix(rows)[:, 3].tolist() == [1.0, 2.0, 3.0]


def test_a_column_cannot_be_two_things(signature, read):
    """A category of the champion's that a candidate takes for a number is told, not turned."""
    other = replace(signature, features=(signature.features[0], Feature("zone", Kind.NUMBER)))
    with pytest.raises(RequestError, match="'zone' is a number to this version, and not to the champion"):
        MatrixEncoder(other).matrix(read(COLUMNS))
