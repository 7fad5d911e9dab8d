"""Training in a process of its own, on a tiny real workspace: it ends well, fails, dies, or takes too long."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keepfit.adapters.runtimes.choice import load_model
from keepfit.adapters.training_process import LOG, OUTCOME, REQUEST, STEP, ProcessRunner
from keepfit.training.outcome import TrainingRequest

START = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MODELS = """
import os
import signal

import polars as pl
from sklearn.linear_model import LinearRegression

import keepfit as kf


def declared(name):
    model = kf.Model(name, task=kf.Regression(target="rides"), id="ride", time="at", features=["degrees"])

    @model.source
    def rows(start, end):
        at = pl.datetime_range(start, end, "1h", eager=True, closed="left")
        return pl.DataFrame({"at": at, "degrees": at.dt.hour()}).with_columns(
            ride=pl.col("at").dt.strftime("%Y%m%d%H"), rides=2.0 * pl.col("degrees") + 1
        )

    return model


bikes, killed, waits = declared("bikes"), declared("killed"), declared("waits")


@bikes.trainer
def fit(train):
    return LinearRegression().fit(train.X, train.y)


@killed.trainer
def die(train):
    print("no memory is left", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


@waits.source
def wait(start, end):
    signal.pause()
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A folder with an empty keepfit.toml and three models."""
    root = tmp_path_factory.mktemp("workspace")
    (root / "keepfit.toml").write_text("")
    (root / "models.py").write_text(MODELS)
    return root


@pytest.fixture
def runner(workspace):
    """Keeps its runs in the workspace."""
    return ProcessRunner(workspace, workspace / "runs")


def request(model, *, timeout_s=120.0, job_id="train/m/1"):
    return TrainingRequest(
        model=model,
        job_id=job_id,
        starts=(START,),
        end=START + 10 * DAY,
        test_from=START + 8 * DAY,
        exclude=(),
        incumbent=None,
        at=START + 11 * DAY,
        why="asked for",
        timeout_s=timeout_s,
    )


def test_a_training_that_ends_well_leaves_a_candidate(runner, workspace):
    """An artifact that can be loaded, what it was made of, and a log of the steps."""
    outcome = runner.run(request("bikes", job_id="train/bikes/1"))
    assert (outcome.failed_step, outcome.reason) == ("", "")
    candidate = outcome.candidate
    assert (candidate.model, candidate.job_id, candidate.why) == ("bikes", "train/bikes/1", "asked for")
    assert candidate.directory.parent == workspace / "runs" / "train-bikes-1"
    assert candidate.dataset == "bikes@1"
    assert (candidate.params["train_rows"], candidate.params["test_rows"]) == ("192", "48")
    assert candidate.metrics["mae"] == pytest.approx(0, abs=1e-9)
    assert load_model(candidate.directory).coef_ == pytest.approx([2.0])
    steps = [line for line in outcome.log.read_text().splitlines() if line.startswith("step: ")]
    assert steps == [f"step: {name}" for name in ("snapshot", "split", "fit", "evaluate", "save")]


def test_a_process_that_dies_is_an_outcome(runner):
    """With the step in which it died, how, and the last thing that it said."""
    outcome = runner.run(request("killed"))
    assert outcome.candidate is None
    assert outcome.failed_step == "fit"
    assert outcome.reason == "the training process was killed by signal SIGKILL: no memory is left"
    assert "step: fit" in outcome.log.read_text()


def test_a_training_that_takes_too_long_is_ended(runner):
    """Nothing of it goes on: the process is gone when the outcome is there."""
    before = _children()
    outcome = runner.run(request("waits", timeout_s=0.5))
    assert outcome.candidate is None
    assert outcome.failed_step in {"start", "snapshot"}
    assert outcome.reason == "it took longer than 0.5 seconds and was ended"
    assert _children() == before


def _children():
    """The processes that this one started and that still run."""
    mine = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            mine.add(path.parent.name)
    return mine


def test_a_workspace_that_is_none_is_an_outcome_too(tmp_path):
    """The process says why it could not even begin."""
    outcome = ProcessRunner(tmp_path / "nowhere", tmp_path / "runs").run(request("bikes"))
    assert outcome.candidate is None
    assert outcome.failed_step == "start"
    assert "no keepfit.toml in" in outcome.reason


def test_a_job_that_is_run_again_begins_with_an_empty_folder(tmp_path):
    """What a crash left behind is not taken for the new run's outcome."""
    runner = ProcessRunner(tmp_path / "nowhere", tmp_path / "runs")
    folder = tmp_path / "runs" / "train-m-1"
    folder.mkdir(parents=True)
    (folder / OUTCOME).write_text("from before")
    (folder / STEP).write_text("save")
    outcome = runner.run(request("bikes", timeout_s=0.05))
    assert outcome.reason.startswith("it took longer than")
    assert outcome.failed_step == "start"
    assert sorted(path.name for path in folder.iterdir()) == sorted([REQUEST, LOG])
