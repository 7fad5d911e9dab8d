"""Requests that no client should send, made of valid ones: what the fuzz study throws at the server.

Each is a pure function of a seed and a number, so that any can be made again.
"""

import copy
import gzip
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson
from odd_values import BODIES, HEADERS, KEYS, ODD, WORDS

#: Bodies are cut to this: the study is of forms, not of floods.
MOST_BYTES: Final = 300_000

Draw = random.Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request before it is encoded.

    Attributes:
        method, path: of the request line.
        headers: beside those of the body's length.
        body: its bytes.
        chunked: sent in chunks, without a length.
        how: what was done to it.
    """

    method: str = "POST"
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunked: bool = False
    how: str = "valid"

    def wire(self) -> bytes:
        """Its bytes."""
        named = {"host": "localhost", **self.headers}
        if self.chunked:
            named["transfer-encoding"] = "chunked"
        else:
            named.setdefault("content-length", str(len(self.body)))
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in named.items()),
        ]
        head = "\r\n".join(lines).encode("utf-8", errors="surrogateescape") + b"\r\n\r\n"
        return head + (_chunks(self.body) if self.chunked else self.body)


def mutated(valid: Sequence[Sent], seed: int, number: int) -> Sent:
    """The `number`-th request: one of the valid ones, changed one to three times."""
    draw = random.Random(seed * 1_000_003 + number)  # noqa: S311 - must be drawn again alike
    one = draw.choice(valid)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        change = draw.choices(_CHANGES, _WEIGHTS)[0]
        changed = change(one, draw)
        one = replace(changed, body=changed.body[:MOST_BYTES], how=f"{one.how}, {change.__name__.strip('_')}")
    return one


def _json(one: Sent, draw: Draw) -> Sent:
    """Change the document; a body that is none is changed byte by byte."""
    head, tail = _split(one)
    try:
        document = orjson.loads(head)
    except orjson.JSONDecodeError:
        return _bytes(one, draw)
    for _ in range(draw.choice((1, 1, 2, 4))):
        document = _changed(document, draw)
    try:
        text = orjson.dumps(document)
    except TypeError:  # an integer of more than 64 bits, a lone surrogate: the standard library writes both
        import json

        text = json.dumps(document).encode("utf-8", errors="surrogatepass")
    headers = dict(one.headers)
    if tail and draw.random() < 0.8:
        headers["inference-header-content-length"] = str(len(text))
    return replace(one, body=_raw_values(text, draw) + tail, headers=headers)


def _split(one: Sent) -> tuple[bytes, bytes]:
    """The JSON of a body, and the binary tensors behind it."""
    length = one.headers.get("inference-header-content-length", "")
    place = int(length) if length.isascii() and length.isdigit() else len(one.body)
    return one.body[:place], one.body[place:]


def _changed(document: Any, draw: Draw) -> Any:
    """A copy in which one place was changed."""
    made = copy.deepcopy(document)
    places = list(_places(made))
    if not places:
        return draw.choice(ODD)()
    parent, key = draw.choice(places[:400])
    what = draw.randrange(8)
    if what <= 2:
        parent[key] = draw.choice(ODD)()
    elif what == 3:
        del parent[key]
    elif what == 4:
        parent[key] = [parent[key]] * draw.choice((1, 2, 40))
    elif what == 5 and isinstance(parent, dict):
        parent[draw.choice(KEYS)] = parent.pop(key)
    elif what == 6:
        parent[key] = _near(parent[key], draw)
    else:
        other, place = draw.choice(places[:400])
        parent[key] = copy.deepcopy(other[place])
    return made


def _places(document: Any) -> "list[tuple[Any, Any]]":
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict | list):
            for key in list(node) if isinstance(node, dict) else range(len(node)):
                found.append((node, key))
                waiting.append(node[key])
    # Keys near the root are as many as the numbers far below: a draw should find both.
    return sorted(found, key=lambda place: isinstance(place[0], list))


def _near(value: Any, draw: Draw) -> Any:
    """Almost what it was."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return draw.choice(
            (value + 1, value - 1, -value, value * 2**31, value * 2**63, 0, float(value), str(value))
        )
    if isinstance(value, float):
        return draw.choice((int(value), str(value), value * 1e300, -value, value * 1e-320, [value]))
    if isinstance(value, str):
        return draw.choice(
            (
                value.upper(),
                value + " ",
                value[:-1],
                value * 50,
                f"{value}\0",
                "FP16",
                "BYTES",
                "BOOL",
                "INT8",
                "UINT64",
            )
        )
    if isinstance(value, list):
        return draw.choice(
            (value[:-1], value + value[:1], value[::-1], [value], dict(enumerate_strings(value)))
        )
    return list(value.items()) if isinstance(value, dict) else value


