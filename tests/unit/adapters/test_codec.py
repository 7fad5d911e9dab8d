"""Round trips of the project's own records."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from keepfit.adapters.codec import from_json, pack, to_json, unpack
from keepfit.alerting.incident import Incident, IncidentState
from keepfit.clock import Window
from keepfit.errors import DataError
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.evaluation.task import Classification, Regression, Task
from keepfit.monitoring.evidence import WindowEvidence, window_evidence
from keepfit.monitoring.finding import Check, Fault, Finding, Verdict
from keepfit.monitoring.policy import Monitor
from keepfit.monitoring.record import CheckRecord
from keepfit.monitoring.reference import Reference, build_reference
from keepfit.registry.model_version import ModelVersion
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.release.policy import (
    BeatsChampion,
    Gate,
    Release,
    beats_champion,
    canary,
    latency,
    no_slice_worse,
    shadow,
)
from keepfit.retraining.policy import Retrain, decay, drift, every, last

NOW = datetime(2020, 1, 31, 8, 30, 0, 123456, tzinfo=UTC)

FINDING = Finding(
    check=Check.NULLS,
    subject="miles",
    statistic="null share",
    value=0.4,
    expected=0.0,
    threshold=0.05,
    n=5000,
    verdict=Verdict.ALARM,
    says="40 % of miles is null",
    fault=Fault(column="miles", kind="value", value=-1.0),
)

RECORDS = [
    ModelVersion(
        model="taxi-eta",
        number=3,
        run_id="abc",
        job_id="job-1",
        artifact_uri="/artifacts/3/model",
        digest="sha256:00",
        dataset="taxi@2",
        dataset_digest="sha256:01",
        metrics={"mae": 2.5, "slice mae: borough=Queens": 3.0},
        signature=Signature(
            features=(
                Feature("zone", Kind.CATEGORY, categories=(1, 2, "other")),
                Feature("miles", Kind.NUMBER, integral=True),
            ),
            id="trip_id",
            time="pickup_at",
            context=("borough",),
            output="minutes",
        ),
        trained_at=NOW,
        why="decay",
    ),
    FINDING,
    replace(FINDING, fault=None),
    CheckRecord(
        model="taxi-eta",
        version=1,
        window=Window(NOW, NOW + timedelta(days=1)),
        at=NOW,
        findings=(FINDING, replace(FINDING, fault=Fault(column="zone", kind="value", value="nan"))),
    ),
    Incident(
        id="i",
        model="taxi-eta",
        key="decay:mae",
        title="decay",
        state=IncidentState.OPEN,
        opened_at=NOW,
        updated_at=NOW,
        resolved_at=None,
        opened_says="é",
        says="é",
    ),
    Performance(
        predicted=10, labelled=LossSums(2, 3.0, 5.0), slices={"borough=Queens": LossSums(1, 1.0, 1.0)}
    ),
    Release(
        gates=[beats_champion(), no_slice_worse(by=0.15), latency(p99_ms=20)],
        rollout=[shadow("1d"), canary(10, "1d")],
    ),
    Retrain(on=[decay(tolerance=0.1), drift(), every("30d")], train_on=last("21d"), cooldown="7d"),
    Monitor(window="1d", slices=["borough"]),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_equal(record):
    """Both JSON and MessagePack give back an equal record, whose own type is the only thing the reader names."""
    assert from_json(to_json(record), type(record)) == record
    assert unpack(pack(record), type(record)) == record


def test_not_a_number_survives():
    """A statistic that could not be computed stays not-a-number; it does not become null, or zero."""
    back = from_json(to_json(replace(FINDING, value=math.nan, threshold=math.inf)), Finding)
    assert math.isnan(back.value)
    assert back.threshold == math.inf


def test_a_bare_member_of_a_union_is_written_as_declared():
    """A gate on its own, and a tuple of gates, come back when the union is named on both sides."""
    assert from_json(to_json(BeatsChampion(), Gate), Gate) == BeatsChampion()
    tasks = (Regression(target="minutes"), Classification(target="late"))
    assert unpack(pack(tasks, tuple[Task, ...]), tuple[Task, ...]) == tasks


def test_records_in_plain_containers_need_no_declaration():
    """A tuple of records is written by what they are."""
    assert from_json(to_json((FINDING, FINDING)), tuple[Finding, ...]) == (FINDING, FINDING)


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        (b"{", Finding),
        (b'{"check":"nulls"}', Finding),
        (b'{"start":1,"end":2}', Window),
        (b'{"Nobody":{}}', Gate),
        (b'"text"', Gate),
        (b'["1"]', tuple[int, ...]),
    ],
)
def test_what_cannot_be_read_is_named(data, declared):
    """Damaged and foreign text is refused by an error that names the type."""
    with pytest.raises(DataError, match="cannot be read as"):
        from_json(data, declared)


def test_damaged_messagepack_is_refused():
    """Bytes that are cut short are refused."""
    with pytest.raises(DataError, match="cannot be read as Finding"):
        unpack(pack(FINDING)[:-3], Finding)


def test_evidence_comes_back_to_the_last_bit():
    """A reference and a window's evidence, with their arrays and mixed kinds of profile, come back and still add up."""
    rows = pl.DataFrame(
        {
            "pickup_at": [NOW + timedelta(hours=hour) for hour in range(200)],
            "miles": [float(hour % 7) if hour % 11 else None for hour in range(200)],
            "zone": [f"z{hour % 5}" for hour in range(200)],
        }
    )
    features = (Feature("miles", Kind.NUMBER), Feature("zone", Kind.CATEGORY, text=True))
    reference = build_reference(
        rows,
        features=features,
        time="pickup_at",
        every=timedelta(days=1),
        expected=Performance(predicted=200, labelled=LossSums(200, 300.0, 500.0)),
        predictions=rows["miles"].fill_null(0.0) * 3,
    )
    same = unpack(pack(reference), Reference)
    assert (same.cells, same.expected) == (reference.cells, reference.expected)
    assert pack(same) == pack(reference)
    assert pack(same.total) == pack(reference.total)
    assert pack(from_json(to_json(reference), Reference)) == pack(reference)
    evidence = window_evidence(
        _predictions(rows),
        model="taxi-eta",
        version=1,
        window=Window(NOW, NOW + timedelta(days=9)),
        reference=reference,
        features=features,
        slices=["zone"],
        metric="mae",
        batch=7,
    )
    back = unpack(pack(evidence), WindowEvidence)
    assert pack(back) == pack(evidence)
    assert back.performance == evidence.performance
    assert back.traffic.features["zone"] == evidence.traffic.features["zone"]
    miles, was = back.traffic.features["miles"], evidence.traffic.features["miles"]
    np.testing.assert_array_equal(miles.counts, was.counts)
    assert miles.counts.dtype == was.counts.dtype
    assert pack(back.traffic + evidence.traffic) == pack(evidence.traffic + evidence.traffic)


def _predictions(rows: pl.DataFrame) -> pl.DataFrame:
    """Prediction rows as the lake would give them."""
    return rows.select(
        pl.lit(1).alias("version"),
        pl.lit("champion").alias("role"),
        pl.col("pickup_at").alias("event_time"),
        pl.lit(3.0).alias("prediction"),
        pl.col("miles").alias("label"),
        pl.col("miles").alias("x_miles"),
        pl.col("zone").alias("x_zone"),
    )
