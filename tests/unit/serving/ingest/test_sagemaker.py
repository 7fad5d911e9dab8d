"""SageMaker's files, with every encoding that it writes."""

import base64
import json

import numpy as np
import pytest

from keepfit.predictions.capture_codec import PredictionsFrame
from keepfit.serving.ingest.sagemaker import Skipped, capture_frames, hour_in, truth_labels


def data(text, encoding="CSV", content_type=None):
    return {"data": text, "encoding": encoding, "observedContentType": content_type, "mode": "INPUT"}


def line(asked, answered, **about):
    metadata = {"eventId": "e-1", "inferenceTime": "2020-01-31T08:00:00Z", **about}
    captured = {"endpointInput": asked, "endpointOutput": answered}
    return json.dumps(
        {
            "captureData": {name: one for name, one in captured.items() if one is not None},
            "eventMetadata": metadata,
            "eventVersion": "0",
        }
    ).encode()


def frames(signature, *lines):
    return list(capture_frames(lines, "taxi", signature, version=3, received_at=9))


def b64(text):
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (data("1.5,A,8\n2.5,,9"), data("10\n20")),
        (data("miles,zone,hour\n1.5,A,8\n2.5,,9\n"), data("10,20")),
        (data(b64("1.5,A,8\n2.5,,9"), "BASE64", "text/csv"), data(b64("10\n20"), "BASE64")),
        (
            data('{"instances": [[1.5, "A", 8], [2.5, null, 9]]}', "JSON"),
            data('{"predictions": [10, 20]}', "JSON"),
        ),
        (
            data('{"inputs": {"miles": [1.5, 2.5], "zone": ["A", null], "hour": [8, 9]}}', "JSON"),
            data("[10, 20]", "JSON"),
        ),
        (
            data(
                json.dumps(
                    {
                        "inputs": [
                            {"name": "miles", "shape": [2], "datatype": "FP64", "data": [1.5, 2.5]},
                            {"name": "zone", "shape": [2], "datatype": "BYTES", "data": ["A", None]},
                            {"name": "hour", "shape": [2], "datatype": "INT64", "data": [8, 9]},
                        ]
                    }
                ),
                "JSON",
            ),
            data('{"outputs": [{"name": "y", "shape": [2], "datatype": "FP64", "data": [10, 20]}]}', "JSON"),
        ),
        (
            data(
                b64(
                    '{"dataframe_split": {"columns": ["hour", "zone", "miles"], "data": [[8, "A", 1.5], [9, null, 2.5]]}}'
                ),
                "BASE64",
            ),
            data(b64('{"predictions": [{"score": 10}, {"score": 20}]}'), "BASE64", "application/json"),
        ),
    ],
)
def test_every_encoding_says_the_same(taxi, asked, answered):
    """CSV with a header or without, JSON in all its forms, and both in base64."""
    (made,) = frames(taxi, line(asked, answered))
    assert isinstance(made, PredictionsFrame)
    assert (made.prediction_id, made.prediction, made.source) == (
        ["e-1:0", "e-1:1"],
        [10.0, 20.0],
        "sagemaker",
    )
    assert made.event_time == [1_580_457_600_000_000] * 2
    assert np.frombuffer(made.numbers).tolist() == [1.5, 8.0, 2.5, 9.0]
    assert made.features == {"zone": ["A", None]}


def test_the_inference_id_comes_before_the_event_id(taxi):
    """It is what ground truth names; without a time the event is now."""
    (made,) = frames(taxi, line(data("1.5,A,8"), data("10"), inferenceId="i-9", inferenceTime=None))
    assert (made.prediction_id, made.event_time) == (["i-9"], [9])


def test_what_cannot_be_recorded_is_told_and_the_rest_is_kept(taxi):
    """With the number of its line; empty lines are none."""
    made = frames(
        taxi,
        b"",
        b"{",
        line(data("1.5,A,8"), data("10")),
        line(data("1.5,A,8"), None),
        line(None, data("10")),
        line(data("1.5,A"), data("10")),
        line(data("1.5,A,8", "XML"), data("10")),
        line(data("?", "BASE64"), data("10")),
        line(data("1.5,A,8"), data("10"), inferenceTime="noon"),
    )
    told = {one.line: one.reason for one in made if isinstance(one, Skipped)}
    assert sorted(told) == [2, 4, 5, 6, 7, 8, 9]
    assert "no line of SageMaker's" in told[2]
    assert "the answer was not captured" in told[4]
    assert "the request was not captured" in told[5]
    assert "2 fields; the model takes 3" in told[6]
    assert "'XML' is not read here" in told[7]
    assert "inferenceTime" in told[9]
    assert len(made) == 8


def truth(text, encoding="CSV", **about):
    return json.dumps(
        {
            "groundTruthData": {"data": text, "encoding": encoding},
            "eventMetadata": {"eventId": "e-1", **about},
            "eventVersion": "0",
        }
    ).encode()


def test_ground_truth_becomes_labels():
    """One a row of its request; a line that holds none is told."""
    lines = [
        truth("1"),
        truth("2,3", eventId="e-2"),
        truth("[4, true]", "JSON", eventId="e-3"),
        b"",
        truth("?"),
        truth(""),
    ]
    labels, skipped = truth_labels(lines, "taxi", collected_at=5, received_at=9)
    assert labels.prediction_id == ["e-1", "e-2:0", "e-2:1", "e-3:0", "e-3:1"]
    assert labels.label == [1.0, 2.0, 3.0, 4.0, 1.0]
    assert (set(labels.label_time), set(labels.received_at)) == ({5}, {9})
    assert [one.line for one in skipped] == [5, 6]


@pytest.mark.parametrize(
    ("path", "hour"),
    [
        ("b/taxi/AllTraffic/2020/01/31/08/a.jsonl", 1_580_457_600_000_000),
        ("2020/01/31/08/a.jsonl", 1_580_457_600_000_000),
        ("2020/13/31/08/a.jsonl", None),
        ("2020/01/31/a.jsonl", None),
        ("a.jsonl", None),
    ],
)
def test_the_hour_is_in_the_path(path, hour):
    """It is when the labels were collected."""
    assert hour_in(path) == hour
