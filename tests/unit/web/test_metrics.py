"""A scrape: read back by Prometheus' own parsers, with every number where it belongs."""

from datetime import timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from keepfit.clock import EPOCH
from keepfit.serving.telemetry import Telemetry
from keepfit.serving.telemetry_snapshot import Count, Loaded, Snapshot
from keepfit.web.metrics import OPENMETRICS, TEXT, metrics_reply

NOW = EPOCH + timedelta(days=1)


def counted():
    telemetry = Telemetry("web-0")
    telemetry.request("taxi", 3, "v2", 200, 1_500_000)
    telemetry.batch("taxi", 3, 8, predict_ns=900_000)
    telemetry.recorded("taxi", 8, 5, 2, 1)
    telemetry.swapped("taxi", 4)
    telemetry.loaded("taxi", 250_000_000)
    telemetry.fell_back("taxi", 2, 6)
    telemetry.queue_rows = 12
    telemetry.hold([Loaded(model="taxi", version=3, role="champion", runtime="lightgbm")])
    other = Telemetry("web-1")
    other.hold([Loaded(model="taxi", version=3, role="champion", runtime="lightgbm")])
    return telemetry.snapshot(NOW) + other.snapshot(NOW)


def samples(body, reader):
    return {
        (one.name, *sorted(one.labels.items())): one.value
        for family in reader(body.decode())
        for one in family.samples
    }


@pytest.mark.parametrize(
    ("accept", "reader"), [("", read_text), ("application/openmetrics-text", read_openmetrics)]
)
def test_every_number_is_told(accept, reader):
    """In both formats, as their own parsers read them; OpenMetrics' is strict about names and units."""
    body, _ = metrics_reply(counted(), accept)
    read = samples(body, reader)
    taxi = ("model", "taxi")
    request = (taxi, ("protocol", "v2"), ("status", "2xx"), ("version", "3"))
    duration = "keepfit_request_duration_seconds"
    assert read[(f"{duration}_bucket", ("le", "0.001"), *request)] == 0
    assert read[(f"{duration}_bucket", ("le", "0.0025"), *request)] == 1
    assert read[(f"{duration}_bucket", ("le", "+Inf"), *request)] == 1
    assert read[(f"{duration}_sum", *request)] == 0.0015
    predict = (taxi, ("stage", "predict"), ("version", "3"))
    assert read[("keepfit_stage_duration_seconds_sum", *predict)] == 0.0009
    assert read[("keepfit_batch_rows_bucket", ("le", "8.0"), taxi, ("version", "3"))] == 1
    assert read[("keepfit_version_load_duration_seconds_sum", taxi)] == 0.25
    states = ("received", "logged", "sampled_out", "dropped")
    assert [read[(f"keepfit_predictions_{one}_total", taxi)] for one in states] == [8, 5, 2, 1]
    assert read[("keepfit_swaps_total", taxi)] == 1
    assert read[("keepfit_fallbacks_total", taxi, ("version", "2"))] == 6
    assert read[("keepfit_queue_rows", ("worker", "web-0"))] == 12
    assert read[("keepfit_route_generation", taxi, ("worker", "web-0"))] == 4
    assert read["keepfit_workers",] == 2
    held = (taxi, ("role", "champion"), ("runtime", "lightgbm"), ("version", "3"))
    assert read[("keepfit_model_version_info", *held)] == 1
    assert read[("keepfit_versions_loaded", ("worker", "web-1"))] == 1
    assert read[("keepfit_model_version_workers", taxi, ("version", "3"))] == 2


def test_every_count_has_a_counter():
    """None is kept and never told."""
    snapshot = Snapshot(counts={"taxi": tuple(range(1, len(Count) + 1))})
    told = [
        value
        for (name, *_), value in samples(metrics_reply(snapshot)[0], read_text).items()
        if name.endswith("_total")
    ]
    assert sorted(told) == list(range(1, len(Count) + 1))


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", TEXT),
        ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", OPENMETRICS),
        ("Application/OpenMetrics-Text; version=0.0.1; q=0.8", OPENMETRICS),
        ("application/openmetrics-text;q=0,text/plain", TEXT),
        ("application/openmetrics-text;version=abc", OPENMETRICS),
        (";;,,=;\x7f", TEXT),
    ],
)
def test_the_format_is_what_the_caller_can_read(accept, content_type):
    """Whatever it sends, it is given one of the two."""
    assert metrics_reply(Snapshot(), accept)[1] == content_type


def test_names_that_need_escaping_are_read_back():
    """A quotation mark, a backslash, a line's end."""
    telemetry = Telemetry("web-0")
    telemetry.count('a"\\\nb', Count.LABELS)
    read = samples(metrics_reply(telemetry.snapshot(NOW))[0], read_text)
    assert read[("keepfit_labels_received_total", ("model", 'a"\\\nb'))] == 1
