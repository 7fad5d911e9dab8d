"""The columnar form of a type: many values of it at once, a column for each of their fields.

`keepfit.adapters.wire_form` gives every value a form of its own; that is right for a record, and slow for the profiles of
forty features: there each step is taken once for a field, not once for a value. What a column looks like in MessagePack:

    whole numbers     a list when they are few; [dtype, bytes] in the narrowest dtype that holds them otherwise
    fractions         a list when they are few; ["<f8", bytes] otherwise
    arrays            {dtype, flat, sizes or shapes}: all of them end to end
    a dataclass       {field: column}; read back, a missing field takes its default and an unknown one is passed over
    tuples, lists     {lengths, items}
    mappings          {lengths, keys, values}
    a union           {arms, which, columns}: the column of each arm that occurs, and which arm each value is of
    anything else     a list of the values' forms in `wire_form`
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
from itertools import accumulate, pairwise
from typing import Any, Final, Union

import msgspec
import numpy as np
from numpy.typing import NDArray

from keepfit.adapters.wire_form import Form, form_of
from keepfit.clock import EPOCH, utc

#: Fewer numbers are smaller, and sooner read, as a list.
_FEW: Final = 16

_MICROSECOND: Final = timedelta(microseconds=1)
_WHOLE: Final = tuple(np.dtype(code) for code in ("<u1", "<i1", "<u2", "<i2", "<u4", "<i4", "<i8"))


@dataclasses.dataclass(slots=True)
class Apart:
    """Values of some types that are kept apart, each once: in a column stands their place in `values`.

    Attributes:
        kinds: the dataclasses, hashable, whose values are kept apart.
        values: these values; added to when columns are made.
        readers: mappings, by their declared type, that are read in a way of their own: from the column, how many values
            it holds, and these values to the mappings; or None for a column that is read like every other.
        known: what these remember from one column to the next.
    """

    kinds: frozenset[type] = frozenset()
    values: list[Any] = dataclasses.field(default_factory=list)
    readers: Mapping[Any, Callable[[Any, int, "Apart"], Sequence[Any] | None]] = dataclasses.field(
        default_factory=dict
    )
    known: dict[Any, Any] = dataclasses.field(default_factory=dict)
    _places: dict[Any, int] = dataclasses.field(default_factory=dict)

    def place(self, value: Any) -> int:
        """Where a value stands; it is added when it is new."""
        place = self._places.setdefault(value, len(self.values))
        if place == len(self.values):
            self.values.append(value)
        return place


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ColumnForm:
    """How a column of values of one type travels.

    Attributes:
        encode: values → the column, as MessagePack has it. Raises TypeError for a value of another type.
        decode: the column, and how many values it holds → the values. Raises ValueError, TypeError, KeyError,
            IndexError or msgspec's ValidationError.
    """

    encode: Callable[[Sequence[Any], Apart], Any]
    decode: Callable[[Any, int, Apart], Sequence[Any]]


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
        return _record(declared)
    for known, make in _CONTAINERS:
        if isinstance(kind, type) and kind not in (str, bytes) and issubclass(kind, known):
            return make(declared)
    return _leaf(form_of(declared))


def _leaf(form: Form) -> ColumnForm:
    """Each value in the form that it has by itself."""

    def encode(values: Sequence[Any], _apart: Apart) -> Any:
        if form.bare is not None:
            with suppress(msgspec.ValidationError):  # numpy's scalars, which the slow way takes
                return msgspec.convert(values, list[form.bare])  # type: ignore[name-defined]
        return [form.encode(one) for one in values]

    def decode(column: Any, _count: int, _apart: Apart) -> Sequence[Any]:
        if form.bare is not None:
            return msgspec.convert(column, list[form.bare])  # type: ignore[name-defined]
        return [form.decode(one) for one in column]

    return ColumnForm(encode=encode, decode=decode)


def _numbers(
    code: str, number: Callable[[Any], Any], value: Callable[[Any], Any] | None = None
) -> ColumnForm:
    """Values that are one number each; `value` makes them of it again where they are not it."""

    def encode(values: Sequence[Any], _apart: Apart) -> Any:
        plain = [number(one) for one in values]
        if len(plain) >= _FEW:
            with suppress(OverflowError):  # beyond 64 bits, where a list is longer
                return pack_array(np.array(plain, np.dtype(code)))
        return plain

    def decode(column: Any, _count: int, _apart: Apart) -> Sequence[Any]:
        packed = len(column) == 2 and isinstance(column[1], bytes)
        plain = unpack_array(column).tolist() if packed else column
        return plain if value is None else [value(one) for one in plain]

    return ColumnForm(encode=encode, decode=decode)


_NUMBERS: Final[dict[Any, ColumnForm]] = {
    int: _numbers("<i8", operator.index),
    float: _numbers("<f8", float),
    datetime: _numbers(
        "<i8", lambda at: (utc(at) - EPOCH) // _MICROSECOND, lambda since: EPOCH + since * _MICROSECOND
    ),
    timedelta: _numbers("<i8", lambda span: span // _MICROSECOND, lambda span: span * _MICROSECOND),
}


def pack_array(flat: NDArray[Any]) -> list[Any]:
    r"""The dtype and bytes of a flat array; whole numbers in the narrowest dtype that holds them.

    >>> pack_array(np.array([1, 300]))
    ['<u2', b'\x01\x00,\x01']
    """
    if flat.dtype.kind == "i" and flat.size:
        low, high = flat.min(), flat.max()
        fits = (one for one in _WHOLE if np.iinfo(one).min <= low and high <= np.iinfo(one).max)
        flat = flat.astype(next(fits))
    return [flat.dtype.str, flat.tobytes()]


def unpack_array(packed: Any) -> NDArray[Any]:
    """The array that `pack_array` was given, but for its dtype; it cannot be written to."""
    return np.frombuffer(packed[1], np.dtype(packed[0]))


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

    def decode(column: Any, count: int, apart: Apart) -> Sequence[Any]:
        if kind in apart.kinds:
            return [apart.values[place] for place in places.decode(column, count, apart)]
        if not count:
            return []
        columns = {
            name: form.decode(column[name], count, apart)
            for name, form in _fields(kind).items()
            if name in column
        }
        return _made(kind, columns, count)

    return ColumnForm(encode=encode, decode=decode)


def _made(kind: type, columns: Mapping[str, Sequence[Any]], count: int) -> Sequence[Any]:
    """The records whose fields stand in columns."""
    if count == 1:  # a window is one record of records
        return [kind(**{name: values[0] for name, values in columns.items()})]
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

    def decode(column: Any, count: int, apart: Apart) -> Sequence[Any]:
        forms = [columns[name] for name in column["arms"]]
        if len(forms) < 2:
            return forms[0].decode(column["columns"][0], count, apart) if forms else []
        which = _NUMBERS[int].decode(column["which"], count, apart)
        parts = [
            iter(form.decode(part, which.count(arm), apart))
            for arm, (form, part) in enumerate(zip(forms, column["columns"], strict=True))
        ]
        return [next(parts[arm]) for arm in which]

    return ColumnForm(encode=encode, decode=decode)


def _ends(lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Where each of some parts, laid end to end, begins and ends."""
    return list(pairwise(accumulate(lengths, initial=0)))


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

    def decode(column: Any, count: int, apart: Apart) -> Sequence[Any]:
        ends = _ends(lengths.decode(column["lengths"], count, apart))
        flat = items.decode(column["items"], ends[-1][1] if ends else 0, apart)
        return [many(flat[start:end]) for start, end in ends]

    return ColumnForm(encode=encode, decode=decode)


