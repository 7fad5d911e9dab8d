"""`GET /metrics`: the numbers of a server as Prometheus and OpenMetrics want them."""

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, Final

from keepfit.serving.telemetry_cells import ROW_EDGES, TIME_EDGES_NS, Cells, distribution
from keepfit.serving.telemetry_snapshot import Count, Snapshot

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

#: The two content types of a scrape.
TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

#: The counter of each count, without `_total`, and what it means.
_COUNTERS: Final[Mapping[Count, tuple[str, str]]] = {
    Count.RECEIVED: (
        "keepfit_predictions_received",
        "Predictions that callers were given, here or as events of another server tell.",
    ),
    Count.LOGGED: ("keepfit_predictions_logged", "Predictions that are in the capture log."),
    Count.SAMPLED_OUT: ("keepfit_predictions_sampled_out", "Predictions left out by sampling."),
    Count.DROPPED: ("keepfit_predictions_dropped", "Predictions that could not be recorded."),
    Count.LABELS: ("keepfit_labels_received", "Labels that were recorded."),
    Count.REFUSED: (
        "keepfit_requests_refused",
        "Requests for predictions that were told to come back later (503).",
    ),
    Count.MISSED: ("keepfit_deadlines_missed", "Requests whose deadline passed before they were predicted."),
    Count.SHADOWS_SKIPPED: ("keepfit_shadows_skipped", "Requests whose shadows were left out."),
    Count.SWAPS: ("keepfit_swaps", "Times that requests went over to a new generation of the route."),
    Count.EVENTS_EXPIRED: (
        "keepfit_events_expired",
        "Events of another server's logger whose other half did not come.",
    ),
    Count.LOAD_FAILURES: (
        "keepfit_version_load_failures",
        "Times that a version could not be loaded or warmed up.",
    ),
    Count.UNLOADS: (
        "keepfit_version_unloads",
        "Versions that were let go of: their route went on, or others needed the room.",
    ),
}


def metrics_reply(snapshot: Snapshot, accept: str = "") -> tuple[bytes, str]:
    """The body and the content type of a scrape.

    Args:
        snapshot: of all workers.
        accept: the request's Accept header: OpenMetrics when it names that, else Prometheus' text format.

    >>> body, content_type = metrics_reply(Snapshot())
    >>> content_type
    'text/plain; version=0.0.4; charset=utf-8'
    >>> body.decode().splitlines()[1]
    '# TYPE keepfit_build_info gauge'
    """
    from prometheus_client import exposition
    from prometheus_client.openmetrics import exposition as openmetrics

    if _wants_openmetrics(accept):
        return openmetrics.generate_latest(_Collector(snapshot)), OPENMETRICS  # type: ignore[no-untyped-call]
    return exposition.generate_latest(_Collector(snapshot)), TEXT


def _wants_openmetrics(accept: str) -> bool:
    """Whether it is named, with a weight that is not zero; versions are not looked at: there is one."""
    for one in accept.lower().split(","):
        media_type, *parameters = (part.strip() for part in one.split(";"))
        if media_type == "application/openmetrics-text":
            return not any(
                part.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for part in parameters
            )
    return False


