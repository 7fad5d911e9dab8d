"""SageMaker's files in the lake, however often they are read."""

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from keepfit.app.ingest import ingest_capture, ingest_ground_truth
from keepfit.app.workspace import open_workspace
from keepfit.cli.application import application
from keepfit.errors import DataError, NotFoundError
from keepfit.registry.signature import Feature, Kind, Signature

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MODELS = """
import keepfit as kf
taxi = kf.Model("taxi", task=kf.Regression(target="minutes"), id="trip", time="at", features=["miles"])
"""
SIGNATURE = Signature(
    features=(Feature("miles", Kind.NUMBER),), id="trip", time="at", context=(), output="minutes"
)


@pytest.fixture(scope="module")
def template(made_workspace):
    return made_workspace(MODELS, SIGNATURE, 1)


@pytest.fixture
def root(template, tmp_path):
    import shutil

    return shutil.copytree(template, tmp_path / "workspace")


def captured(number, miles, minutes, **about):
    return {
        "captureData": {
            "endpointInput": {"data": str(miles), "encoding": "CSV", "mode": "INPUT"},
            "endpointOutput": {"data": str(minutes), "encoding": "CSV", "mode": "OUTPUT"},
        },
        "eventMetadata": {"eventId": f"e-{number}", "inferenceTime": "2026-01-01T08:00:00Z", **about},
        "eventVersion": "0",
    }


def truth(number, minutes):
    return {
        "groundTruthData": {"data": str(minutes), "encoding": "CSV"},
        "eventMetadata": {"eventId": f"e-{number}"},
        "eventVersion": "0",
    }


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines), encoding="utf-8"
    )
    return path


def test_a_folder_is_read_whole_and_counts_once(root, tmp_path):
    """Predictions, and the labels that find them; a second reading finds nothing new."""
    space = open_workspace(root)
    capture, labels = tmp_path / "capture", tmp_path / "truth"
    write(capture / "2026/01/01/08/a.jsonl", captured(1, 1.5, 10), captured(2, 2.5, 20), "{")
    write(capture / "2026/01/01/09/b.jsonl", captured(3, 3.5, 30))
    write(labels / "2026/01/02/00/a.jsonl", truth(1, 11), truth(3, 33), truth(9, 99), truth(2, "?"))
    first = ingest_capture(space, capture, model="taxi", version=None, now=NOW)
    assert (first.files, first.counts.received, first.counts.stored, first.counts.balances) == (2, 3, 3, True)
    assert [(one.line, one.file.rsplit("/", 1)[-1]) for one in first.left_out] == [(3, "a.jsonl")]
    again = ingest_capture(space, capture, model="taxi", version=None, now=NOW)
    assert (again.counts.stored, again.counts.duplicates) == (0, 3)
    for expected in (3, 0):
        done = ingest_ground_truth(space, labels, model=None, now=NOW)
        assert (done.counts.labels, len(done.left_out)) == (expected, 1)
    rows = space.ports.predictions.labelled("taxi").sort("prediction_id")
    assert rows.select("prediction_id", "x_miles", "prediction", "label", "source").rows() == [
        ("e-1", 1.5, 10.0, 11.0, "sagemaker"),
        ("e-2", 2.5, 20.0, None, "sagemaker"),
        ("e-3", 3.5, 30.0, 33.0, "sagemaker"),
    ]
    assert rows["label_time"].drop_nulls().unique().to_list() == [datetime(2026, 1, 2, tzinfo=UTC)]
    assert space.ports.predictions.waiting_labels("taxi") == 1
    assert space.ports.ledger.ledger("taxi").balances


def test_a_line_without_a_time_has_that_of_its_path(root, tmp_path):
    """So that a second reading, on another day, knows it."""
    space = open_workspace(root)
    file = write(tmp_path / "2026/01/01/08/a.jsonl", captured(1, 1.5, 10, inferenceTime=None))
    for now, stored in ((NOW, 1), (datetime(2026, 5, 1, tzinfo=UTC), 0)):
        assert ingest_capture(space, file, model=None, version=1, now=now).counts.stored == stored


def test_ground_truth_without_an_hour_has_that_of_its_file(root, tmp_path):
    """And is the same label when it is read again."""
    space = open_workspace(root)
    file = write(tmp_path / "truth.jsonl", truth(1, 11))
    assert [ingest_ground_truth(space, file, model=None, now=NOW).counts.labels for _ in range(2)] == [1, 0]


def test_what_is_not_there_is_said(root, tmp_path):
    """A file, a folder without one, a version."""
    space = open_workspace(root)
    with pytest.raises(DataError, match=r"a\.jsonl cannot be read"):
        ingest_capture(space, tmp_path / "a.jsonl", model=None, version=None, now=NOW)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"no \.jsonl file in"):
        ingest_capture(space, tmp_path / "empty", model=None, version=None, now=NOW)
    with pytest.raises(NotFoundError, match="no version 7"):
        ingest_capture(space, tmp_path, model=None, version=7, now=NOW)


def test_the_commands_report_what_came(root, tmp_path):
    """In words, or as one document; what was left out is on stderr, with its place."""
    file = write(tmp_path / "2026/01/01/08/a.jsonl", captured(1, 1.5, 10), *["{"] * 7)
    run, space = CliRunner(), ["--workspace", str(root)]
    done = run.invoke(application, ["ingest", "sagemaker", str(file), *space])
    assert done.exit_code == 0
    assert done.stdout == "1 file: 1 prediction stored, 0 known already\n"
    assert "a.jsonl, line 2: it is no line of SageMaker's" in done.stderr
    assert "left out: 2 more lines" in done.stderr
    document = json.loads(
        run.invoke(application, ["ingest", "sagemaker", str(file), "--json", *space]).stdout
    )
    assert (document["counts"]["duplicates"], len(document["left_out"])) == (1, 7)
    labels = write(tmp_path / "truth.jsonl", truth(1, 11), truth(9, 1))
    done = run.invoke(application, ["ingest", "ground-truth", str(labels), *space])
    assert done.stdout.splitlines()[0] == "1 file: 2 labels stored"
    assert "1 label" in done.stdout.splitlines()[1]
