"""The drain in a process of its own."""

import os
import signal
from datetime import timedelta
from threading import Event

import pytest

from keepfit.adapters.capture_log import CaptureWriter
from keepfit.app.drainer import DrainerProcess, run_drainer
from keepfit.app.workspace import open_workspace
from keepfit.predictions.capture_codec import LabelsFrame


@pytest.fixture
def workspace(tmp_path):
    """With three labels in a capture log that is being written."""
    (tmp_path / "keepfit.toml").touch()
    told = []
    space = open_workspace(tmp_path, lambda message, _at: told.append(message))
    space.told = told
    writer = CaptureWriter(space.spool, log_id="web-0")
    for number in range(3):
        writer.append(
            LabelsFrame(
                model="taxi", prediction_id=[str(number)], label=[1.0], label_time=[0], received_at=[0]
            )
        )
    yield space
    writer.close()
    space.engine.dispose()


def test_what_was_captured_is_drained_until_a_stop_is_asked_for(workspace):
    """The signal comes while it is told what was drained; it ends without another round."""
    counts = []

    def drained(found, _at):
        counts.append(found.counts.labels)
        os.kill(os.getpid(), signal.SIGTERM)

    run_drainer(workspace, every=timedelta(hours=1), drained=drained)
    assert counts == [3]
    assert workspace.ports.ledger.ledger("taxi").labels == 3


def test_it_ends_with_the_process_that_started_it(workspace, monkeypatch):
    """A drainer of nobody would go on for ever."""
    monkeypatch.setenv("KEEPFIT_DRAINS_FOR", "1000000000")
    run_drainer(workspace, every=timedelta(hours=1), drained=lambda *_: None)
    assert workspace.ports.ledger.ledger("taxi").labels == 0


def test_what_fails_is_told_once_and_tried_again(workspace, monkeypatch):
    """Two rounds fail alike, the third goes well."""
    state = workspace.state / "lake"
    state.write_text("a file where the lake should be", encoding="utf-8")
    rounds = []

    def tried(self, seconds):
        rounds.append(seconds)
        if len(rounds) == 2:
            state.unlink()

    monkeypatch.setattr("keepfit.app.stop_request.StopRequest.wait", tried)
    run_drainer(
        workspace, every=timedelta(seconds=2), drained=lambda *_: os.kill(os.getpid(), signal.SIGTERM)
    )
    assert rounds == [2.0, 2.0, 2.0]
    assert len([one for one in workspace.told if "could not be drained" in one]) == 1


def test_the_controllers_drainer_is_a_process(workspace):
    """It drains while it lives, and ends when it is told to."""
    with DrainerProcess(workspace) as drainer:
        for _ in range(600):
            if workspace.ports.ledger.ledger("taxi").labels == 3:
                break
            Event().wait(0.05)
        assert drainer.runs
    assert not drainer.runs
    assert workspace.ports.ledger.ledger("taxi").labels == 3
