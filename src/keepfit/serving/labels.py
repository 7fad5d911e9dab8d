"""Labels as JSON: one object a label, or by column."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from keepfit.errors import RequestError


class _Label(msgspec.Struct, frozen=True):
    id: str | int
    value: float | bool | None
    time: str | int | None = None


class _Body(msgspec.Struct, frozen=True):
    labels: list[_Label] | None = None
    ids: list[Any] | None = None
    values: list[Any] | None = None
    times: list[Any] | None = None


_decoder: Final = msgspec.json.Decoder(_Body)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelBatch:
    """Labels by column, not checked yet; see `keepfit.serving.dataplane.DataPlane.label`."""

    ids: list[Any]
    values: list[Any]
    times: list[Any] | None


def decode_labels(body: bytes) -> LabelBatch:
    """Read `{"labels": [{"id", "value", "time"?}, …]}` or `{"ids": […], "values": […], "times"?: […]}`.

    Raises:
        RequestError: the body is neither.

    >>> decode_labels(b'{"labels": [{"id": "a", "value": 12.3}]}').values
    [12.3]
    """
    try:
        read = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(f"the labels cannot be read: {error}") from None
    if (read.labels is None) == (read.ids is None or read.values is None):
        raise RequestError('give {"labels": [{"id": …, "value": …}]}, or {"ids": […], "values": […]}')
    if read.labels is None:
        return LabelBatch(ids=read.ids or [], values=read.values or [], times=read.times)
    return LabelBatch(
        ids=[one.id for one in read.labels],
        values=[one.value for one in read.labels],
        times=[one.time for one in read.labels],
    )