def _fixed(inner: Sequence[Any], build: Callable[[Sequence[Any]], Any]) -> ColumnForm:
    """`tuple[A, B]`, or a named tuple: a column for each place."""
    forms = [column_form(one) for one in inner]

    def encode(values: Sequence[Any], apart: Apart) -> Any:
        rows = list(zip(*values, strict=True)) if values else [()] * len(forms)
        return [form.encode(row, apart) for form, row in zip(forms, rows, strict=True)]

    def decode(column: Any, count: int, apart: Apart) -> Sequence[Any]:
        if not forms:
            return [build(()) for _ in range(count)]
        parts = [form.decode(one, count, apart) for form, one in zip(forms, column, strict=True)]
        rows = zip(*parts, strict=True)
        return list(rows) if build is tuple else [build(row) for row in rows]

    return ColumnForm(encode=encode, decode=decode)


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

    def decode(column: Any, count: int, apart: Apart) -> Sequence[Any]:
        reader = apart.readers.get(declared)
        if reader is not None and (found := reader(column, count, apart)) is not None:
            return found
        ends = _ends(lengths.decode(column["lengths"], count, apart))
        size = ends[-1][1] if ends else 0
        keys = key.decode(column["keys"], size, apart)
        items = value.decode(column["values"], size, apart)
        return [dict(zip(keys[start:end], items[start:end], strict=True)) for start, end in ends]

    return ColumnForm(encode=encode, decode=decode)


def _arrays(declared: Any) -> ColumnForm:
    """Numpy arrays of plain numbers or texts, end to end where they are of one dtype; read back, they are views of it."""
    each, shapes, sizes = form_of(declared), column_form(tuple[int, ...]), _NUMBERS[int]

    def encode(values: Sequence[NDArray[Any]], apart: Apart) -> Any:
        if len({one.dtype.str for one in values}) != 1 or values[0].dtype.hasobject:
            return {"each": [each.encode(one) for one in values]}
        flat = np.concatenate([one.reshape(-1) for one in values])
        column = {"dtype": flat.dtype.str, "flat": pack_array(flat)}
        if all(one.ndim == 1 for one in values):
            return column | {"sizes": sizes.encode([one.size for one in values], apart)}
        return column | {"shapes": shapes.encode([one.shape for one in values], apart)}

    def decode(column: Any, count: int, apart: Apart) -> Sequence[Any]:
        if "each" in column:
            return [each.decode(one) for one in column["each"]]
        flat = unpack_array(column["flat"]).astype(np.dtype(column["dtype"]), copy=False)
        flat.flags.writeable = False
        if "sizes" in column:
            return [flat[start:end] for start, end in _ends(sizes.decode(column["sizes"], count, apart))]
        found = shapes.decode(column["shapes"], count, apart)
        ends = _ends([math.prod(shape) for shape in found])
        return [flat[start:end].reshape(shape) for (start, end), shape in zip(ends, found, strict=True)]

    return ColumnForm(encode=encode, decode=decode)


_CONTAINERS: Final[tuple[tuple[type, Callable[[Any], ColumnForm]], ...]] = (
    (np.ndarray, _arrays),
    (tuple, _sequence),
    (list, _sequence),
    (Mapping, _mapping),
    (Sequence, _sequence),
)