class _Collector:
    """What prometheus-client asks for families."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> "Iterator[Metric]":
        yield from _server(self._snapshot)
        yield from _histograms(self._snapshot)
        yield from _counters(self._snapshot)
        yield from _versions(self._snapshot)


def _server(snapshot: Snapshot) -> "Iterator[Metric]":
    from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

    yield InfoMetricFamily(
        "keepfit_build", "The keepfit that serves.", value={"version": installed_version("keepfit")}
    )
    yield GaugeMetricFamily("keepfit_workers", "Worker processes that are alive.", value=len(snapshot.gauges))
    queue = GaugeMetricFamily("keepfit_queue_rows", "Rows that wait for a prediction.", labels=["worker"])
    spool = GaugeMetricFamily(
        "keepfit_capture_spool_bytes", "Bytes of the capture log that are not drained.", labels=["worker"]
    )
    generation = GaugeMetricFamily(
        "keepfit_route_generation",
        "The generation of the route that is followed.",
        labels=["model", "worker"],
    )
    loaded = GaugeMetricFamily("keepfit_versions_loaded", "Versions in memory.", labels=["worker"])
    for worker, one in sorted(snapshot.gauges.items()):
        loaded.add_metric([worker], len(one.loaded))
        queue.add_metric([worker], one.queue_rows)
        spool.add_metric([worker], one.spool_bytes)
        for model, number in one.generations:
            generation.add_metric([model, worker], number)
    yield from (queue, spool, loaded, generation)


def _histograms(snapshot: Snapshot) -> "Iterator[Metric]":
    yield _histogram(
        "keepfit_request_duration",
        "From a request's first byte to its reply.",
        ("model", "version", "protocol", "status"),
        snapshot.requests.items(),
    )
    yield _histogram(
        "keepfit_stage_duration",
        "Each stage of a batch: decode for all its requests, queue for the oldest, encode for each.",
        ("model", "version", "stage"),
        snapshot.stages.items(),
    )
    yield _histogram(
        "keepfit_batch",
        "Rows of the batches that versions predicted.",
        ("model", "version"),
        snapshot.batches.items(),
        unit="rows",
    )
    yield _histogram(
        "keepfit_version_load_duration",
        "Loading and warming up a version that then could be served.",
        ("model",),
        (((model,), cells) for model, cells in snapshot.loads.items()),
    )


def _histogram(
    name: str,
    says: str,
    labels: tuple[str, ...],
    series: Iterable[tuple[tuple[str | int, ...], Cells]],
    *,
    unit: str = "seconds",
) -> "Metric":
    from prometheus_client.core import HistogramMetricFamily

    edges, per_unit = (TIME_EDGES_NS, 1e9) if unit == "seconds" else (ROW_EDGES, 1.0)
    bounds = [str(edge / per_unit) for edge in edges]
    family = HistogramMetricFamily(name, says, labels=labels, unit=unit)
    for key, cells in sorted(series):
        read = distribution(cells, edges)
        buckets = [(bound, float(count)) for bound, (_, count) in zip(bounds, read.at_most, strict=True)]
        family.add_metric(
            [str(one) for one in key], [*buckets, ("+Inf", float(read.count))], read.total / per_unit
        )
    return family


def _counters(snapshot: Snapshot) -> "Iterator[Metric]":
    from prometheus_client.core import CounterMetricFamily

    for what, (name, says) in _COUNTERS.items():
        family = CounterMetricFamily(name, says, labels=["model"])
        for model, counts in sorted(snapshot.counts.items()):
            family.add_metric([model], counts[what])
        yield family
    fallbacks = CounterMetricFamily(
        "keepfit_fallbacks",
        "Rows that a fallback answered because this version failed.",
        labels=["model", "version"],
    )
    for (model, version), (rows,) in sorted(snapshot.fallbacks.items()):
        fallbacks.add_metric([model, str(version)], rows)
    yield fallbacks


def _versions(snapshot: Snapshot) -> "Iterator[Metric]":
    from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

    held = [one for gauges in snapshot.gauges.values() for one in gauges.loaded]
    info = InfoMetricFamily(
        "keepfit_model_version", "Versions in memory.", labels=["model", "version", "role", "runtime"]
    )
    workers = GaugeMetricFamily(
        "keepfit_model_version_workers", "Workers that hold a version.", labels=["model", "version"]
    )
    for one in sorted(set(held)):
        info.add_metric([one.model, str(one.version), one.role, one.runtime], {})
    for model, version in sorted({(one.model, one.version) for one in held}):
        holding = sum(
            any((one.model, one.version) == (model, version) for one in gauges.loaded)
            for gauges in snapshot.gauges.values()
        )
        workers.add_metric([model, str(version)], holding)
    yield from (info, workers)
