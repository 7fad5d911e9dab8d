"""CSV, read by the kinds of the model's features."""

from dataclasses import replace

import pytest

from keepfit.errors import RequestError
from keepfit.registry.signature import Feature, Kind
from keepfit.serving.request import Accepts
from keepfit.serving.table_csv import read_csv


def test_fields_are_read_by_what_the_model_takes(signature):
    """A zone of digits stays text; a whole-valued category becomes a whole number; times are texts or microseconds."""
    own = replace(signature, features=(*signature.features, Feature("seats", Kind.CATEGORY)))
    body = "zone,miles,seats,trip_id,pickup_at\n7,1e2,4,1,1580472000000000\n8,,,2,2020-01-31\n"
    assert read_csv(body.encode(), Accepts(signature=own)) == {
        "zone": ["7", "8"],
        "miles": [100.0, None],
        "seats": [4, None],
        "trip_id": ["1", "2"],
        "pickup_at": [1_580_472_000_000_000, "2020-01-31"],
    }


def test_what_is_no_number_is_left_for_the_check_that_names_it(signature):
    """The column check says which row; so this does not."""
    assert read_csv(b"miles\nfar\n", Accepts(signature=signature)) == {"miles": ["far"]}


def test_quotes_line_breaks_and_a_byte_order_mark(signature):
    """As spreadsheets write them."""
    body = '\ufeffzone,miles\r\n"a, ""b""\nc",1\r\n\r\n'.encode()
    assert read_csv(body, Accepts(signature=signature)) == {"zone": ['a, "b"\nc'], "miles": [1]}


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
