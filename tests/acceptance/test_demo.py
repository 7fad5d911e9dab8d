"""`keepfit demo`: a model trained in January is worse by April; keepfit notices, explains, retrains, releases."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

APRIL_TO_AUGUST = ("2020-04", "2020-05", "2020-06", "2020-07", "2020-08")
COLLAPSE = "2020-03-16"
#: Minutes on a machine of its own; other work on the same cores may take most of them.
PATIENCE_S = 1200

pytestmark = pytest.mark.timeout(PATIENCE_S + 60)


@pytest.fixture(scope="module")
def story(tmp_path_factory) -> dict:
    """The demo's own JSON, from the real command."""
    folder = tmp_path_factory.mktemp("demo") / "workspace"
    command = [sys.executable, "-m", "keepfit", "demo", str(folder), "--exit", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"folder": folder}


def _mean(story: dict, name: str) -> float:
    chosen = [month for month in story["months"] if month["month"] in APRIL_TO_AUGUST]
    return sum(month[name] * month["n"] for month in chosen) / sum(month["n"] for month in chosen)


def _events(story: dict, kind: str) -> list[dict]:
    return [event for event in story["events"] if event["kind"] == kind]


def test_the_managed_model_beats_the_frozen_one_and_a_monthly_retrain(story):
    """From April to August, weighted by predictions, with at most twelve retrains."""
    managed = _mean(story, "managed_mae")
    assert managed <= 0.70 * _mean(story, "frozen_mae")
    assert managed <= 0.95 * _mean(story, "monthly_retrain_mae")
    assert 1 <= len(_events(story, "retrain")) <= 12


def test_before_the_collapse_it_keeps_still(story):
    """At most one retrain and no rollback before the world changes in the middle of March."""
    assert len([event for event in _events(story, "retrain") if event["at"] < COLLAPSE]) <= 1
    assert _events(story, "rolled back") == []


def test_the_decay_is_an_incident_that_opens_and_is_resolved(story):
    """Noticed within days of the collapse, and resolved when the numbers are back."""
    opened = [event for event in _events(story, "incident opened") if "decay" in event["why"]]
    resolved = [event for event in _events(story, "incident resolved") if "decay" in event["why"]]
    assert COLLAPSE <= opened[0]["at"] < "2020-04-01"
    assert resolved
    assert opened[0]["at"] < resolved[0]["at"]


def test_every_prediction_is_in_the_lake(story):
    """The caller's count, the server's count and the lake's count are the same, to the row."""
    ledger = story["ledger"]
    assert story["asked"] == ledger["received"] == story["in_lake"] == sum(m["n"] for m in story["months"])
    assert ledger["received"] == ledger["stored"] + ledger["sampled_out"] + ledger["dropped"]
    assert ledger["dropped"] == ledger["sampled_out"] == 0
    assert ledger["labels"] == ledger["received"]


def test_every_month_has_its_predictions_and_every_event_its_reason(story):
    """Seven months, and a timeline that runs forward."""
    assert [month["month"] for month in story["months"]] == ["2020-02", "2020-03", *APRIL_TO_AUGUST]
    assert all(event["why"] and event["model"] == "taxi-eta" for event in story["events"])
    assert all(before["at"] <= after["at"] for before, after in pairwise(story["events"]))


def test_the_workspace_stays_for_the_user(story):
    """The model file can be edited, and the state can be asked."""
    folder: Path = story["folder"]
    assert "kf.Model(" in (folder / "taxi.py").read_text(encoding="utf-8")
    command = [sys.executable, "-m", "keepfit", "history", "taxi-eta", "--json", "--workspace", str(folder)]
    champions = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["champions"]
    assert champions[0]["version"] == 1
    assert champions[-1]["until"] is None
