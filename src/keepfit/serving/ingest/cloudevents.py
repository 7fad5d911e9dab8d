"""CloudEvents 1.0 over HTTP, in the binary, the structured and the batched mode."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote

import orjson

from keepfit.clock import EPOCH, parse_time
from keepfit.errors import RequestError

STRUCTURED: Final = "application/cloudevents+json"
BATCHED: Final = "application/cloudevents-batch+json"
_OWN: Final = frozenset(
    {"id", "source", "type", "specversion", "time", "datacontenttype", "data", "data_base64"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudEvent:
    """One event.

    Attributes:
        id, source, type: its required attributes; together they name it.
        time: when it was, in microseconds since 1970-01-01 UTC; None when it does not say.
        content_type: of the data, in small letters without parameters; empty when it does not say.
        extensions: all further attributes, as text.
        data: its payload.
    """

    id: str
    source: str
    type: str
    time: int | None
    content_type: str
    extensions: Mapping[str, str]
    data: bytes


def read_events(headers: Mapping[str, str], body: bytes) -> Sequence[CloudEvent]:
    """The events of a request: one, or those of a batch.

    Args:
        headers: by name in small letters.
        body: the request's.

    Raises:
        RequestError: it is no CloudEvent of version 1; says which attribute is wrong.
    """
    content_type = _plain(headers.get("content-type", ""))
    if content_type == BATCHED:
        read = _json(body)
        if not isinstance(read, list):
            raise RequestError("a batch of events is a JSON list")
        return [_structured(one) for one in read]
    if content_type == STRUCTURED:
        return [_structured(_json(body))]
    return [_binary(headers, content_type, body)]


def _binary(headers: Mapping[str, str], content_type: str, body: bytes) -> CloudEvent:
    given = {name[3:]: unquote(value) for name, value in headers.items() if name.startswith("ce-")}
    return _event(given, content_type, body)


def _structured(event: Any) -> CloudEvent:
    if not isinstance(event, dict):
        raise RequestError("an event is a JSON object")
    content_type = _plain(str(event.get("datacontenttype") or "application/json"))
    given = {name: str(value) for name, value in event.items() if name not in {"data", "data_base64"}}
    return _event(given, content_type, _data(event, content_type))


def _data(event: Mapping[str, Any], content_type: str) -> bytes:
    if "data_base64" in event:
        try:
            return base64.b64decode(str(event["data_base64"]), validate=True)
        except binascii.Error as error:
            raise RequestError(f"data_base64 of an event cannot be read: {error}") from None
    data = event.get("data")
    if isinstance(data, str) and not (content_type == "application/json" or content_type.endswith("+json")):
        return data.encode()
    return orjson.dumps(data)


def _event(given: Mapping[str, str], content_type: str, data: bytes) -> CloudEvent:
    missing = [name for name in ("id", "source", "type") if not given.get(name)]
    if missing:
        raise RequestError(
            f"the event has no attribute '{missing[0]}'", hint=f"send it as the header ce-{missing[0]}"
        )
    version = given.get("specversion", "1.0")
    if not version.startswith("1."):
        raise RequestError(f"CloudEvents {version} is not read here: send 1.0")
    return CloudEvent(
        id=given["id"],
        source=given["source"],
        type=given["type"],
        time=_time(given.get("time")),
        content_type=content_type,
        extensions={name: value for name, value in given.items() if name not in _OWN},
        data=data,
    )


def _time(text: str | None) -> int | None:
    if not text:
        return None
    try:
        return (parse_time(text) - EPOCH) // timedelta(microseconds=1)
    except ValueError as error:
        raise RequestError(f"the event's time cannot be read: {error}") from None


def _plain(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(f"the event cannot be read: {error}") from None
