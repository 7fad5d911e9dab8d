"""The wire form of a type: what its values look like as JSON values, and the way back.

Types are read from the declarations of dataclasses. Two arms of a union that look alike as JSON (two dataclasses,
a text and a duration) are told apart by a tag, `{"Shadow": {…}}`; arms that do not look alike carry none.
Numbers that JSON has no word for are the texts `nan`, `inf` and `-inf`; datetimes are UTC; durations are ISO 8601.
"""

import base64
import dataclasses
import math
import operator
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union

import msgspec
import numpy as np

from keepfit.clock import utc

NULL, BOOL, NUMBER, TEXT, LIST, MAP, ANY = "null", "bool", "number", "text", "list", "map", "any"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How the values of one type travel.

    Attributes:
        name: the type's name: the tag of a union's arm.
        looks: what JSON sees: `null`, `bool`, `number`, `text`, `list`, `map`, `any`.
        holds: whether a value is of the type.
        encode: the value as None, bool, int, float, str, list, dict or bytes.
        decode: the value again. Raises ValueError, TypeError, KeyError or msgspec's ValidationError.
        bare: the type under which msgspec reads a value that travels as it is; None for one that does not. Long
            sequences of such values are left to msgspec: a feature may have thousands of categories.
    """

    name: str
    looks: frozenset[str]
    holds: Callable[[Any], bool]
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    bare: Any = None


@cache
def form_of(declared: Any) -> Form:
    """The form of a type as it is declared.

    Raises:
        TypeError: there is none for this type.
    """
    origin = typing.get_origin(declared)
    if origin in (Union, types.UnionType):
        return _union(declared)
    if origin is Literal:
        return _leaf(declared, "literal", TEXT, str)
    if declared in _LEAVES:
        return _LEAVES[declared]
    if isinstance(declared, type) and issubclass(declared, Enum):
        return _enum(declared)
    if isinstance(declared, type) and dataclasses.is_dataclass(declared):
        return _record(declared)
    for known, make in _CONTAINERS:
        if isinstance(origin or declared, type) and issubclass(origin or declared, known):
            return make(declared)
    raise TypeError(f"the codec has no form for {declared!r}: declare a dataclass, an enum, or a plain type")


def free(value: Any) -> Any:
    """The form of a value whose type nobody declared: by what it is.

    Raises:
        TypeError: it is nothing that can be stored.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): free(one) for key, one in value.items()}
    if isinstance(value, np.generic):
        return free(value.item())
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [free(one) for one in value]
    kind: Any = Path if isinstance(value, Path) else type(value)
    return form_of(kind).encode(value)


def _leaf(declared: Any, name: str, looks: str, kind: type) -> Form:
    """A type that msgspec reads, and whose values go as they are."""
    return Form(
        name=name,
        looks=frozenset({looks}),
        holds=lambda value: isinstance(value, kind),
        encode=lambda value: _checked(value, kind),
        decode=lambda data: msgspec.convert(data, declared),
    )


def _encode_bool(value: Any) -> bool:
    return bool(value) if isinstance(value, np.bool_) else bool(_checked(value, bool))


