"""What is noted of each request once it was answered: numbers, a line in the access log, its place in a trace."""

import time
from collections.abc import Mapping
from typing import Final

from keepfit.serving.telemetry import Telemetry
from keepfit.serving.telemetry_snapshot import Count
from keepfit.web.access_log import AccessLog
from keepfit.web.message import Reply, Request
from keepfit.web.routes import Found
from keepfit.web.spans import Served, Spans
from keepfit.web.statuses import MISSED, REFUSED
from keepfit.web.trace import TraceContext, read_trace

_NOT_TAKEN: Final = (REFUSED, MISSED)


class Observer:
    """Notes what became of requests.

    Args:
        telemetry: counts them.
        access_log: tells each; None for no log.
        spans: OpenTelemetry's; None for none.
    """

    def __init__(
        self, telemetry: Telemetry, access_log: AccessLog | None = None, spans: Spans | None = None
    ) -> None:
        self._telemetry, self._access_log, self._spans = telemetry, access_log, spans
        #: Whether requests become spans, also those that belong to no trace.
        self.makes_spans = spans is not None

    @staticmethod
    def trace(headers: Mapping[str, str]) -> TraceContext | None:
        """The trace that a request belongs to; None when it names none."""
        parent = headers.get("traceparent")
        return None if parent is None else read_trace(parent, headers.get("tracestate"))

    def spanned(
        self,
        trace: TraceContext | None,
        request: Request,
        found: Found | None,
        reply: Reply,
        duration_ns: int,
    ) -> TraceContext | None:
        """The trace to hand on: the caller's, or that of the span that was made of the request."""
        if self._spans is None:
            return trace
        end_ns, result = time.time_ns(), reply.result
        served = Served(
            route="" if found is None else found.route.path,
            method=request.method,
            path=request.path,
            status=int(reply.status),
            start_ns=end_ns - duration_ns,
            end_ns=end_ns,
            model="" if result is None else result.model,
            version=0 if result is None else result.versions[0],
            rows=0 if result is None else len(result.ids),
        )
        return self._spans.record(trace, served)

    def finished(
        self,
        request: Request,
        found: Found | None,
        reply: Reply,
        duration_ns: int,
        client: tuple[str, int] | None,
        trace: TraceContext | None,
        encode_ns: int = -1,
    ) -> None:
        """A request was answered; `found` is None when it took no route, `encode_ns` is told where it was measured."""
        result, telemetry = reply.result, self._telemetry
        status = int(reply.status)
        model, version = ("", 0) if result is None else (result.model, result.versions[0])
        telemetry.request(model, version, "" if found is None else found.route.protocol, status, duration_ns)
        if encode_ns >= 0 and result is not None:
            telemetry.encoded(model, version, encode_ns)
        if status in _NOT_TAKEN and found is not None and found.infers:
            asked = found.parts.get("model", "")
            telemetry.count(asked, Count.REFUSED if status == REFUSED else Count.MISSED)
        log = self._access_log
        if log is not None and status >= log.least_status:
            log.request(
                request.method,
                request.path,
                status,
                duration_ns,
                model,
                version,
                0 if result is None else len(result.ids),
                "" if result is None else result.request_id,
                "" if trace is None else trace.trace_id,
                "" if trace is None else trace.span_id,
                "" if client is None else client[0],
            )
