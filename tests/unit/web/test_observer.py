"""What is noted of requests once they were answered."""

import json

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from keepfit.clock import EPOCH
from keepfit.serving.telemetry import Telemetry
from keepfit.serving.telemetry_snapshot import Count
from keepfit.web.access_log import AccessLog, Sink
from keepfit.web.message import Reply, Request
from keepfit.web.observer import Observer
from keepfit.web.routes import find
from keepfit.web.spans import Spans
from keepfit.web.statuses import error_reply
from keepfit.web.trace import read_trace

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def asked(world):
    """A request, its route, and its reply."""
    plane = world.plane()
    request = Request(method="POST", path="/v1/models/taxi:predict", body=b'{"instances": [[1, 2], [3, 4]]}')
    found = find(request)
    call = found.call(plane, request)
    (result,) = plane.answer([plane.ask(call.model, call.read, request_id="r")])
    return request, found, call.reply(result)


def test_requests_are_counted_by_who_answered(asked):
    """Protocol, model, version and class of status."""
    telemetry = Telemetry("web-0")
    request, found, reply = asked
    Observer(telemetry).finished(request, found, reply, 1_000_000, None, None)
    assert list(telemetry.snapshot(EPOCH).requests) == [("taxi", 3, "v1", "2xx")]


@pytest.mark.parametrize(("status", "what"), [(503, Count.REFUSED), (504, Count.MISSED)])
def test_who_was_turned_away_is_counted(asked, status, what):
    """By the model that was asked for."""
    telemetry = Telemetry("web-0")
    request, found, _ = asked
    Observer(telemetry).finished(request, found, Reply(body=b"", status=status), 1, None, None)
    assert telemetry.snapshot(EPOCH).counts["taxi"][what] == 1


def test_a_line_says_who_asked_whom_for_what(asked, tmp_path):
    """With the trace, where there is one; replies below the log's level are left out."""
    path = tmp_path / "access.log"
    log = AccessLog("all", Sink(path=path), worker="web-0")
    observer = Observer(Telemetry("web-0"), log)
    request, found, reply = asked
    trace = read_trace(PARENT)
    observer.finished(request, found, reply, 2_500_000, ("127.0.0.1", 4711), trace)
    quiet = AccessLog("errors", Sink(path=tmp_path / "errors.log"))
    Observer(Telemetry("web-0"), quiet).finished(request, found, reply, 1, None, None)
    log.close()
    quiet.close()
    line = json.loads(path.read_text())
    expected = {
        "method": "POST",
        "path": "/v1/models/taxi:predict",
        "status": 200,
        "ms": 2.5,
        "model": "taxi",
        "version": 3,
        "rows": 2,
        "request_id": "r",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "span_id": trace.span_id,
        "remote": "127.0.0.1",
        "worker": "web-0",
    }
    assert {name: line[name] for name in expected} == expected
    assert not (tmp_path / "errors.log").exists()


def test_a_request_without_a_route_is_counted_all_the_same():
    """As nobody's."""
    telemetry = Telemetry("web-0")
    request = Request(method="GET", path="/nothing")
    Observer(telemetry).finished(request, None, error_reply(ValueError()), 1, None, None)
    assert list(telemetry.snapshot(EPOCH).requests) == [("", 0, "", "5xx")]


def test_only_a_trace_that_keeps_the_rules_is_handed_on():
    """The header may be anything."""
    assert Observer.trace({}) is None
    assert Observer.trace({"traceparent": "x"}) is None
    assert Observer.trace({"traceparent": PARENT}).trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_with_spans_each_request_is_one(asked):
    """A child of the caller's span where there is one; its id is handed on."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    observer = Observer(Telemetry("web-0"), spans=Spans(provider))
    request, found, reply = asked
    handed = observer.spanned(read_trace(PARENT), request, found, reply, 1_000)
    begun = observer.spanned(None, request, None, reply, 1_000)
    first, second = exporter.get_finished_spans()
    assert first.name == "POST /v1/models/{model}:predict"
    assert first.attributes["keepfit.rows"] == 2
    assert handed.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert handed.span_id == f"{first.context.span_id:016x}"
    assert begun.trace_id == f"{second.context.trace_id:032x}"
    assert Observer(Telemetry("web-0")).spanned(None, request, found, reply, 1) is None
