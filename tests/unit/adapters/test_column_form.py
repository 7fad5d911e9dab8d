"""How a column of each kind of type travels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any, Literal, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.adapters.column_bytes import read_column, write_column
from keepfit.adapters.column_form import column_form
from keepfit.adapters.columns import Apart, OwnForm
from keepfit.clock import EPOCH, Window


class Colour(Enum):
    """An enum of texts."""

    RED = "red"
    BLUE = "blue"


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


@dataclass(frozen=True, slots=True)
class Nothing:
    """A type without a field."""


@dataclass(frozen=True, slots=True)
class Everything:
    """A record of records."""

    shapes: Mapping[str, Circle | Square | None] = field(default_factory=dict)
    trees: tuple[Tree, ...] = ()
    at: datetime = EPOCH


def there_and_back(declared: Any, values: Sequence[Any]) -> list[Any]:
    """The values, through MessagePack as it is on disk."""
    form = column_form(declared)
    packed = write_column(form.encode(values, Apart()))
    return list(form.decode(read_column(packed), len(values), Apart()))


MANY = range(-20, 300, 7)
MOMENT = datetime(2020, 1, 31, 8, 30, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("declared", "values"),
    [
        (int, [1, -2]),
        (int, list(MANY)),
        (int, [2**62, *MANY]),
        (int, [2**63, *MANY]),
        (float, [1.5, float("inf"), -0.0]),
        (float, [number / 7 for number in MANY]),
        (bool, [True, False]),
        (str, ["é", ""]),
        (bytes, [b"\x00", b""]),
        (type(None), [None, None]),
        (int | None, [1, None, 3]),
        (int | None, [None, None]),
        (float | None, [1.5, None] * 20),
        (str | int, ["1", 1, "x"]),
        (datetime, [MOMENT, EPOCH - timedelta(microseconds=1)]),
        (datetime, [EPOCH + number * timedelta(days=1) for number in MANY]),
        (timedelta, [timedelta(days=-1, microseconds=3), timedelta(0)]),
        (Window, [Window(EPOCH, MOMENT)] * 3),
        (Colour, [Colour.RED, Colour.BLUE]),
        (Literal["a", "b"], ["a", "b"]),
        (Circle | Square, [Circle(1.0), Square(2.0), Circle(3.0)]),
        (Circle | Square | None, [None, Square(2.0, "s"), None]),
        (Nothing, [Nothing(), Nothing()]),
        (Tree, [Tree(1, (Tree(2, (Tree(3),)), Tree(4))), Tree(5)]),
        (tuple[int, ...], [(1, 2), (), (3,)]),
        (list[float], [[1.0], []]),
        (Sequence[str], [("a",), ("b", "c")]),
        (tuple[str, int], [("a", 1), ("b", 2)]),
        (tuple[tuple[str | int, int], ...], [(("a", 1), (7, 2)), ()]),
        (tuple[()], [(), ()]),
        (Pair, [Pair(1.0, 2.0)]),
        (Mapping[str, int], [{"b": 1, "a": 2}, {}]),
        (Mapping[int, tuple[int, ...]], [{1: (2, 3)}, {4: ()}]),
        (Mapping[str, Circle | Square], [{"x": Circle(1.0), "y": Square(2.0)}]),
        (object, [{"a": [1, None]}, "x"]),
        (Everything, [Everything(), Everything({"a": None, "b": Circle(1.0)}, (Tree(1),), MOMENT)]),
    ],
)
def test_values_come_back(declared, values):
    """Each kind of type, its values and their order; and a column without any."""
    back = there_and_back(declared, values)
    assert back == values
    assert [type(one) for one in back] == [type(one) for one in values]
    assert there_and_back(declared, []) == []


def test_what_is_no_number_survives():
    """Not-a-number and the sign of nought, among few and among many."""
    for many in (1, 30):
        back = there_and_back(float, [float("nan"), -0.0] * many)
        assert np.isnan(back[0])
        assert np.signbit(back[1])


def test_times_come_back_in_utc():
    """A moment of another zone is the same moment."""
    there = MOMENT.astimezone(timezone(timedelta(hours=9)))
    (back,) = there_and_back(datetime, [there])
    assert (back, back.tzinfo) == (MOMENT, UTC)


@pytest.mark.parametrize(
    "arrays",
    [
        [np.arange(3), np.array([], np.int64), np.array([-1])],
        [np.array([2**63 - 1, -(2**63)])],
        [np.array([1.5, np.nan, -np.inf]), np.array([0.1])],
        [np.ones((2, 3)), np.zeros((0, 4)), np.array(7.0)],
        [np.array(["a", "bcd"])],
        [np.array([1]), np.array([1.5])],
        [np.array([1], np.int32), np.array([300], np.int32)],
        [np.array([2**64 - 1], np.uint64)],
        [np.array([True, False])],
        [np.array([1.0, 2.0], np.float32)[::-1]],
        [np.asfortranarray(np.arange(6).reshape(2, 3))],
    ],
)
def test_arrays_come_back_to_the_last_bit(arrays):
    """Values, dtype and shape, of one dtype or of several."""
    back = there_and_back(np.ndarray, arrays)
    for one, was in zip(back, arrays, strict=True):
        assert (one.dtype, one.shape, one.tobytes()) == (was.dtype, was.shape, was.tobytes())
    assert there_and_back(np.ndarray, []) == []


def test_arrays_of_one_dtype_cannot_be_written_to():
    """They are views of one array, shared by whoever reads them."""
    for dtype in (np.int64, np.float64):
        first, _ = there_and_back(np.ndarray, [np.ones(2, dtype), np.ones(3, dtype)])
        with pytest.raises(ValueError, match="read-only"):
            first[0] = 2


def test_later_fields_take_their_defaults_and_unknown_ones_are_passed_over():
    """What was written before a field was added, and after one was."""
    form = column_form(Square)
    assert form.decode({"side": [1.0, 2.0], "colour": ["red"] * 2}, 2, Apart()) == [Square(1.0), Square(2.0)]
    assert column_form(Everything).decode({}, 2, Apart()) == [Everything(), Everything()]
    with pytest.raises(TypeError, match="side"):
        form.decode({"name": ["a"]}, 1, Apart())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), max_size=4), min_size=1, max_size=4), st.sampled_from([1, 40]))
def test_columns_are_read_end_to_end(parts, trees):
    """Those of twenty-four windows as if they were one; arrays, texts and records in unions among them."""
    shapes = [Circle(2.0), Square(1.0, "é"), None, Square(3.0), None, Circle(0.5)]
    records = [
        [Everything({"a": shapes[one]} if one else {}, tuple([Tree(one)] * trees)) for one in part]
        for part in parts
    ]
    form = column_form(Everything)
    columns = [read_column(write_column(form.encode(part, Apart()))) for part in records]
    found = form.decode_all(columns, [len(part) for part in parts], Apart())
    assert list(found) == [one for part in records for one in part]


def test_arrays_of_several_columns_are_read_end_to_end():
    """Flat ones, others, and those of types that numbers are not stored in."""
    arrays = [[np.arange(3.0)], [np.ones((2, 2))], [np.array(["é"]), np.array([True])], []]
    form = column_form(np.ndarray)
    columns = [read_column(write_column(form.encode(some, Apart()))) for some in arrays]
    found = form.decode_all(columns, [len(some) for some in arrays], Apart())
    for one, was in zip(found, [one for some in arrays for one in some], strict=True):
        assert (one.dtype, one.tolist()) == (was.dtype, was.tolist())


def test_columns_of_different_versions_are_read_end_to_end():
    """Each with the fields that its version knew, in their order."""
    columns = [{"side": [1.0], "name": ["a"]}, {"side": [2.0]}, {"side": [3.0], "mood": ["good"]}]
    found = column_form(Square).decode_all(columns, [1, 1, 1], Apart())
    assert found == [Square(1.0, "a"), Square(2.0), Square(3.0)]


@pytest.mark.parametrize("sides", [([1.0, 2.0], []), ([], [1.0, 2.0])])
def test_a_column_that_is_too_short_takes_nothing_of_the_next(sides):
    """As many values in all, but not as many in each."""
    with pytest.raises(ValueError, match="where 1 were stored"):
        column_form(Square).decode_all([{"side": side} for side in sides], [1, 1], Apart())


def test_arrays_that_were_cut_short_are_refused():
    """What is missing of the last one would go unseen."""
    column = column_form(np.ndarray).encode([np.arange(3), np.arange(2)], Apart())
    with pytest.raises(ValueError, match="4 numbers are no arrays"):
        column_form(np.ndarray).decode(column | {"flat": column["flat"][:-1]}, 2, Apart())


def test_a_type_may_travel_in_a_form_of_its_own():
    """Where that gives None, it travels as every other."""
    own = OwnForm(
        encode=lambda values, _: [one.side for one in values] if len(values) == 1 else None,
        decode_all=lambda columns, _counts, _apart: (
            [Square(side) for some in columns for side in some] if isinstance(columns[0], list) else None
        ),
    )
    form, apart = column_form(Square), Apart(forms={Square: own})
    one, two = [Square(1.0)], [Square(1.0), Square(2.0, "b")]
    assert form.encode(one, apart) == [1.0]
    assert form.decode([1.0], 1, apart) == one
    assert form.decode(form.encode(two, apart), 2, apart) == two


def test_some_values_are_kept_apart_once():
    """Equal ones are one; read again they are one object."""
    form, apart = column_form(Mapping[str, Circle | Square]), Apart(kinds=frozenset({Circle}))
    values = [{"a": Circle(1.0), "b": Square(2.0)}, {"c": Circle(2.0), "d": Circle(1.0)}]
    column = form.encode(values, apart)
    assert apart.values == [Circle(1.0), Circle(2.0)]
    first, second = form.decode(column, 2, Apart(kinds=apart.kinds, values=apart.values))
    assert [first, second] == values
    assert first["a"] is second["d"]


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (int, 1.5),
        (str, 1),
        (bool, 1),
        (Circle, Square(1.0)),
        (Circle | None, Square(1.0)),
        (Circle | Square, 1.0),
        (tuple[str, ...], "text"),
        (np.ndarray, np.array([object()])),
    ],
)
def test_a_value_of_another_type_is_refused(declared, value):
    """Before it is on disk, not when it is read."""
    with pytest.raises(TypeError):
        column_form(declared).encode([value], Apart())


def test_a_type_without_a_form_is_named():
    """The error says which, and what can be declared instead."""
    with pytest.raises(TypeError, match=r"no form for .*complex"):
        column_form(complex)


def test_two_arms_of_one_name_are_refused():
    """Nothing could tell them apart."""
    other = dataclass(type("Circle", (), {"__annotations__": {"side": int}}))
    with pytest.raises(TypeError, match="share a name"):
        column_form(Circle | other)


SHAPES = st.one_of(
    st.none(),
    st.builds(Circle, st.floats(allow_nan=False)),
    st.builds(Square, st.floats(allow_nan=False), st.text()),
)
TREES = st.recursive(
    st.builds(Tree, st.integers(-(2**70), 2**63 - 1).filter(lambda n: n >= -(2**63))),
    lambda inner: st.builds(Tree, st.integers(-5, 300), st.lists(inner, max_size=4).map(tuple)),
    max_leaves=30,
)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.builds(
            Everything, st.dictionaries(st.text(), SHAPES, max_size=4), st.lists(TREES, max_size=3).map(tuple)
        ),
        max_size=4,
    )
)
def test_any_records_come_back(records):
    """Whatever they hold."""
    assert there_and_back(Everything, records) == records
