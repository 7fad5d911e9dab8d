"""A training that somebody asks for and breaks off."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keepfit.app.scaffold import make_workspace
from keepfit.app.training import train_now
from keepfit.app.workspace import open_workspace
from keepfit.errors import ReleaseError
from keepfit.jobs.job import JobState

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Interrupted:
    """A training during which somebody presses Ctrl-C; it keeps what it was asked for."""

    def __init__(self) -> None:
        self.requests = []

    def run(self, request):
        """As `TrainingRunner`."""
        self.requests.append(request)
        raise KeyboardInterrupt


@pytest.fixture
def workspace(tmp_path):
    """The first model, and a runner that is interrupted."""
    make_workspace(tmp_path)
    opened = open_workspace(tmp_path)
    vars(opened)["ports"] = replace(opened.ports, runner=Interrupted())
    return opened


def test_an_interrupted_training_is_over(workspace):
    """No tick takes it up again behind the back of whoever broke it off."""
    with pytest.raises(KeyboardInterrupt):
        train_now(workspace, "bikes", start=None, end=None, now=NOW, why="a test")
    (job,) = workspace.ports.jobs.jobs("bikes")
    assert (job.state, job.reason) == (JobState.FAILED, "interrupted by whoever asked for it")
    assert workspace.ports.jobs.claim(now=NOW + timedelta(days=1), lease=timedelta(hours=1)) is None


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (None, None, (60, 7)),
        (NOW - timedelta(days=10), NOW, (10, 2)),
        (None, NOW - timedelta(days=5), (60, 12)),
        (NOW - timedelta(days=10), None, (10, 2)),
    ],
)
def test_the_newest_fifth_of_a_stretch_that_is_asked_for_is_held_out(workspace, start, end, days):
    """Without one the policy decides; half of one is completed by it."""
    with pytest.raises(KeyboardInterrupt):
        train_now(workspace, "bikes", start=start, end=end, now=NOW, why="a test")
    (request,) = workspace.ports.runner.requests
    span, held_out = request.end - min(request.starts), request.end - request.test_from
    assert (round(span / timedelta(days=1)), round(held_out / timedelta(days=1))) == days


def test_a_stretch_without_time_is_refused(workspace):
    """From must come before to; nothing is enqueued."""
    with pytest.raises(ReleaseError, match="no time lies between 2026-03-01 00:00 and 2026-02-01 00:00 UTC"):
        train_now(workspace, "bikes", start=NOW, end=datetime(2026, 2, 1, tzinfo=UTC), now=NOW, why="a test")
    assert workspace.ports.jobs.jobs() == []
