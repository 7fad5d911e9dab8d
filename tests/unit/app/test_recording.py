"""`keepfit.log`: rows from any process in the capture log, checked, masked, and taken by the drain."""

import os
import sys
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

import keepfit as kf
from keepfit.adapters.capture_log import CaptureReader, spool_id
from keepfit.adapters.sql.releases import SqlReleases
from keepfit.app import recording
from keepfit.app.workspace import open_workspace
from keepfit.errors import DataError, NotFoundError
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.release.routing import Route
from keepfit.workflows.drain_capture import drain_capture

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MODELS = """
import keepfit as kf
taxi = kf.Model("taxi", task=kf.Regression(target="minutes"), id="trip", time="at", features=["miles", "zone"],
    categorical=["zone"], monitor=kf.Monitor(slices=["borough"]), capture=kf.Capture(redact=["borough"]))
"""
SIGNATURE = Signature(
    features=(Feature("miles", Kind.NUMBER), Feature("zone", Kind.CATEGORY, text=True, categories=("A",))),
    id="trip",
    time="at",
    context=("borough",),
    output="minutes",
)


@pytest.fixture(scope="module")
def template(made_workspace):
    """A workspace with two versions, the second of which is champion; made once."""
    return made_workspace(MODELS, SIGNATURE, 2)


@pytest.fixture
def root(template, tmp_path):
    import shutil

    copy = tmp_path / "workspace"
    shutil.copytree(template, copy)
    yield copy
    recording.close_logs()
    recording._recordings.clear()


def log(root, *given, **more):
    return kf.log("taxi", *given, workspace=root, **more)


def written(root):
    """The log of this process: hosts of one name, as containers may be, do not share one."""
    return f"{recording.log_name()}-{spool_id(root / '.keepfit' / 'spool')}"


def frames(root):
    reader = CaptureReader(root / ".keepfit" / "spool")
    return [frame for name in reader.logs() for frame in reader.read(name).frames]


def test_rows_are_in_the_log_of_this_process_when_it_returns(root):
    """With the champion's version, and ids that labels can refer to."""
    ids = log(root, {"miles": [1.5, 2.5], "zone": ["A", None], "borough": ["queens", "bronx"]}, [10, 20])
    (frame,) = frames(root)
    assert frame.prediction_id == ids
    assert len(set(ids)) == 2
    assert (frame.version, frame.prediction, frame.source) == ([2, 2], [10.0, 20.0], "python")
    assert np.frombuffer(frame.numbers).tolist() == [1.5, 2.5]
    assert frame.features == {"zone": ["A", None]}
    assert frame.context == {"borough": [None, None]}, "the model's Capture redacts it"
    assert CaptureReader(root / ".keepfit" / "spool").logs() == [written(root)]
    assert recording.log_name().endswith(f"-{os.getpid()}")


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame, dict])
def test_id_time_and_prediction_may_be_columns(root, make):
    """Of any kind of table; the version may be named."""
    rows = {
        "trip": ["a", "b"],
        "at": [NOW, NOW],
        "miles": [1.0, 2.0],
        "zone": ["A", "A"],
        "prediction": [3.0, 6.0],
    }
    assert log(root, make(rows), version=1) == ["a", "b"]
    (frame,) = frames(root)
    assert (frame.prediction, frame.version, set(frame.event_time)) == (
        [3.0, 6.0],
        [1, 1],
        {1_772_323_200_000_000},
    )


def test_labels_come_with_the_rows_or_later(root):
    """By the ids that were given, or given back."""
    ids = log(root, {"miles": 1.5, "zone": "A"}, 10, labels=12)
    log(root, id=ids, labels=[13], label_time=NOW)
    log(root, id=["x", "y"], labels=[True, 2], label_time="2026-03-01")
    labels = frames(root)[1:]
    assert [one.prediction_id for one in labels] == [ids, ids, ["x", "y"]]
    assert [one.label for one in labels] == [[12.0], [13.0], [1.0, 2.0]]
    assert {*labels[1].label_time, *labels[2].label_time} == {1_772_323_200_000_000}