def _checked(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is a {type(value).__name__}, not the declared {kind.__name__}")
    return value


def _encode_float(value: float) -> float | str:
    number = float(value)
    return number if math.isfinite(number) else str(number)


def _decode_bytes(data: str | bytes) -> bytes:
    """Bytes as MessagePack has them; JSON has their base64."""
    return data if isinstance(data, bytes) else base64.b64decode(data, validate=True)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_LEAVES: dict[Any, Form] = {
    type(None): _leaf(None, "null", NULL, type(None)),
    Path: Form(
        name="path",
        looks=frozenset({TEXT}),
        holds=lambda value: isinstance(value, Path),
        encode=str,
        decode=Path,
    ),
    bool: Form(
        name="bool",
        looks=frozenset({BOOL}),
        holds=lambda value: isinstance(value, (bool, np.bool_)),
        encode=_encode_bool,
        decode=lambda data: msgspec.convert(data, bool),
        bare=bool,
    ),
    str: Form(
        name="str",
        looks=frozenset({TEXT}),
        holds=lambda value: isinstance(value, str),
        encode=lambda value: str(_checked(value, str)),
        decode=lambda data: msgspec.convert(data, str),
        bare=str,
    ),
    int: Form(
        name="int",
        looks=frozenset({NUMBER}),
        holds=lambda value: isinstance(value, (int, np.integer)) and not isinstance(value, bool),
        encode=operator.index,
        decode=lambda data: msgspec.convert(data, int),
        bare=int,
    ),
    float: Form(
        name="float",
        looks=frozenset({NUMBER, TEXT}),
        holds=_is_number,
        encode=_encode_float,
        decode=float,
    ),
    bytes: Form(
        name="bytes",
        looks=frozenset({TEXT}),
        holds=lambda value: isinstance(value, bytes),
        encode=lambda value: value,
        decode=_decode_bytes,
    ),
    datetime: Form(
        name="datetime",
        looks=frozenset({TEXT}),
        holds=lambda value: isinstance(value, datetime),
        encode=lambda value: utc(value).isoformat(),
        decode=lambda data: utc(datetime.fromisoformat(data)),
    ),
    timedelta: Form(
        name="timedelta",
        looks=frozenset({TEXT}),
        holds=lambda value: isinstance(value, timedelta),
        encode=lambda value: msgspec.to_builtins(_checked(value, timedelta)),
        decode=lambda data: msgspec.convert(data, timedelta),
    ),
    object: Form(
        name="object", looks=frozenset({ANY}), holds=lambda _: True, encode=free, decode=lambda data: data
    ),
}
_LEAVES[Any] = _LEAVES[object]


def _enum(kind: type[Enum]) -> Form:
    texts = all(isinstance(member.value, str) for member in kind)
    return Form(
        name=kind.__name__,
        looks=frozenset({TEXT if texts else NUMBER}),
        holds=lambda value: isinstance(value, kind),
        encode=lambda value: _checked(value, kind).value,
        decode=kind,
    )


def _record(kind: type) -> Form:
    """A dataclass: a map of its fields; a field that is missing takes its default, one that is unknown is passed over."""

    def encode(value: Any) -> dict[str, Any]:
        _checked(value, kind)
        return {name: form.encode(getattr(value, name)) for name, form in _fields(kind).items()}

    def decode(data: Any) -> Any:
        forms = _fields(kind)
        given = msgspec.convert(data, dict[str, Any])
        return kind(**{name: forms[name].decode(one) for name, one in given.items() if name in forms})

    return Form(
        name=kind.__name__,
        looks=frozenset({MAP}),
        holds=lambda value: isinstance(value, kind),
        encode=encode,
        decode=decode,
    )


@cache
def _fields(kind: type) -> dict[str, Form]:
    """The forms of a dataclass's fields: looked up at first use, so that a type may hold itself."""
    hints = typing.get_type_hints(kind)
    return {field.name: form_of(hints[field.name]) for field in dataclasses.fields(kind) if field.init}


def _union(declared: Any) -> Form:
    """A value of one of several types: tagged where two of them look alike."""
    arms = [form_of(arm) for arm in typing.get_args(declared)]
    tagged = _ambiguous(arms)
    names = [arm.name for arm in tagged]
    if len(set(names)) < len(names):
        raise TypeError(f"two arms of {declared} share a name, so that no tag can tell them apart")

    def encode(value: Any) -> Any:
        arm = _arm_of(value, arms, declared)
        return {arm.name: arm.encode(value)} if arm in tagged else arm.encode(value)

    def decode(data: Any) -> Any:
        if tagged and isinstance(data, dict):
            ((name, inner),) = data.items()
            return tagged[names.index(name)].decode(inner)
        arm = next(arm for arm in arms if arm not in tagged and arm.looks & {_look(data), ANY})
        return arm.decode(data)

    return Form(
        name="union",
        looks=frozenset({MAP} if tagged else ()).union(*(arm.looks for arm in arms)),
        holds=lambda value: any(arm.holds(value) for arm in arms),
        encode=encode,
        decode=decode,
        bare=declared if all(arm.bare for arm in arms) else None,
    )


def _ambiguous(arms: list[Form]) -> list[Form]:
    """The arms that need a tag: those that look like another; and with any tag about, those that look like a tag."""
    alike = [arm for arm in arms if any(other is not arm and arm.looks & other.looks for other in arms)]
    return [arm for arm in arms if arm in alike or MAP in arm.looks] if alike else []


def _arm_of(value: Any, arms: list[Form], declared: Any) -> Form:
    """The arm that a value belongs to: the one of its very own type before one that merely accepts it."""
    own = [arm for arm in arms if arm.name == type(value).__name__]
    found = next((arm for arm in (*own, *arms) if arm.holds(value)), None)
    if found is None:
        raise TypeError(f"{value!r} is none of {declared}")
    return found


def _look(data: Any) -> str:
    if data is None:
        return NULL
    for kind, look in ((bool, BOOL), ((int, float), NUMBER), ((str, bytes), TEXT), (dict, MAP)):
        if isinstance(data, kind):
            return look
    return LIST


def _sequence(declared: Any) -> Form:
    """`tuple[T, ...]`, `list[T]`, or `Sequence[T]`, which comes back as a tuple; other tuples go to `_fixed`."""
    kind: type = typing.get_origin(declared) or declared
    inner = typing.get_args(declared) or (object, ...)
    if issubclass(kind, tuple) and inner[-1] is not ...:
        return _fixed(kind, typing.get_args(declared), tuple)
    if hasattr(kind, "_fields"):
        hints = typing.get_type_hints(kind)
        return _fixed(kind, [hints[name] for name in kind._fields], lambda values: kind(*values))
    each = form_of(inner[0])
    many: Any = list if issubclass(kind, list) else tuple

    def holds(value: Any) -> bool:
        return isinstance(value, kind) and not isinstance(value, (str, bytes))

    def encode(values: Any) -> Any:
        if isinstance(values, (str, bytes)):
            raise TypeError(f"{values!r} is a text, not the declared {declared}")
        if each.bare is not None:
            with suppress(msgspec.ValidationError):  # numpy's scalars, which the slow way takes
                return msgspec.convert(values, list[each.bare])  # type: ignore[name-defined]
        return [each.encode(one) for one in values]

    def decode(data: Any) -> Any:
        if each.bare is not None:
            return many(msgspec.convert(data, list[each.bare]))  # type: ignore[name-defined]
        return many([each.decode(one) for one in msgspec.convert(data, list[Any])])

    return Form(
        name=kind.__name__,
        looks=frozenset({LIST}),
        holds=holds,
        encode=encode,
        decode=decode,
    )


def _fixed(kind: type, inner: Sequence[Any], build: Callable[[list[Any]], Any]) -> Form:
    """`tuple[A, B]`, or a named tuple."""
    forms = [form_of(one) for one in inner if one != ()]
    return Form(
        name=kind.__name__,
        looks=frozenset({LIST}),
        holds=lambda value: isinstance(value, kind),
        encode=lambda value: [form.encode(one) for form, one in zip(forms, value, strict=True)],
        decode=lambda data: build([form.decode(one) for form, one in zip(forms, data, strict=True)]),
    )


def _mapping(declared: Any) -> Form:
    """A mapping: a JSON object where the keys are texts, a list of pairs otherwise; read back as a dict, in order."""
    key, value = (form_of(one) for one in typing.get_args(declared) or (str, object))
    by_text = key.looks == {TEXT}

    def encode(given: Mapping[Any, Any]) -> Any:
        pairs = ((key.encode(k), value.encode(v)) for k, v in given.items())
        return dict(pairs) if by_text else [list(pair) for pair in pairs]

    def decode(data: Any) -> dict[Any, Any]:
        return {key.decode(k): value.decode(v) for k, v in (data.items() if by_text else data)}

    return Form(
        name="dict",
        looks=frozenset({MAP if by_text else LIST}),
        holds=lambda given: isinstance(given, Mapping),
        encode=encode,
        decode=decode,
    )


def _array(_declared: Any) -> Form:
    """A numpy array of plain numbers or texts: its type, its shape, and its bytes."""

    def encode(array: np.ndarray[Any, Any]) -> dict[str, Any]:
        if array.dtype.hasobject:
            raise TypeError("an array of Python objects cannot be stored: give it a numpy dtype")
        return {"dtype": array.dtype.str, "shape": list(array.shape), "data": array.tobytes()}

    def decode(data: Any) -> np.ndarray[Any, Any]:
        flat = np.frombuffer(_decode_bytes(data["data"]), dtype=np.dtype(data["dtype"]))
        return flat.reshape(data["shape"]).copy()

    return Form(
        name="ndarray",
        looks=frozenset({MAP}),
        holds=lambda value: isinstance(value, np.ndarray),
        encode=encode,
        decode=decode,
    )


_CONTAINERS: tuple[tuple[type, Callable[[Any], Form]], ...] = (
    (np.ndarray, _array),
    (tuple, _sequence),
    (list, _sequence),
    (Mapping, _mapping),
    (Sequence, _sequence),
)
