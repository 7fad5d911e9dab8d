"""How each kind of type travels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum, IntEnum
from typing import Any, Literal, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.adapters.wire_form import form_of, free


class Colour(Enum):
    """An enum of texts."""

    RED = "red"


class Level(IntEnum):
    """An enum of numbers."""

    LOW = 1


@dataclass(frozen=True, slots=True)
class Circle:
    """One shape."""

    radius: float


@dataclass(frozen=True, slots=True)
class Square:
    """Another shape, with a default."""

    side: float
    name: str = "square"


@dataclass(frozen=True, slots=True)
class Tree:
    """A type that holds itself."""

    value: int
    children: tuple["Tree", ...] = ()


class Pair(NamedTuple):
    """A named tuple."""

    low: float
    high: float


@dataclass(frozen=True)
class Derived:
    """A record with a field that is computed."""

    given: int
    doubled: int = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "doubled", 2 * self.given)


def travel(value, declared):
    return form_of(declared).decode(form_of(declared).encode(value))


@pytest.mark.parametrize(
    ("value", "declared"),
    [
        (None, type(None)),
        (True, bool),
        (3, int),
        ("x", str),
        (b"\x00\xff", bytes),
        (Colour.RED, Colour),
        (Level.LOW, Level),
        ("mae", Literal["mae", "mse"]),
        ((1, "a"), tuple[int, str]),
        ((), tuple[()]),
        ([1.5], list[float]),
        (("a", "b"), Sequence[str]),
        (Pair(0.0, 1.0), Pair),
        ({"b": 1, "a": 2}, Mapping[str, int]),
        ({Colour.RED: 1}, dict[Colour, int]),
        ({3: "three"}, Mapping[int, str]),
        ({(1, "a"): 2.0}, dict[tuple[int, str], float]),
        (Tree(1, (Tree(2), Tree(3, (Tree(4),)))), Tree),
        (Derived(2), Derived),
        ({"any": [1, "two", None]}, Mapping[str, object]),
        ((b"x", None), tuple[bytes | None, ...]),
    ],
)
def test_a_value_comes_back_as_it_went(value, declared):
    """Each kind of type returns an equal value of the same type."""
    back = travel(value, declared)
    assert back == value
    assert type(back) is type(value)


@given(st.datetimes(timezones=st.just(UTC)), st.timedeltas())
def test_times_keep_their_microseconds(moment, span):
    """No moment and no duration loses precision."""
    assert travel(moment, datetime) == moment
    assert travel(span, timedelta) == span


def test_another_time_zone_becomes_utc():
    """A moment in another zone comes back as the same moment, in UTC."""
    moment = datetime(2020, 1, 31, 8, tzinfo=timezone(timedelta(hours=5)))
    back = travel(moment, datetime)
    assert (back, back.tzinfo) == (moment, UTC)


@given(st.floats())
def test_every_float_comes_back(number):
    """Numbers without a JSON word too: not a number, and the infinities."""
    back = travel(number, float)
    assert back == number or (np.isnan(back) and np.isnan(number))


def test_dataclasses_of_a_union_are_tagged():
    """Two dataclasses look alike as JSON, so the arm's name goes along, and only there."""
    assert form_of(Circle | Square).encode(Circle(1.0)) == {"Circle": {"radius": 1.0}}
    assert form_of(Circle | None).encode(Circle(1.0)) == {"radius": 1.0}
    shapes = (Circle(1.0), Square(2.0))
    assert travel(shapes, tuple[Circle | Square, ...]) == shapes


@pytest.mark.parametrize("value", [timedelta(days=1), "1d", "P1D", None, Circle(1.0), (1, 2), [1, 2]])
def test_arms_that_look_alike_are_told_apart(value):
    """A duration and the text that it would be written as stay two things; so do tuples and lists."""
    declared = str | timedelta | None | Circle | tuple[int, ...] | list[int]
    back = travel(value, declared)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("value", ["nan", float("inf"), 2.5, "2.5", None])
def test_a_number_and_its_text_stay_apart(value):
    """A category named `nan` does not turn into a number."""
    assert travel(value, str | float | None) == value


def test_integers_and_texts_need_no_tag():
    """Arms that JSON tells apart by itself go bare."""
    assert form_of(tuple[str | int, ...]).encode(("a", 1)) == ["a", 1]


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.array([], dtype=np.int64),
        np.array([np.nan, -np.inf]),
        np.array(["ab", "c"]),
        np.array([True, False]),
        np.array(["2020-01-31"], dtype="datetime64[us]"),
        np.array(3.0),
        np.arange(10)[::3],
    ],
)
def test_arrays_keep_their_type_and_shape(array):
    """An array comes back with the same dtype, shape and values, and can be written to."""
    back = travel(array, np.ndarray)
    assert back.dtype == array.dtype
    assert back.flags.writeable
    np.testing.assert_array_equal(back, array)


def test_numpy_scalars_are_taken_for_plain_ones():
    """What numpy computes may stand where a plain number is declared; it is a plain number afterwards."""
    assert type(form_of(int).encode(np.int64(3))) is int
    assert type(form_of(float).encode(np.float32(0.5))) is float
    assert form_of(bool).encode(np.bool_(True)) is True


def test_fields_may_come_and_go():
    """A field added later takes its default; one that was dropped is passed over."""
    assert form_of(Square).decode({"side": 1.0, "colour": "red"}) == Square(1.0)


@pytest.mark.parametrize(
    ("value", "declared"),
    [
        ("1", int),
        (1, str),
        (1.5, int),
        ("1", bool),
        (Square(1.0), Circle),
        (3, Circle | Square),
        ((1,), tuple[int, int]),
        ("text", Sequence[str]),
    ],
)
def test_a_value_of_another_type_is_refused(value, declared):
    """What is not of its declared type is refused when it is written, not found out when it is read."""
    with pytest.raises((TypeError, ValueError)):
        form_of(declared).encode(value)


def test_a_type_without_a_form_is_refused():
    """Sets have no order, so they have no form; arrays of objects would need a pickle."""
    with pytest.raises(TypeError, match="no form"):
        form_of(set[int])
    with pytest.raises(TypeError, match="objects"):
        form_of(np.ndarray).encode(np.array([object()]))


def test_two_arms_of_one_name_are_refused():
    """A tag that names two types would name neither."""
    with pytest.raises(TypeError, match="share a name"):
        form_of(tuple[int, ...] | tuple[str, ...])


def test_undeclared_values_go_by_what_they_are():
    """Plain values, numpy's, and records inside them."""
    given: Any = {"a": (np.int64(1), np.float64("nan")), "b": Circle(1.0), "c": [None, True, Colour.RED]}
    assert free(given) == {"a": [1, "nan"], "b": {"radius": 1.0}, "c": [None, True, "red"]}
