"""W3C trace context: what is valid is handed on, what is not is as good as none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.web.trace import is_tracestate, read_trace

TRACE, SPAN = "12345678901234567890123456789012", "1234567890123456"
GOOD = f"00-{TRACE}-{SPAN}-01"


def test_the_trace_goes_on_with_a_span_of_our_own():
    """The reply's header names it."""
    one, other = read_trace(GOOD), read_trace(GOOD)
    assert one is not None
    assert other is not None
    assert (one.trace_id, one.parent_id, one.sampled) == (TRACE, SPAN, True)
    assert one.span_id not in {SPAN, other.span_id}
    assert one.header == f"00-{TRACE}-{one.span_id}-01"
    assert read_trace(one.header) is not None


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00",
        GOOD[:-1],
        GOOD + "-",
        GOOD + "-what-the-future",
        GOOD + "0",
        f"ff-{TRACE}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.replace('1', 'A')}-{SPAN}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-0x",
        f"cc-{TRACE}-{SPAN}-01.what-the-future",
        f" {GOOD}",
        f"{GOOD}\n",
        f"00_{TRACE}_{SPAN}_01",
    ],
)
def test_what_breaks_the_rules_is_no_trace(header):
    """The request itself is none the worse for it."""
    assert read_trace(header, "a=1") is None


def test_a_later_version_is_read_as_far_as_it_is_known():
    """And answered in ours."""
    trace = read_trace(f"cc-{TRACE}-{SPAN}-01-what-the-future")
    assert trace is not None
    assert trace.header.startswith(f"00-{TRACE}-")


@pytest.mark.parametrize(
    ("flags", "sent"), [("00", "00"), ("01", "01"), ("03", "03"), ("ff", "03"), ("fc", "00")]
)
def test_flags_that_have_no_meaning_yet_are_sent_as_zero(flags, sent):
    """As the standard asks."""
    trace = read_trace(f"00-{TRACE}-{SPAN}-{flags}")
    assert trace is not None
    assert trace.header.endswith(f"-{sent}")


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("foo=1", True),
        ("foo=1,bar=2", True),
        ("foo=1 \t , \t bar=2", True),
        ("foo=1,,bar=2,", True),
        ("fw529a3039@dt=FfVx9Wv", True),
        ("0a=1", True),
        ("z" * 256 + "=1", True),
        ("foo=" + "v" * 256, True),
        (",".join(f"k{i}=1" for i in range(32)), True),
        (",".join(f"k{i}=1" for i in range(33)), False),
        ("", False),
        (",", False),
        ("foo", False),
        ("foo=", False),
        ("foo=1=2", False),
        ("Foo=1", False),
        ("foo =1", False),
        ("foo@=1", False),
        ("@foo=1", False),
        ("foo@@bar=1", False),
        ("foo=1,foo=2", False),
        ("z" * 257 + "=1", False),
        ("foo=" + "v" * 257, False),
        ("foo=\x01", False),
    ],
)
def test_tracestate_is_handed_on_only_whole_and_valid(text, valid):
    """A trace without it is still a trace."""
    trace = read_trace(GOOD, text)
    assert trace is not None
    assert (trace.state == text) == (valid or not text)
    assert is_tracestate(text) == valid


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_header_is_an_error(parent, state):
    """Whatever a caller sends."""
    trace = read_trace(parent, state)
    assert trace is None or len(trace.header) == 55
    assert read_trace(GOOD, state) is not None
