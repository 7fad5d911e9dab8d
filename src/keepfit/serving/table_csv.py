"""A CSV body as a payload, with a header line or without one."""

import contextlib
import csv
import io
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from keepfit.errors import RequestError
from keepfit.predictions.capture_codec import INTEGER, NUMBER
from keepfit.serving.columns import kind_of
from keepfit.serving.feature_names import names_of
from keepfit.serving.payload import Block, Columns, Payload
from keepfit.serving.request import Accepts

_Lines = list[list[str]]
_DATE_LENGTH: Final = len("20200131")
_PLAIN: Final = b"0123456789+-.eE "


def read_csv(body: bytes, accepts: Accepts, *, header: bool | None = True) -> Payload:
    """The columns of a CSV text; an empty field is null.

    Numbers are read where the model takes numbers; a field that is none stays text, for the check of
    its column to name it.

    Args:
        body: the text, in UTF-8.
        accepts: what the model takes.
        header: whether the first line names the columns. None decides by that line: it is a header when
            more than half of its fields are names of columns (all are, unless one is mistyped);
            otherwise each line holds all features in order.

    Raises:
        RequestError: it is not UTF-8, has no header, or a line has another number of fields.
    """
    lines = _lines(body)
    known = names_of(accepts.signature)
    if not lines:
        raise RequestError("the CSV has no header line" if header else "the CSV has no rows")
    if header is None:
        header = _is_header(lines[0], accepts)
    names = tuple(lines[0]) if header else known.names
    rows = lines[1:] if header else lines
    _check(names, rows, headed=header)
    if names == known.names and known.category is None:
        block = _block(rows, len(names))
        if block is not None:
            return Block(block)
    reads = _reads(accepts)
    return Columns(
        names,
        tuple([_column(rows, place, reads.get(name, str)) for place, name in enumerate(names)]),
    )


def _lines(body: bytes) -> _Lines:
    try:
        text = body.decode("utf-8-sig")
        if '"' not in text and "\r" not in text:
            # The reader's pace, without its state: nothing is quoted here.
            return [line.split(",") for line in text.split("\n") if line]
        return [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise RequestError(f"the CSV cannot be read: {error}") from None


def _is_header(first: Sequence[str], accepts: Accepts) -> bool:
    named = sum(field in accepts.known for field in first)
    return 2 * named > len(first)


def _check(names: Sequence[str], rows: _Lines, *, headed: bool) -> None:
    if len(set(names)) < len(names):
        raise RequestError("the CSV's header names a column twice")
    for number, row in enumerate(rows):
        if len(row) != len(names) and headed:
            raise RequestError(f"row {number} of the CSV has {len(row)} fields; the header has {len(names)}")
        if len(row) != len(names):
            raise RequestError(
                f"row {number} of the CSV has {len(row)} fields; the model takes {len(names)}: {', '.join(names)}",
                hint="give all features in order, or begin with a header line",
            )


def _block(rows: _Lines, width: int) -> npt.NDArray[np.float64] | None:
    """The fields as a matrix; None where a field is anything but a plain number."""
    fields = [field for row in rows for field in row]
    # Python also reads 1_000, digits of other scripts, and the names of what is no number.
    if "".join(fields).encode().translate(None, _PLAIN):
        return None
    try:
        return np.array(list(map(float, fields)), np.float64).reshape(len(rows), width)
    except ValueError:
        return None


def _column(rows: _Lines, place: int, read: Callable[[str], Any]) -> list[Any]:
    return [None if row[place] == "" else read(row[place]) for row in rows]


def _reads(accepts: Accepts) -> dict[str, Callable[[str], Any]]:
    by_kind: dict[str, Callable[[str], Any]] = {NUMBER: _number, INTEGER: _number}
    features = (*accepts.optional.values(), *accepts.signature.features)
    reads = {one.name: by_kind.get(kind_of(one), str) for one in features}
    return {accepts.signature.time: _time, **reads}


def _number(text: str) -> Any:
    if "_" not in text and text.isascii():
        for kind in (int, float):
            with contextlib.suppress(ValueError):
                return kind(text)
    return text


def _time(text: str) -> Any:
    plain = text.isascii() and text.isdecimal() and _DATE_LENGTH < len(text) < 20
    return int(text) if plain else text