def enumerate_strings(values: Sequence[Any]) -> "list[tuple[str, Any]]":
    """A list as the items of an object."""
    return [(str(place), value) for place, value in enumerate(values)]


def _raw_values(text: bytes, draw: Draw) -> bytes:
    """Now and then something that JSON has no word for, or that parsers read in different ways."""
    if draw.random() < 0.85:
        return text
    words = (
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e400",
        b"-0",
        b"01",
        b"1.",
        b"0x10",
        b"'a'",
        b'"\\ud800"',
        b"/**/1",
        b"1" * 400,
    )
    return text.replace(draw.choice((b"1", b"0", b'"FP64"', b"null")), draw.choice(words), 1)


def _bytes(one: Sent, draw: Draw) -> Sent:
    """Flip, cut, insert, repeat."""
    body = bytearray(one.body)
    for _ in range(draw.choice((1, 1, 3, 20))):
        place = draw.randrange(len(body) + 1)
        what = draw.randrange(5)
        if what == 0 and place < len(body):
            body[place] ^= 1 << draw.randrange(8)
        elif what == 1:
            del body[place : place + draw.choice((1, 3, 1_000))]
        elif what == 2:
            body[place:place] = draw.randbytes(draw.choice((1, 4, 64)))
        elif what == 3:
            body[place:place] = body[max(0, place - 40) : place]
        else:
            body[place:] = b""
    return replace(one, body=bytes(body))


def _random_body(one: Sent, draw: Draw) -> Sent:
    return replace(one, body=draw.randbytes(draw.choice((0, 1, 10, 500, 20_000))))


def _deep_body(one: Sent, draw: Draw) -> Sent:
    """Brackets by the thousand: a parser that recurses without a limit dies of them."""
    opening, closing = draw.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'{"inputs":[', b"]}")))
    depth = draw.choice((50, 1_100, 20_000))
    return replace(one, body=opening * depth + b"1" + closing * draw.choice((depth, 0)))


def _swapped_body(one: Sent, draw: Draw) -> Sent:
    """A body that is fine elsewhere."""
    return replace(one, body=draw.choice(BODIES))


def _header(one: Sent, draw: Draw) -> Sent:
    name = draw.choice(list(HEADERS))
    return replace(one, headers={**one.headers, name: draw.choice(HEADERS[name])})


def _dropped_header(one: Sent, draw: Draw) -> Sent:
    kept = [name for name in one.headers if draw.random() < 0.5]
    return replace(one, headers={name: one.headers[name] for name in kept})


def _compressed(one: Sent, draw: Draw) -> Sent:
    """Well, badly, or not at all."""
    packed = gzip.compress(one.body, mtime=0)
    packed = draw.choice(
        (
            packed,
            packed[:-4],
            packed[:20],
            one.body,
            packed + packed,
            gzip.compress(b"0" * 3_000_000, mtime=0),
        )
    )
    return replace(
        one,
        body=packed,
        headers={
            **one.headers,
            "content-encoding": draw.choice(("gzip", "gzip", "GZIP", "deflate", "br", "gzip, gzip")),
        },
    )


def _path(one: Sent, draw: Draw) -> Sent:
    words = one.path.split("/")
    place = draw.randrange(len(words))
    words[place] = draw.choice(WORDS)
    return replace(
        one,
        path=draw.choice(("/".join(words) or "/", one.path + draw.choice(("/", "?a=b", "%2F", "//", ";")))),
    )


def _method(one: Sent, draw: Draw) -> Sent:
    return replace(one, method=draw.choice(("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE")))


def _chunked(one: Sent, draw: Draw) -> Sent:  # noqa: ARG001 - one way only
    headers = {name: value for name, value in one.headers.items() if name != "content-length"}
    return replace(one, headers=headers, chunked=True)


def _chunks(body: bytes) -> bytes:
    parts = [body[start : start + 700] for start in range(0, len(body), 700)]
    return b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts) + b"0\r\n\r\n"


_CHANGES: Final[Sequence[Callable[[Sent, Draw], Sent]]] = (
    _json,
    _bytes,
    _random_body,
    _deep_body,
    _swapped_body,
    _header,
    _dropped_header,
    _compressed,
    _path,
    _method,
    _chunked,
)
_WEIGHTS: Final = (50, 15, 3, 2, 6, 12, 3, 4, 4, 2, 3)
