"""A CSV body as columns."""

import contextlib
import csv
import io
from collections.abc import Callable
from typing import Any

from keepfit.errors import RequestError
from keepfit.predictions.capture_codec import INTEGER, NUMBER
from keepfit.serving.columns import kind_of
from keepfit.serving.request import Accepts


def read_csv(body: bytes, accepts: Accepts) -> dict[str, list[Any]]:
    """The columns of a CSV text with a header line; an empty field is null.

    Numbers are read where the model takes numbers; a field that is none stays text, for the check of
    its column to name it.

    Raises:
        RequestError: it is not UTF-8, has no header, or a line has another number of fields.
    """
    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise RequestError(f"the CSV cannot be read: {error}") from None
    rows = [line for line in lines if line]
    if not rows:
        raise RequestError("the CSV has no header line")
    header, *rows = rows
    if len(set(header)) < len(header):
        raise RequestError("the CSV's header names a column twice")
    for number, row in enumerate(rows):
        if len(row) != len(header):
            raise RequestError(f"row {number} of the CSV has {len(row)} fields; the header has {len(header)}")
    reads = _reads(accepts)
    return {
        name: [None if row[place] == "" else reads.get(name, str)(row[place]) for row in rows]
        for place, name in enumerate(header)
    }


def _reads(accepts: Accepts) -> dict[str, Callable[[str], Any]]:
    by_kind: dict[str, Callable[[str], Any]] = {NUMBER: _number, INTEGER: _number}
    features = (*accepts.optional.values(), *accepts.signature.features)
    reads = {one.name: by_kind.get(kind_of(one), str) for one in features}
    return {accepts.signature.time: _time, **reads}


def _number(text: str) -> Any:
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


def _time(text: str) -> Any:
    return int(text) if text.isdecimal() and len(text) > len("20200131") else text
