"""CSV, read by the kinds of the model's features."""

from dataclasses import replace

import numpy as np
import pytest

from keepfit.errors import RequestError
from keepfit.registry.signature import Feature, Kind
from keepfit.serving.payload import Block
from keepfit.serving.request import Accepts
from keepfit.serving.table_csv import read_csv


@pytest.fixture
def read(signature):
    """The columns of a text."""

    def make(body, signature=signature, **kwargs):
        payload = read_csv(body.encode(), Accepts(signature=signature), **kwargs)
        return dict(zip(payload.names, payload.values, strict=True))

    return make


@pytest.fixture
def numeric(signature):
    """A model that takes two numbers."""
    return Accepts(
        signature=replace(signature, features=(Feature("a", Kind.NUMBER), Feature("b", Kind.NUMBER)))
    )


def test_fields_are_read_by_what_the_model_takes(signature, read):
    """A zone of digits stays text; a whole-valued category becomes a whole number; times are texts or microseconds."""
    own = replace(signature, features=(*signature.features, Feature("seats", Kind.CATEGORY)))
    body = "zone,miles,seats,trip_id,pickup_at\n7,1e2,4,1,1580472000000000\n8,,,2,2020-01-31\n"
    assert read(body, own) == {
        "zone": ["7", "8"],
        "miles": [100.0, None],
        "seats": [4, None],
        "trip_id": ["1", "2"],
        "pickup_at": [1_580_472_000_000_000, "2020-01-31"],
    }


@pytest.mark.parametrize("field", ["far", "1_000", "١٢", "1 2"])
def test_what_is_no_number_is_left_for_the_check_that_names_it(numeric, read, field):
    """The column check says which row; so this does not. What only Python takes for a number is none."""
    assert read(f"miles\n{field}\n") == {"miles": [field]}
    assert read_csv(f"a,b\n1,{field}\n".encode(), numeric).values == ([1], [field])


def test_quotes_line_breaks_and_a_byte_order_mark(read):
    """As spreadsheets write them."""
    assert read('\ufeffzone,miles\r\n"a, ""b""\nc",1\r\n\r\n') == {"zone": ['a, "b"\nc'], "miles": [1]}
    assert read("\ufeffzone,miles\nbronx,1\n\n") == read("zone,miles\r\nbronx,1\r\n")


def test_numbers_of_all_features_are_one_block(numeric):
    """Unless a field is empty, or the columns come in another order."""
    block = read_csv(b"a,b\n1,2.5\n-3e2, 4\n", numeric)
    assert isinstance(block, Block)
    assert block.values.tolist() == [[1, 2.5], [-300, 4]]
    assert block.values.dtype == np.float64
    assert read_csv(b"a,b\n1,\n", numeric).values == ([1], [None])
    assert read_csv(b"b,a\n1,2\n", numeric).names == ("b", "a")


def test_without_a_header_the_fields_are_the_features_in_order(read, numeric):
    """The first line decides, unless it is known that there is a header."""
    assert read("1.5,bronx,8\n2,,9\n", header=None) == {
        "miles": [1.5, 2],
        "zone": ["bronx", None],
        "hour": [8, 9],
    }
    assert read("zone,miles\nbronx,1\n", header=None) == {"zone": ["bronx"], "miles": [1]}
    assert read_csv(b"1,2\n3,4\n", numeric, header=None).values.tolist() == [[1, 2], [3, 4]]


def test_a_mistyped_header_is_a_header(read):
    """So that the mistyped name is told, and not that it is no number."""
    assert set(read("milse,zone,hour\n1,bronx,8\n", header=None)) == {"milse", "zone", "hour"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no header line"),
        (b"miles,miles\n1,2\n", "names a column twice"),
        (b"miles,zone\n1,a\n1\n", "row 1 of the CSV has 1 fields; the header has 2"),
        (b"miles\n\xff\n", "cannot be read"),
        (b'miles\n"1\n', "cannot be read"),
    ],
)
def test_what_is_no_table_is_refused(signature, body, said):
    """With the row."""
    with pytest.raises(RequestError, match=said):
        read_csv(body, Accepts(signature=signature))


def test_lines_of_another_width_than_the_features_are_refused(signature):
    """With the features."""
    said = "row 0 of the CSV has 2 fields; the model takes 3: miles, zone, hour"
    with pytest.raises(RequestError, match=said):
        read_csv(b"1,bronx\n", Accepts(signature=signature), header=None)
    with pytest.raises(RequestError, match="no rows"):
        read_csv(b"\n", Accepts(signature=signature), header=None)
