"""keepfit's records as JSON or MessagePack, and back: driven by what their dataclasses declare."""

from typing import Any, TypeVar, overload

import msgspec

from keepfit.adapters.wire_form import form_of, free
from keepfit.errors import DataError

T = TypeVar("T")

_UNREADABLE = (ValueError, TypeError, KeyError, StopIteration, msgspec.MsgspecError)


def to_json(value: Any, declared: Any = None) -> bytes:
    """A value as JSON.

    Args:
        value: a dataclass, or plain values, tuples and mappings of them.
        declared: the type to read it as later, needed where a bare value belongs to a union (a release gate):
            the tag that tells the arms apart is only written where a union is declared.

    Raises:
        TypeError: it is not of its declared type, or of a type that the codec has no form for.

    >>> from keepfit.clock import EPOCH, Window
    >>> to_json({"window": Window(EPOCH, EPOCH)})
    b'{"window":{"start":"1970-01-01T00:00:00+00:00","end":"1970-01-01T00:00:00+00:00"}}'
    """
    return msgspec.json.encode(_plain(value, declared))


@overload
def from_json(data: bytes | str, declared: type[T]) -> T: ...
@overload
def from_json(data: bytes | str, declared: Any) -> Any: ...
def from_json(data: bytes | str, declared: Any) -> Any:
    """The value that `to_json` wrote.

    Raises:
        DataError: the text is not of this type.

    >>> from_json(b'{"start":"1970-01-01","end":"1970-01-02"}', dict[str, str])["end"]
    '1970-01-02'
    """
    try:
        return form_of(declared).decode(msgspec.json.decode(data))
    except _UNREADABLE as error:
        raise _unreadable(declared, error) from error


def pack(value: Any, declared: Any = None) -> bytes:
    """A value as MessagePack: smaller than JSON where there are arrays. Raises like `to_json`.

    >>> unpack(pack((1, 2)), tuple[int, ...])
    (1, 2)
    """
    return msgspec.msgpack.encode(_plain(value, declared))


@overload
def unpack(data: bytes, declared: type[T]) -> T: ...
@overload
def unpack(data: bytes, declared: Any) -> Any: ...
def unpack(data: bytes, declared: Any) -> Any:
    """The value that `pack` wrote. Raises like `from_json`."""
    try:
        return form_of(declared).decode(msgspec.msgpack.decode(data))
    except _UNREADABLE as error:
        raise _unreadable(declared, error) from error


def _plain(value: Any, declared: Any) -> Any:
    return free(value) if declared is None else form_of(declared).encode(value)


def _unreadable(declared: Any, error: Exception) -> DataError:
    name = getattr(declared, "__name__", str(declared))
    return DataError(
        f"a stored value cannot be read as {name}: {error!r}",
        hint="it was altered, or written by another version of keepfit",
    )