def test_the_drain_takes_them(root):
    """To the lake, where each label finds its prediction; the ledger balances."""
    log(root, {"trip": ["a", "b"], "miles": [1.0, 2.0], "zone": ["A", "A"]}, [3, 6], labels=[4, 5])
    recording.close_logs()
    workspace = open_workspace(root)
    counts = drain_capture(workspace.ports, now=NOW)
    assert (counts.received, counts.stored, counts.labels, counts.balances) == (2, 2, 2, True)
    rows = workspace.ports.predictions.labelled("taxi").sort("prediction_id")
    assert rows.select("prediction_id", "x_miles", "label", "source").rows() == [
        ("a", 1.0, 4.0, "python"),
        ("b", 2.0, 5.0, "python"),
    ]


GOOD = {"miles": [1.0, 2.0], "zone": ["A", "A"]}


@pytest.mark.parametrize(
    ("given", "more", "said"),
    [
        (({"miles": [1.0, 2.0]}, [1, 2]), {}, "column 'zone' is missing"),
        (({**GOOD, "mils": [1, 2]}, [1, 2]), {}, "unknown column 'mils'"),
        (({**GOOD, "miles": [1, "far"]}, [1, 2]), {}, "column 'miles', row 1: 'far' is not a number"),
        ((GOOD, [1, None]), {}, "column 'prediction', row 1"),
        ((GOOD, [1]), {}, "there are 1 predictions for 2 rows"),
        ((GOOD, np.zeros((2, 2))), {}, r"prediction has shape \(2, 2\)"),
        ((GOOD,), {}, "there is no prediction"),
        ((GOOD, [1, 2]), {"id": ["a"]}, "'trip' has 1"),
        ((GOOD, [1, 2]), {"id": ["a", "a"]}, "rows 0 and 1 have the same id"),
        ((GOOD, [1, 2]), {"time": ["noon", "night"]}, "column 'at', row 0"),
        ((GOOD, [1, 2]), {"labels": [1]}, "there are 1 labels for 2 ids"),
        ((GOOD, [1, 2]), {"labels": [1, None]}, "column 'labels', row 1: a label is missing"),
        ((), {"labels": [1]}, "labels without ids"),
        ((), {"labels": [1], "id": ["a"], "label_time": [NOW, NOW]}, "2 label times for 1 labels"),
        ((), {"prediction": [1]}, "predictions without features"),
        ((), {}, "nothing to record"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_recorded(root, given, more, said):
    """Neither the predictions nor the labels of the call."""
    with pytest.raises(DataError, match=said):
        log(root, *given, **more)
    assert not (root / ".keepfit" / "spool").exists()


def test_a_model_or_version_that_is_not_there_is_said(root):
    """With the closest that is."""
    with pytest.raises(NotFoundError, match="no model 'taxy'") as caught:
        kf.log("taxy", GOOD, [1, 2], workspace=root)
    assert caught.value.hint == "did you mean 'taxi'?"
    with pytest.raises(NotFoundError, match=r"version 9"):
        log(root, GOOD, [1, 2], version=9)


def test_without_a_champion_the_version_must_be_named(root):
    """Nobody guesses who answered."""
    engine = open_workspace(root).engine
    SqlReleases(engine).set_route(Route(model="taxi", generation=2, champion=None))
    with pytest.raises(NotFoundError, match="has no champion") as caught:
        log(root, GOOD, [1, 2])
    assert "version=N" in caught.value.hint


def test_many_rows_are_several_frames(root, monkeypatch):
    """Which together are the rows, in order."""
    monkeypatch.setattr(recording, "_MOST_ROWS", 2)
    log(root, {"miles": [0.0, 1.0, 2.0, 3.0, 4.0], "zone": ["A"] * 5, "trip": list("abcde")}, range(5))
    made = frames(root)
    assert [one.received for one in made] == [2, 2, 1]
    assert [number for one in made for number in np.frombuffer(one.numbers)] == [0, 1, 2, 3, 4]
    assert "".join(name for one in made for name in one.prediction_id) == "abcde"


def test_a_closed_log_is_opened_again(root):
    """In a segment of its own."""
    log(root, GOOD, [1, 2])
    recording.close_logs()
    log(root, GOOD, [3, 4])
    reader = CaptureReader(root / ".keepfit" / "spool")
    assert len(reader.segments(written(root))) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_writes_a_log_of_its_own(root):
    """And leaves its parent's alone."""
    log(root, GOOD, [1, 2])
    child = os.fork()
    if child == 0:
        status = 1
        try:
            log(root, GOOD, [3, 4])
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    log(root, GOOD, [5, 6])
    names = CaptureReader(root / ".keepfit" / "spool").logs()
    assert len(names) == 2
    assert f"-{child}" in "".join(names)
    assert sum(frame.received for frame in frames(root)) == 6
