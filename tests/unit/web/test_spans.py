"""OpenTelemetry spans: the caller's trace goes on, with who answered."""

import sys

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from keepfit.errors import ConfigError
from keepfit.web.spans import Served, open_spans
from keepfit.web.trace import read_trace

TRACE, SPAN = "12345678901234567890123456789012", "1234567890123456"


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def spans(exporter):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return open_spans(provider)


def served(**changed):
    given = {
        "route": "/v2/models/{model}/infer",
        "method": "POST",
        "path": "/v2/models/taxi/infer",
        "status": 200,
        "start_ns": 1_000,
        "end_ns": 3_000,
        "model": "taxi",
        "version": 3,
        "rows": 8,
    }
    return Served(**{**given, **changed})


def test_a_span_is_a_child_of_the_callers(spans, exporter):
    """It has the caller's trace, who answered, and when; the reply's header names it."""
    answered = spans.record(read_trace(f"00-{TRACE}-{SPAN}-01", "vendor=1"), served())
    (span,) = exporter.get_finished_spans()
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, SPAN)
    assert (span.name, span.kind) == ("POST /v2/models/{model}/infer", SpanKind.SERVER)
    assert (span.start_time, span.end_time) == (1_000, 3_000)
    assert dict(span.attributes) == {
        "http.request.method": "POST",
        "http.route": "/v2/models/{model}/infer",
        "url.path": "/v2/models/taxi/infer",
        "http.response.status_code": 200,
        "keepfit.model": "taxi",
        "keepfit.model_version": 3,
        "keepfit.rows": 8,
    }
    assert span.context.trace_state.to_header() == "vendor=1"
    assert answered.header == f"00-{TRACE}-{span.context.span_id:016x}-01"


def test_without_a_trace_one_begins(spans, exporter):
    """The reply tells its id."""
    answered = spans.record(None, served())
    (span,) = exporter.get_finished_spans()
    assert span.parent is None
    assert answered.trace_id == f"{span.context.trace_id:032x}"


def test_a_trace_that_the_caller_does_not_record_is_not_recorded(spans, exporter):
    """Sampling is decided where the trace begins."""
    answered = spans.record(read_trace(f"00-{TRACE}-{SPAN}-00"), served())
    assert (exporter.get_finished_spans(), answered.sampled, answered.trace_id) == ((), False, TRACE)


@pytest.mark.parametrize(
    ("status", "code"), [(200, StatusCode.UNSET), (404, StatusCode.UNSET), (500, StatusCode.ERROR)]
)
def test_our_own_failures_are_errors_the_callers_are_not(spans, exporter, status, code):
    """As the conventions for servers say; nobody answered, so that nobody is named."""
    spans.record(None, served(status=status, model="", version=0, rows=0))
    (span,) = exporter.get_finished_spans()
    assert span.status.status_code == code
    assert "keepfit.model" not in span.attributes


def test_without_opentelemetry_the_setting_is_refused(monkeypatch):
    """With what to install."""
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ConfigError, match="tracing") as caught:
        open_spans()
    assert caught.value.hint == "pip install 'keepfit[otel]'"
