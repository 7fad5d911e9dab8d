"""Compressed bodies, in and out."""

import contextlib
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.errors import RequestError
from keepfit.serving.encodings import (
    BodyTooLargeError,
    ContentEncodingError,
    compressed,
    decompressed,
)

LONG = b'{"predictions":[1.5]}' * 200


@given(body=st.binary(max_size=200))
def test_what_clients_compress_is_read(body):
    """Gzip and deflate, the latter with zlib's frame, as HTTP has it."""
    assert decompressed(gzip.compress(body), "gzip", limit=200) == body
    assert decompressed(gzip.compress(body), " X-GZip", limit=200) == body
    assert decompressed(zlib.compress(body), "deflate", limit=200) == body
    assert decompressed(body, None, limit=0) == decompressed(body, "identity", limit=0) == body


def test_deflate_without_a_frame_is_read_too():
    """Some clients take the name at its word."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    assert decompressed(packer.compress(LONG) + packer.flush(), "deflate", limit=len(LONG)) == LONG


def test_a_bomb_is_not_unpacked():
    """A small body that grows beyond the limit is refused; one that ends there is not."""
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 60_000
    with pytest.raises(BodyTooLargeError, match="more than 1,000 bytes"):
        decompressed(bomb, "gzip", limit=1000)
    assert decompressed(gzip.compress(bytes(1000)), "gzip", limit=1000) == bytes(1000)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize(
    "body", [b"", b"{}", b"\x1f\x8b\x08", gzip.compress(LONG, mtime=0)[:-3], zlib.compress(LONG)[:-9]]
)
def test_what_is_damaged_or_cut_off_is_refused(encoding, body):
    """Whichever encoding it is said to have."""
    with pytest.raises(RequestError, match=encoding):
        decompressed(body, encoding, limit=1 << 20)


def test_what_goes_on_after_the_end_is_refused():
    """Thousands of empty members in a row would take long to unpack."""
    with pytest.raises(RequestError, match="goes on after its end"):
        decompressed(gzip.compress(b"a") * 2, "gzip", limit=10)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_other_encodings_are_refused(encoding):
    """By name."""
    with pytest.raises(ContentEncodingError, match=encoding):
        decompressed(b"a", encoding, limit=10)


@given(body=st.binary(max_size=300), encoding=st.sampled_from(["gzip", "deflate", "br", ""]))
def test_any_bytes_are_read_or_refused(body, encoding):
    """Nothing else comes of them."""
    with contextlib.suppress(RequestError):
        assert len(decompressed(body, encoding, limit=1000)) <= 1000


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("gzip", "gzip"),
        ("deflate", "deflate"),
        ("gzip, deflate, br, zstd", "gzip"),
        ("gzip;q=0.2, deflate;q=0.8", "deflate"),
        ("GZIP", "gzip"),
        ("*", "gzip"),
        ("gzip;q=0, *", "deflate"),
        ("gzip;q=0", None),
        ("gzip;q=x", None),
        ("br", None),
        ("identity", None),
        ("", None),
        (None, None),
    ],
)
def test_a_reply_is_compressed_as_is_wanted(accept, chosen):
    """And what was compressed unpacks again, as Python's and Triton's clients do it."""
    body, encoding = compressed(LONG, accept)
    assert encoding == chosen
    unpack = {"gzip": gzip.decompress, "deflate": zlib.decompress, None: bytes}[chosen]
    assert unpack(body) == LONG
    assert (len(body) < len(LONG)) == (chosen is not None)


def test_short_replies_and_those_that_would_grow_are_left_alone():
    """One packet is one packet."""
    assert compressed(b"a" * 1000, "gzip") == (b"a" * 1000, None)
    noise = zlib.compress(bytes(range(256)) * 8)
    assert compressed(noise, "gzip", at_least=1) == (noise, None)
