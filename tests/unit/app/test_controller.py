"""The controller outlives what goes wrong in a pass; it never hides that its server ended."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keepfit.app.controller import ServerProcess, look, pause
from keepfit.app.scaffold import make_workspace
from keepfit.app.stop_request import StopRequest
from keepfit.app.workspace import open_workspace
from keepfit.errors import ServerError

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class FullDisk:
    """A queue that cannot be written."""

    def claim(self, **_asked):
        """As `JobQueue`."""
        raise OSError("no space left on device")


class Impatient:
    """A queue during whose use somebody presses Ctrl-C twice."""

    def claim(self, **_asked):
        """As `JobQueue`."""
        raise KeyboardInterrupt


@pytest.fixture
def told():
    """What was told."""
    return []


@pytest.fixture
def workspace(tmp_path, told):
    """The first model, not trained."""
    make_workspace(tmp_path)
    return open_workspace(tmp_path, lambda message, _at: told.append(message))


def test_a_pass_that_fails_is_told_and_the_next_one_tried(workspace, told, caplog):
    """A full disk must not end the server; the log has the traceback."""
    vars(workspace)["ports"] = replace(workspace.ports, jobs=FullDisk())
    with StopRequest() as stop:
        assert look(workspace, stop, NOW) is None
        assert not stop.asked
    assert told[-1] == "the pass failed, the next one tries again: OSError: no space left on device"
    assert "Traceback" in caplog.text


def test_a_pass_that_is_broken_off_is_told(workspace, told):
    """Whoever stops the controller hears that something was under way."""
    vars(workspace)["ports"] = replace(workspace.ports, jobs=Impatient())
    with StopRequest() as stop:
        assert look(workspace, stop, NOW) is None
    assert told == ["broke off in the middle of a pass; the next start goes on with it"]


def test_a_pass_over_a_model_that_was_never_trained_has_no_problem(workspace, told):
    """Nothing is released, which is no failure."""
    with StopRequest() as stop:
        done = look(workspace, stop, NOW)
    assert done is not None
    assert (done.problems, told) == ({}, [])


def test_a_server_that_does_not_run_ends_the_pause(workspace):
    """It is looked after between two ticks, however long the pause."""
    server = ServerProcess(workspace, host="127.0.0.1", port=0)
    with StopRequest() as stop, pytest.raises(ServerError, match="the server was not started"):
        pause(server, timedelta(hours=1), stop)
