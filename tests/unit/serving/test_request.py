"""A whole request: names, lengths, and what stands for the columns that were left out."""

import pytest

from keepfit.errors import RequestError
from keepfit.registry.signature import Feature, Kind
from keepfit.serving.request import Accepts, of_mapping, read_rows

NOON_US = 1_580_472_000_000_000


@pytest.fixture
def read(signature):
    """Read columns by the signature."""

    def go(columns, *, optional=None, **kwargs):
        accepts = Accepts(signature=signature, optional=optional or {})
        return read_rows(of_mapping(columns), accepts, request_id="r", received_at=NOON_US, **kwargs)

    return go


def test_the_features_are_enough(read, batch):
    """Rows are named by the request, and their event is now."""
    request = read(batch(2))
    assert (request.ids, request.event_times, request.n) == (["r:0", "r:1"], [NOON_US] * 2, 2)
    assert (request.layout.numbers, request.numbers.tolist()) == (("miles", "hour"), [[0.0, 8.0], [1.0, 8.0]])
    assert [one.name for one in request.layout.categories] == ["zone"]
    assert request.categories == (["bronx", "bronx"],)


def test_one_row_has_the_requests_own_id(read, batch):
    """So that a caller with one row an id can label it by that."""
    assert read(batch(1)).ids == ["r"]


def test_id_time_and_context_are_taken(read, batch):
    """Under the names of the signature."""
    request = read(batch(1, trip_id=["t"], pickup_at=["2020-01-31T11:00"], borough=["queens"]))
    assert request.ids == ["t"]
    assert request.event_times == [NOON_US - 3_600_000_000]
    assert (request.layout.context, request.context) == (("borough",), (["queens"],))


def test_a_feature_that_only_a_candidate_takes_is_optional(read, batch):
    """Callers may begin to send it before it is needed."""
    fare = {"fare": Feature("fare", Kind.NUMBER)}
    assert read(batch(1), optional=fare).layout.numbers == ("miles", "hour")
    rows = read(batch(1, fare=[5]), optional=fare)
    assert (rows.layout.numbers, rows.numbers.tolist()) == (("miles", "hour", "fare"), [[0.0, 8.0, 5.0]])


def test_a_missing_column_is_named(read, batch):
    """And what the model takes is listed."""
    with pytest.raises(RequestError, match="column 'miles' is missing") as caught:
        read({"zone": ["bronx"], "hour": [8]})
    assert caught.value.hint == "it takes: miles, zone, hour"
    with pytest.raises(RequestError, match=r"column 'miles' \(and 1 more\) is missing"):
        read({"zone": ["bronx"]})


def test_an_unknown_column_is_named_with_the_one_that_was_meant(read):
    """A typing mistake is not told as a missing column."""
    with pytest.raises(RequestError, match="unknown column 'mile'") as caught:
        read({"mile": [1.0], "zone": ["bronx"], "hour": [8]})
    assert caught.value.hint == "did you mean 'miles'?"


def test_lengths_that_differ_are_said(read, batch):
    """With both columns."""
    with pytest.raises(RequestError, match="columns differ in length: 'miles' has 3 rows, 'hour' has 1 row"):
        read(batch(3, hour=[8]))


@pytest.mark.parametrize("columns", [{}, {"miles": [], "zone": [], "hour": []}])
def test_an_empty_batch_is_refused(read, columns):
    """There is nothing to answer."""
    with pytest.raises(RequestError, match="has no rows"):
        read(columns)


def test_a_batch_that_is_too_long_is_refused(read, batch):
    """With the limit."""
    assert read(batch(5), max_rows=5).n == 5
    with pytest.raises(RequestError, match="has 6 rows; at most 5 are taken"):
        read(batch(6), max_rows=5)


@pytest.mark.parametrize("value", ["abc", 3, None])
def test_a_column_that_is_no_list_is_refused(read, batch, value):
    """A text is not a column of letters."""
    with pytest.raises(RequestError, match="column 'zone' is not a list of values"):
        read(batch(3, zone=value))
