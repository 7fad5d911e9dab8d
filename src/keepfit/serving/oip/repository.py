"""The model repository extension: which models there are, and which of them are to be in memory."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from keepfit.errors import RequestError
from keepfit.serving.json_body import parse
from keepfit.serving.model_index import Entry, State

T = TypeVar("T")

#: The one parameter that does not ask for something else than what is released.
_UNLOAD: Final = "unload_dependents"


class _Index(msgspec.Struct):
    ready: bool = False


class _Change(msgspec.Struct):
    parameters: dict[str, Any] | None = None


def wants_ready(body: bytes) -> bool:
    """Whether an index is to have the versions alone that can answer.

    Raises:
        RequestError: the body is something else than the protocol's.

    >>> wants_ready(b""), wants_ready(b'{"ready": true}')
    (False, True)
    """
    return _read(body, _Index).ready


def check_change(body: bytes) -> None:
    """Refuse a request to load or unload that asks for what the releases alone decide. Raises RequestError.

    >>> check_change(b'{"parameters": {"unload_dependents": false}}')
    """
    check_parameters(_read(body, _Change).parameters or {})


def check_parameters(names: Iterable[str]) -> None:
    """Likewise, of the parameters' names: a model's configuration or files of one's own are not taken."""
    for name in names:
        if name != _UNLOAD:
            raise RequestError(
                f"the parameter '{name[:40]}' is not taken here: releases decide which versions are served",
                hint="load by the model's name alone",
            )


def index(entries: Iterable[Entry], *, ready: bool = False) -> list[Mapping[str, str]]:
    """The index as the protocol has it; a model that has no version yet has none here.

    Args:
        entries: of all models.
        ready: those alone that can answer.

    >>> index([Entry(name="taxi", version=3, state=State.READY)])
    [{'name': 'taxi', 'version': '3', 'state': 'READY', 'reason': ''}]
    """
    return [_told(one) for one in entries if one.state is State.READY or not ready]


def _told(entry: Entry) -> Mapping[str, str]:
    version = {} if entry.version is None else {"version": str(entry.version)}
    return {"name": entry.name, **version, "state": entry.state.value, "reason": entry.reason}


def _read(body: bytes, kind: type[T]) -> T:
    if not body.strip():
        return kind()
    try:
        return msgspec.convert(parse(body), kind)
    except msgspec.ValidationError as error:
        raise RequestError(f"the request cannot be read: {error}") from None
