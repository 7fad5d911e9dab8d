"""What one process answers with: a data plane, what it holds, and a capture log of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from keepfit.adapters.capture_key import capture_key
from keepfit.adapters.capture_log import CaptureWriter, server_log
from keepfit.adapters.capture_log.guard import has_writer
from keepfit.adapters.capture_log.lag import drain_lag
from keepfit.adapters.event_halves import EventHalves
from keepfit.app.masked_log import MaskedLog
from keepfit.app.serving_sources import Sources
from keepfit.clock import SystemClock, parse_duration
from keepfit.config import ServingSection
from keepfit.serving.dataplane import DataPlane
from keepfit.serving.held import Holding
from keepfit.serving.readiness import Spool
from keepfit.serving.surroundings import AllWorkers, Surroundings
from keepfit.serving.telemetry import Telemetry
from keepfit.serving.telemetry_files import SharedTelemetry
from keepfit.serving.telemetry_snapshot import Count
from keepfit.serving.warm_up import warmed
from keepfit.web.access_log import AccessLog, Sink
from keepfit.web.batcher import Limits
from keepfit.web.gauges import Gauges
from keepfit.web.spans import Spans, open_spans


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What one process answers with.

    Attributes:
        plane: what answers.
        holding: what it holds.
        limits: how much is taken on.
        access_log: where each request is told; None for nowhere.
        spans: where each request becomes a span; None for nowhere.
        settings: as they were when it was opened.
    """

    plane: DataPlane
    holding: Holding
    limits: Limits
    access_log: AccessLog | None
    spans: Spans | None
    settings: ServingSection

    @property
    def stop_s(self) -> float:
        """Seconds that requests under way are given to end."""
        return parse_duration(self.settings.stop_timeout).total_seconds()

    @property
    def keep_alive_s(self) -> float:
        """Seconds that a connection may be idle."""
        return parse_duration(self.settings.keep_alive).total_seconds()


@contextmanager
def open_stand(
    sources: Sources, metrics: Path, *, slot: int = 0, all_workers: AllWorkers | None = None
) -> Iterator[Stand]:
    """A data plane with a capture log of its own; everything is closed at the end.

    Args:
        sources: what is served.
        metrics: the folder that the processes of this server share for their numbers.
        slot: 0, 1, 2 … among the processes on one port.
        all_workers: has all of them load and unload models; None where there is one.
    """
    settings, clock = sources.settings, SystemClock()
    with ExitStack() as stack:
        name, writer = _capture(sources.spool, slot, settings)
        stack.callback(writer.close)
        masked = MaskedLog(writer, sources.policies, _key(sources))
        shared = SharedTelemetry(metrics, name, clock)
        surroundings = Surroundings(
            totals=shared.total,
            all_workers=all_workers,
            spool=lambda: _spool(writer, settings),
            drain_lag=lambda: drain_lag(sources.spool, clock.now()),
            halves=_halves(sources.spool, shared.live),
        )
        plane = DataPlane(
            routes=sources.routes,
            loader=sources.loader,
            capture=masked,
            clock=clock,
            max_rows=settings.request_rows,
            share=masked.share,
            shadows_waiting=settings.shadow_queue,
            telemetry=shared.live,
            warm_up=warmed,
            loaded_models=settings.loaded_models,
            strict=settings.spool_full == "block",
            saturated=parse_duration(settings.saturated_after),
            latest_drain=parse_duration(settings.drain_lag_warning),
            surroundings=surroundings,
        )
        gauges = Gauges(plane=plane, spool=(lambda: surroundings.spool().used) if slot == 0 else None)
        stack.callback(plane.holding.close)
        stack.callback(plane.close)
        stack.callback(shared.close)
        shared.start(gauges.measure)
        access_log = _access_log(settings, name)
        if access_log is not None:
            stack.callback(access_log.close)
            access_log.start()
        spans = open_spans() if settings.tracing == "otel" else None
        if spans is not None:
            stack.callback(spans.close)
        yield Stand(
            plane=plane,
            holding=plane.holding,
            limits=_limits(settings),
            access_log=access_log,
            spans=spans,
            settings=settings,
        )


def _limits(settings: ServingSection) -> Limits:
    return Limits(
        batch_rows=settings.batch_rows,
        waiting_rows=settings.queue_rows,
        timeout_s=parse_duration(settings.timeout).total_seconds(),
    )


def _capture(spool: Path, slot: int, settings: ServingSection) -> tuple[str, CaptureWriter]:
    """This process' name, `web-0`, `web-1` …, the first from its slot on that no other server of the spool has; and its log."""
    for number in count(slot):
        log = server_log(spool, number)
        if not (spool / f"{log}.lock").exists() or not has_writer(spool, log):
            return f"web-{number}", CaptureWriter(
                spool,
                log_id=log,
                durability=settings.durability,
                limit_bytes=settings.spool_limit,
                when_full=settings.spool_full,
            )
    raise AssertionError


def _key(sources: Sources) -> Callable[[], bytes]:
    """Asked for only where something is hashed, which only a workspace's models can ask for."""
    state = sources.state
    return lambda: capture_key(state) if state is not None else b""


def _spool(writer: CaptureWriter, settings: ServingSection) -> Spool:
    limit = settings.spool_limit
    return Spool(used=int(writer.fullness * limit), limit=limit, blocks=settings.spool_full == "block")


def _halves(spool: Path, live: Telemetry) -> EventHalves:
    def expired(events: int) -> None:
        live.count("", Count.EVENTS_EXPIRED, events)

    return EventHalves(spool / "kserve.db", expired=expired)


def _access_log(settings: ServingSection, worker: str) -> AccessLog | None:
    if settings.access_log == "off":
        return None
    sink = Sink(path=Path(settings.access_log_file)) if settings.access_log_file else Sink()
    return AccessLog(settings.access_log, sink, worker=worker)
