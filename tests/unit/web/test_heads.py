"""Heads of requests that were read before."""

import pytest

from keepfit.web.heads import Heads

BODY = b'{"inputs":[]}'
HEADERS = [(b"host", b"x"), (b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
PATH = "/v2/models/taxi/infer"


def head(*headers):
    """The bytes of a head."""
    lines = [b"POST /v2/models/taxi/infer HTTP/1.1", *(b"%b: %b" % one for one in headers), b"", b""]
    return b"\r\n".join(lines)


def test_a_head_that_was_read_is_recognised():
    """With another body of the same length; it says what was read of it."""
    heads, data = Heads(), head(*HEADERS) + BODY
    assert heads.of(data) is None
    heads.learn(data, PATH, HEADERS, len(BODY))
    found = heads.of(head(*HEADERS) + BODY[::-1])
    assert (found.path, dict(found.headers)) == (PATH, {"content-type": "application/json"})
    assert (found.end, found.length) == (len(data) - len(BODY), len(BODY))


@pytest.mark.parametrize("more", [b"", b"more", b"POST / HTTP/1.1\r\n\r\n"])
def test_only_whole_requests_are(more):
    """A part of one, or one and the beginning of the next, is left to the parser."""
    heads, data = Heads(), head(*HEADERS) + BODY
    heads.learn(data, PATH, HEADERS, len(BODY))
    other = data + more if more else data[:-1]
    assert heads.of(other) is None
    assert heads.of(data) is not None


@pytest.mark.parametrize(
    "header",
    [
        (b"expect", b"100-continue"),
        (b"connection", b"close"),
        (b"transfer-encoding", b"chunked"),
        (b"content-length", b"13"),
        (b"upgrade", b"h2c"),
        (b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ],
)
def test_a_head_that_asks_for_more_is_read_each_time(header):
    """Also one whose trace is never seen again: it would take the place of others."""
    heads, headers = Heads(), [*HEADERS, header]
    data = head(*headers) + BODY
    heads.learn(data, PATH, headers, len(BODY))
    assert heads.of(data) is None


def test_what_is_not_the_whole_request_is_not_learned():
    """Nor a head that does not end."""
    heads, data = Heads(), head(*HEADERS) + BODY
    for came in (data[5:-3], data + data, data[:40], b"", data[: -len(BODY)]):
        heads.learn(came, PATH, HEADERS, len(BODY))
    assert heads.of(data) is None
    assert heads.of(b"") is None


def test_a_connection_that_says_it_is_kept_is():
    """As some clients do, in any case of letters."""
    heads, headers = Heads(), [*HEADERS, (b"connection", b"Keep-Alive")]
    data = head(*headers) + BODY
    heads.learn(data, PATH, headers, len(BODY))
    assert heads.of(data) is not None


def test_as_many_are_kept_as_memory_easily_holds():
    """However many others somebody thinks up."""
    heads = Heads()
    for number in range(3_000):
        headers = [*HEADERS, (b"x-number", b"%d" % number)]
        heads.learn(head(*headers) + BODY, PATH, headers, len(BODY))
    kept = [
        number for number in range(3_000) if heads.of(head(*HEADERS, (b"x-number", b"%d" % number)) + BODY)
    ]
    assert 0 < len(kept) <= 1_024
    assert kept[-1] == 2_999
