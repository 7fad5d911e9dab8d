"""The columnar form of a type: many values of it at once, a column for each of their fields.

`keepfit.adapters.wire_form` gives every value a form of its own; that is right for a record, and slow for the profiles of
forty features: there each step is taken once for a field, not once for a value. What a column looks like in MessagePack:

    whole numbers     a list when they are few; an array of the narrowest dtype that holds them otherwise
    fractions         a list when they are few; an array otherwise
    arrays            {dtype, flat, sizes or shapes}: all of them end to end, in one array
    a dataclass       {field: column}; read back, a missing field takes its default and an unknown one is passed over
    tuples, lists     {lengths, items}
    mappings          {lengths, keys, values}
    a union           {arms, which, columns}: the column of each arm that occurs, and which arm each value is of
    anything else     a list of the values' forms in `wire_form`

`keepfit.adapters.column_bytes` makes bytes of a column. Several columns of one type are read end to end: a day is
twenty-four columns of one window each.
"""

import dataclasses
import math
import operator
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any, Final, Union

import msgspec
import numpy as np
from numpy.typing import NDArray

from keepfit.adapters.column_bytes import is_packed, narrowed, unpack_array
from keepfit.adapters.columns import Apart, ColumnForm, Columns, Counts, end_to_end, ends_of
from keepfit.adapters.wire_form import Form, form_of
from keepfit.clock import EPOCH, utc

#: Fewer numbers are smaller, and sooner read, as a list.
_FEW: Final = 16

_MICROSECOND: Final = timedelta(microseconds=1)


@cache
def column_form(declared: Any) -> ColumnForm:
    """The columnar form of a type as it is declared.

    Raises:
        TypeError: there is none for this type.

    >>> form = column_form(tuple[int, ...])
    >>> form.encode([(1, 2), (), (3,)], Apart())
    {'lengths': [2, 0, 1], 'items': [1, 2, 3]}
    >>> form.decode({'lengths': [2, 0, 1], 'items': [1, 2, 3]}, 3, Apart())
    [(1, 2), (), (3,)]
    """
    origin = typing.get_origin(declared)
    if origin in (Union, types.UnionType):
        return _union(declared)
    if declared in _NUMBERS:
        return _NUMBERS[declared]
    kind = origin or declared
    if isinstance(declared, type) and dataclasses.is_dataclass(declared):
        return _own_first(declared, _record(declared))
    for known, make in _CONTAINERS:
        if isinstance(kind, type) and kind not in (str, bytes) and issubclass(kind, known):
            return _own_first(declared, make(declared))
    return _leaf(form_of(declared))


def _own_first(declared: Any, common: ColumnForm) -> ColumnForm:
    """The form of `Apart.forms` where it has one, and the common one for everything else."""

    def encode(values: Sequence[Any], apart: Apart) -> Any:
        own = apart.forms.get(declared)
        column = None if own is None else own.encode(values, apart)
        return common.encode(values, apart) if column is None else column

    def decode_all(columns: Columns, counts: Counts, apart: Apart) -> Sequence[Any]:
        own = apart.forms.get(declared)
        found = None if own is None else own.decode_all(columns, counts, apart)
        return common.decode_all(columns, counts, apart) if found is None else found

    return ColumnForm(encode=encode, decode_all=decode_all)


def _leaf(form: Form) -> ColumnForm:
    """Each value in the form that it has by itself."""

    def encode(values: Sequence[Any], _apart: Apart) -> Any:
        if form.bare is not None:
            with suppress(msgspec.ValidationError):  # numpy's scalars, which the slow way takes
                return msgspec.convert(values, list[form.bare])  # type: ignore[name-defined]
        return [form.encode(one) for one in values]

    def decode_all(columns: Columns, counts: Counts, _apart: Apart) -> Sequence[Any]:
        found = end_to_end(columns, counts)
        if form.bare is not None:
            return msgspec.convert(found, list[form.bare])  # type: ignore[name-defined]
        return [form.decode(one) for one in found]

    return ColumnForm(encode=encode, decode_all=decode_all)


