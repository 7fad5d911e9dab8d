"""Each wrong value is named by its column, its row and itself."""

import pytest

from keepfit.errors import RequestError
from keepfit.registry.signature import Feature, Kind
from keepfit.serving.columns import check_context, check_feature, check_ids, check_labels, check_times

MILES = Feature("miles", Kind.NUMBER)
ZONE = Feature("zone", Kind.CATEGORY, text=True)
SEATS = Feature("seats", Kind.CATEGORY)


@pytest.mark.parametrize(
    ("feature", "given", "taken"),
    [
        (MILES, [1, 2.5], [1.0, 2.5]),
        (MILES, [1, None, True, float("nan")], [1.0, None, 1.0, None]),
        (MILES, [10**30], [1e30]),
        (ZONE, ["bronx", None, ""], ["bronx", None, ""]),
        (ZONE, [True], ["true"]),
        (SEATS, [1, 2.0, None, float("nan")], [1, 2, None, None]),
    ],
)
def test_what_is_taken(feature, given, taken):
    """Numbers become floats, whole-valued categories whole numbers, and null stays null."""
    assert check_feature(feature, given) == taken


@pytest.mark.parametrize(
    ("feature", "values", "said"),
    [
        (MILES, [1, 2, 3, "abc"], "column 'miles', row 3: 'abc' is not a number"),
        (MILES, [[1]], "column 'miles', row 0: [1] is not a number"),
        (MILES, [1.0, float("inf")], "column 'miles', row 1: inf is not a finite number"),
        (MILES, [None, 10**400], "column 'miles', row 1: "),
        (ZONE, ["bronx", 7], "column 'zone', row 1: 7 is not text"),
        (SEATS, [1, "2"], "column 'seats', row 1: '2' is not a whole number"),
        (SEATS, [1.5], "column 'seats', row 0: 1.5 is not a whole number"),
        (SEATS, [True], "column 'seats', row 0: True is not a whole number"),
        (SEATS, [float("inf")], "column 'seats', row 0: inf is not a whole number"),
        (SEATS, [2**63], "column 'seats', row 0: 9223372036854775808 is beyond 64 bits"),
    ],
)
def test_what_is_refused(feature, values, said):
    """The message names the column, the row and the value."""
    with pytest.raises(RequestError) as caught:
        check_feature(feature, values)
    assert str(caught.value).startswith(said)


def test_a_long_value_is_cut():
    """A caller who sends a document in a number gets a short answer."""
    with pytest.raises(RequestError) as caught:
        check_feature(MILES, ["x" * 10_000])
    assert len(str(caught.value)) < 100


def test_ids_are_texts_that_come_once():
    """Whole numbers are taken; the two rows of a repeated id are named."""
    assert check_ids("trip_id", ["a", 7]) == ["a", "7"]
    with pytest.raises(RequestError, match="column 'trip_id': rows 0 and 2 have the same id 'a'"):
        check_ids("trip_id", ["a", "b", "a"])


@pytest.mark.parametrize("value", [None, "", 1.5, True])
def test_what_is_no_id(value):
    """Labels could not refer to it."""
    with pytest.raises(RequestError, match=r"row 1: .* is not an id"):
        check_ids("trip_id", ["a", value])


def test_times_are_texts_or_microseconds():
    """Without an offset a text is in UTC."""
    noon = 1_580_472_000_000_000
    given = ["2020-01-31T12:00", "2020-01-31T13:00+01:00", "2020-01-31T12:00:00Z", noon]
    assert check_times("at", given) == [noon] * 4


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("yesterday", "'yesterday' is not a date or a time"),
        (1_580_472_000, "was it in another unit"),
        (1_580_472_000_000, "was it in another unit"),
        (1_580_472_000_000_000_000, "was it in another unit"),
        (None, "null is not a time"),
        (1.5, "1.5 is not a time"),
        (True, "True is not a time"),
        ("0001-01-01T00:00+05:00", "beyond the years 1 to 9999"),
    ],
)
def test_what_is_no_time(value, said):
    """Seconds, milliseconds and nanoseconds are noticed rather than read as another century."""
    with pytest.raises(RequestError, match="column 'at', row 0") as caught:
        check_times("at", [value])
    assert said in str(caught.value)


def test_a_missing_time_may_have_a_stand_in():
    """As for labels, which are known when they come."""
    assert check_times("time", [None], missing=5) == [5]


def test_context_is_text():
    """A slice is a name, whatever the type that it is sent with."""
    assert check_context("borough", ["queens", 3, 1.5, False, None]) == ["queens", "3", "1.5", "false", None]
    with pytest.raises(RequestError, match="row 0"):
        check_context("borough", [["queens"]])


def test_labels_are_given_and_finite():
    """A null is no label."""
    assert check_labels("value", [1, False, 2.5]) == [1.0, 0.0, 2.5]
    with pytest.raises(RequestError, match="column 'value', row 1: a label is missing"):
        check_labels("value", [1, None])
