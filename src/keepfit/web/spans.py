"""OpenTelemetry spans of requests, when they are asked for: `[serving] tracing = "otel"` and `keepfit[otel]`.

Nothing of OpenTelemetry is imported before `open_spans` is called. Exporters, sampling and names are set as everywhere, by the
`OTEL_…` variables, unless a tracer provider was set up before (by `opentelemetry-instrument`, say): that one is used then.
"""

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from keepfit.errors import ConfigError
from keepfit.web.trace import TraceContext

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import TracerProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A request that was answered, as a span tells it.

    Attributes:
        route: its path with `{model}` for what varies, so that spans of one kind have one name.
        method, path, status: the request's, and the reply's.
        start_ns, end_ns: nanoseconds since 1970-01-01 UTC.
        model, version, rows: who answered, and how many rows; empty and 0 when nobody did.
    """

    route: str
    method: str
    path: str
    status: int
    start_ns: int
    end_ns: int
    model: str = ""
    version: int = 0
    rows: int = 0


class Spans:
    """Records requests as spans of kind SERVER.

    Args:
        provider: where spans go.
    """

    def __init__(self, provider: "TracerProvider") -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("keepfit")

    def record(self, trace: TraceContext | None, served: Served) -> TraceContext:
        """Make the span of a request; the context to hand on, with the span's own id.

        Args:
            trace: what the caller sent; None begins a trace.
            served: the request.
        """
        from opentelemetry.trace import SpanKind, Status, StatusCode

        span = self._tracer.start_span(
            f"{served.method} {served.route}",
            context=None if trace is None else _parent(trace),
            kind=SpanKind.SERVER,
            attributes=_attributes(served),
            start_time=served.start_ns,
        )
        if served.status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        span.end(end_time=served.end_ns)
        own = span.get_span_context()
        span_id, flags = f"{own.span_id:016x}", int(own.trace_flags)
        if trace is None:
            return TraceContext(f"{own.trace_id:032x}", "", span_id, flags)
        return replace(trace, span_id=span_id, flags=flags)

    def close(self) -> None:
        """Send what has not been sent."""
        shutdown = getattr(self._provider, "shutdown", None)
        if shutdown is not None:
            shutdown()


def open_spans(provider: "TracerProvider | None" = None) -> Spans:
    """Spans that go to `provider`, to the process's own, or else to a new one that exports by OTLP over HTTP.

    Called in each worker process, after it was forked.

    Raises:
        ConfigError: OpenTelemetry is not installed.
    """
    try:
        from opentelemetry import trace

        if provider is None:
            known = trace.get_tracer_provider()
            provider = _exporting() if isinstance(known, trace.ProxyTracerProvider) else known
    except ImportError as error:
        raise ConfigError(
            f'[serving] tracing = "otel": {error.name or error} is not installed',
            hint="pip install 'keepfit[otel]'",
        ) from None
    return Spans(provider)


def _exporting() -> "TracerProvider":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = {} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": "keepfit"}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _parent(trace: TraceContext) -> "Context":
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState, set_span_in_context

    return set_span_in_context(
        NonRecordingSpan(
            SpanContext(
                trace_id=int(trace.trace_id, 16),
                span_id=int(trace.parent_id, 16),
                is_remote=True,
                trace_flags=TraceFlags(trace.flags),
                trace_state=TraceState.from_header([trace.state]) if trace.state else None,
            )
        )
    )


def _attributes(served: Served) -> dict[str, Any]:
    answered = {
        "keepfit.model": served.model,
        "keepfit.model_version": served.version,
        "keepfit.rows": served.rows,
    }
    return {
        "http.request.method": served.method,
        "http.route": served.route,
        "url.path": served.path,
        "http.response.status_code": served.status,
        **{name: value for name, value in answered.items() if value},
    }