def _numbers(
    code: str, number: Callable[[Any], Any], value: Callable[[Any], Any] | None = None
) -> ColumnForm:
    """Values that are one number each; `value` makes them of it again where they are not it."""

    def encode(values: Sequence[Any], _apart: Apart) -> Any:
        plain = [number(one) for one in values]
        if len(plain) >= _FEW:
            with suppress(OverflowError):  # beyond 64 bits, where a list is longer
                return narrowed(np.array(plain, np.dtype(code)))
        return plain

    def decode_all(columns: Columns, counts: Counts, _apart: Apart) -> Sequence[Any]:
        plain = end_to_end([unpack_array(one).tolist() if is_packed(one) else one for one in columns], counts)
        return plain if value is None else [value(one) for one in plain]

    return ColumnForm(encode=encode, decode_all=decode_all)


_NUMBERS: Final[dict[Any, ColumnForm]] = {
    int: _numbers("<i8", operator.index),
    float: _numbers("<f8", float),
    datetime: _numbers(
        "<i8", lambda at: (utc(at) - EPOCH) // _MICROSECOND, lambda since: EPOCH + since * _MICROSECOND
    ),
    timedelta: _numbers("<i8", lambda span: span // _MICROSECOND, lambda span: span * _MICROSECOND),
}


def _record(kind: type) -> ColumnForm:
    """A dataclass: a column for each field, or the places of values that are kept apart."""
    places = _NUMBERS[int]

    def encode(records: Sequence[Any], apart: Apart) -> Any:
        for one in records:
            if not isinstance(one, kind):
                raise TypeError(f"{one!r} is a {type(one).__name__}, not the declared {kind.__name__}")
        if kind in apart.kinds:
            return places.encode([apart.place(one) for one in records], apart)
        if not records:
            return {}  # a type that holds itself would have no end
        return {
            name: form.encode([getattr(one, name) for one in records], apart)
            for name, form in _fields(kind).items()
        }

    def decode_all(columns: Columns, counts: Counts, apart: Apart) -> Sequence[Any]:
        if kind in apart.kinds:
            return [apart.values[place] for place in places.decode_all(columns, counts, apart)]
        found: list[Any] = []
        held = [(column, count) for column, count in zip(columns, counts, strict=True) if count]
        # Another version wrote other fields: columns of one version stand beside each other.
        for names, some in groupby(held, lambda pair: pair[0].keys()):
            alike, sizes = zip(*some, strict=True)
            fields = {
                name: form.decode_all([column[name] for column in alike], sizes, apart)
                for name, form in _fields(kind).items()
                if name in names
            }
            found += _made(kind, fields, sum(sizes))
        return found

    return ColumnForm(encode=encode, decode_all=decode_all)


def _made(kind: type, columns: Mapping[str, Sequence[Any]], count: int) -> Sequence[Any]:
    """The records whose fields stand in columns."""
    if not columns:
        return [kind() for _ in range(count)]
    rows = zip(*columns.values(), strict=True)
    return [kind(**dict(zip(columns, row, strict=True))) for row in rows]


@cache
def _fields(kind: type) -> dict[str, ColumnForm]:
    """The forms of a dataclass's fields: looked up at first use, so that a type may hold itself."""
    hints = typing.get_type_hints(kind)
    return {one.name: column_form(hints[one.name]) for one in dataclasses.fields(kind) if one.init}


def _union(declared: Any) -> ColumnForm:
    """Values of one of several types: the column of each arm, by the name of the arm's type."""
    whole = form_of(declared)
    if whole.bare is not None:
        return _leaf(whole)
    arms = [form_of(arm) for arm in typing.get_args(declared)]
    columns = {arm.name: column_form(one) for arm, one in zip(arms, typing.get_args(declared), strict=True)}
    if len(columns) < len(arms):
        raise TypeError(f"two arms of {declared} share a name, so that nothing can tell them apart")

    def arm_of(value: Any) -> str:
        if (own := type(value).__name__) in columns:
            return own
        found = next((arm.name for arm in arms if arm.holds(value)), None)
        if found is None:
            raise TypeError(f"{value!r} is none of {declared}")
        return found

    def encode(values: Sequence[Any], apart: Apart) -> Any:
        names = [arm_of(one) for one in values]
        present = sorted(set(names))
        if len(present) < 2:
            return {"arms": present, "columns": [columns[name].encode(values, apart) for name in present]}
        parts = [[one for one, arm in zip(values, names, strict=True) if arm == name] for name in present]
        return {
            "arms": present,
            "which": _NUMBERS[int].encode([present.index(name) for name in names], apart),
            "columns": [columns[name].encode(part, apart) for name, part in zip(present, parts, strict=True)],
        }

    def decode_all(unions: Columns, counts: Counts, apart: Apart) -> Sequence[Any]:
        which = [_arms_of(one, count, apart) for one, count in zip(unions, counts, strict=True)]
        values = {
            name: columns[name].decode_all(some, many, apart)
            for name, (some, many) in _by_arm(unions, which).items()
        }
        if len(values) < 2:
            return next(iter(values.values()), [])
        each = {name: iter(some) for name, some in values.items()}
        return [next(each[name]) for names in which for name in names]

    return ColumnForm(encode=encode, decode_all=decode_all)


def _by_arm(unions: Columns, which: Sequence[Sequence[str]]) -> dict[str, tuple[list[Any], list[int]]]:
    """The columns of each arm, and how many values each of them holds."""
    found: dict[str, tuple[list[Any], list[int]]] = {}
    for union, names in zip(unions, which, strict=True):
        for name, column in zip(union["arms"], union["columns"], strict=True):
            some, many = found.setdefault(name, ([], []))
            some.append(column)
            many.append(names.count(name))
    return found


def _arms_of(union: Any, count: int, apart: Apart) -> list[str]:
    """The name of each value's arm."""
    arms: list[str] = union["arms"]
    if len(arms) < 2:
        return arms * count
    return [arms[place] for place in _NUMBERS[int].decode(union["which"], count, apart)]


def _sequence(declared: Any) -> ColumnForm:
    """`tuple[T, ...]`, `list[T]`, or `Sequence[T]`, which comes back as a tuple; other tuples go to `_fixed`."""
    kind: type = typing.get_origin(declared) or declared
    inner = typing.get_args(declared) or (object, ...)
    if hasattr(kind, "_fields"):
        hints = typing.get_type_hints(kind)
        return _fixed([hints[name] for name in kind._fields], lambda row: kind(*row))
    if issubclass(kind, tuple) and inner[-1] is not ...:
        return _fixed([one for one in inner if one != ()], tuple)
    items, lengths = column_form(inner[0]), _NUMBERS[int]
    many: Callable[[Sequence[Any]], Any] = list if issubclass(kind, list) else tuple

    def encode(values: Sequence[Any], apart: Apart) -> Any:
        if any(isinstance(one, (str, bytes)) for one in values):
            raise TypeError(f"a text is not the declared {declared}")
        return {
            "lengths": lengths.encode([len(one) for one in values], apart),
            "items": items.encode([item for one in values for item in one], apart),
        }

    def decode_all(columns: Columns, counts: Counts, apart: Apart) -> Sequence[Any]:
        each, sizes = _lengths(columns, counts, apart)
        flat = items.decode_all([one["items"] for one in columns], sizes, apart)
        return [many(flat[start:end]) for start, end in ends_of(each)]

    return ColumnForm(encode=encode, decode_all=decode_all)


def _lengths(columns: Columns, counts: Counts, apart: Apart) -> tuple[Sequence[int], list[int]]:
    """How many items each value has, and how many those of each column have together."""
    each = _NUMBERS[int].decode_all([one["lengths"] for one in columns], counts, apart)
    return each, [sum(each[start:end]) for start, end in ends_of(counts)]


def _fixed(inner: Sequence[Any], build: Callable[[Sequence[Any]], Any]) -> ColumnForm:
    """`tuple[A, B]`, or a named tuple: a column for each place."""
    forms = [column_form(one) for one in inner]

    def encode(values: Sequence[Any], apart: Apart) -> Any:
        rows = list(zip(*values, strict=True)) if values else [()] * len(forms)
        return [form.encode(row, apart) for form, row in zip(forms, rows, strict=True)]

    def decode_all(columns: Columns, counts: Counts, apart: Apart) -> Sequence[Any]:
        if not forms:
            return [build(()) for _ in range(sum(counts))]
        parts = [
            form.decode_all(some, counts, apart)
            for form, some in zip(forms, zip(*columns, strict=True), strict=True)
        ]
        rows = zip(*parts, strict=True)
        return list(rows) if build is tuple else [build(row) for row in rows]

    return ColumnForm(encode=encode, decode_all=decode_all)


def _mapping(declared: Any) -> ColumnForm:
    """Mappings, read back as dicts, in order."""
    key, value = (column_form(one) for one in typing.get_args(declared) or (str, object))
    lengths = _NUMBERS[int]

    def encode(values: Sequence[Mapping[Any, Any]], apart: Apart) -> Any:
        return {
            "lengths": lengths.encode([len(one) for one in values], apart),
            "keys": key.encode([name for one in values for name in one], apart),
            "values": value.encode([item for one in values for item in one.values()], apart),
        }

    def decode_all(columns: Columns, counts: Counts, apart: Apart) -> Sequence[Any]:
        each, sizes = _lengths(columns, counts, apart)
        keys = key.decode_all([one["keys"] for one in columns], sizes, apart)
        items = value.decode_all([one["values"] for one in columns], sizes, apart)
        return [dict(zip(keys[start:end], items[start:end], strict=True)) for start, end in ends_of(each)]

    return ColumnForm(encode=encode, decode_all=decode_all)


def _arrays(declared: Any) -> ColumnForm:
    """Numpy arrays of plain numbers or texts, end to end where they are of one dtype; read back, they are views of it."""
    each, shapes, sizes = form_of(declared), column_form(tuple[int, ...]), _NUMBERS[int]

    def encode(values: Sequence[NDArray[Any]], apart: Apart) -> Any:
        if len({one.dtype.str for one in values}) != 1 or values[0].dtype.hasobject:
            return {"each": [each.encode(one) for one in values]}
        flat = np.concatenate([one.reshape(-1) for one in values])
        column = {"dtype": flat.dtype.str, "flat": narrowed(flat)}
        if all(one.ndim == 1 for one in values):
            return column | {"sizes": sizes.encode([one.size for one in values], apart)}
        return column | {"shapes": shapes.encode([one.shape for one in values], apart)}

    def decode_all(columns: Columns, counts: Counts, apart: Apart) -> Sequence[Any]:
        found: list[NDArray[Any]] = []
        for layout, some in groupby(zip(columns, counts, strict=True), lambda pair: _layout(pair[0])):
            alike, many = zip(*some, strict=True)
            told = [column[layout] for column in alike]
            if layout == "each":
                found += [each.decode(one) for one in end_to_end(told, many)]
                continue
            form = sizes if layout == "sizes" else shapes
            extents = form.decode_all(told, many, apart)
            for column, (start, end) in zip(alike, ends_of(many), strict=True):
                found += _views(column, extents[start:end])
        return found

    return ColumnForm(encode=encode, decode_all=decode_all)


def _layout(arrays: Any) -> str:
    """How a column says where each of its arrays ends."""
    return next(name for name in ("each", "sizes", "shapes") if name in arrays)


def _views(column: Any, extents: Sequence[Any]) -> list[NDArray[Any]]:
    """The arrays of these sizes, or shapes, that lie end to end in a column."""
    flat = unpack_array(column["flat"]).astype(np.dtype(column["dtype"]), copy=False)
    flat.flags.writeable = False
    ends = ends_of([one if isinstance(one, int) else math.prod(one) for one in extents])
    if flat.size != (ends[-1][1] if ends else 0):
        raise ValueError(f"{flat.size} numbers are no arrays of {extents}")
    return [flat[start:end].reshape(one) for (start, end), one in zip(ends, extents, strict=True)]


_CONTAINERS: Final[tuple[tuple[type, Callable[[Any], ColumnForm]], ...]] = (
    (np.ndarray, _arrays),
    (tuple, _sequence),
    (list, _sequence),
    (Mapping, _mapping),
    (Sequence, _sequence),
)
