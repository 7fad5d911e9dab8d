"""A candidate that learned nothing is refused; forced past the gates, it is rolled back by itself."""

from datetime import UTC, datetime

import pytest
from stories import MODEL, taxi_workspace

from keepfit.app.controller import ServerProcess
from keepfit.app.training import train_now
from keepfit.app.workspace import open_workspace
from keepfit.demo.client import Caller
from keepfit.demo.replay import replay
from keepfit.registry.lineage import ReleaseEventKind, champion_at
from keepfit.release.record import ReleaseState
from keepfit.workflows.start_release import start_release

JANUARY, FEBRUARY = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 2, 1, tzinfo=UTC)
SECOND, THIRD, END = (datetime(2020, 2, day, tzinfo=UTC) for day in (2, 3, 11))


def _shuffled(model_file: str) -> str:
    """The same model file, whose trainer learns from shuffled targets."""
    learns = "model.fit(train.X, train.y)"
    assert learns in model_file
    shuffled = "model.fit(train.X, __import__('numpy').random.default_rng(0).permutation(train.y))"
    return model_file.replace(learns, shuffled)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Version 1 is champion, version 2 was trained on shuffled targets."""
    space = taxi_workspace(tmp_path_factory.mktemp("bad") / "workspace")
    train_now(space, MODEL, start=JANUARY, end=FEBRUARY, now=FEBRUARY, why="the first version")
    model_file = space.root / "taxi.py"
    good = model_file.read_text(encoding="utf-8")
    model_file.write_text(_shuffled(good), encoding="utf-8")
    space = open_workspace(space.root)
    train_now(space, MODEL, start=JANUARY, end=FEBRUARY, now=SECOND, why="a mistake")
    model_file.write_text(good, encoding="utf-8")
    return open_workspace(space.root)


def test_the_gates_refuse_it(workspace):
    """The reason names the numbers, and version 1 stays champion."""
    events = workspace.ports.release_log.events(MODEL)
    refused = [event for event in events if event.kind is ReleaseEventKind.REFUSED]
    assert [event.version for event in refused] == [2]
    assert "against" in refused[0].why
    assert workspace.ports.releases.route(MODEL).champion == 1


def test_forced_past_the_gates_it_is_rolled_back_by_itself(workspace):
    """The former champion answers in its shadow; as soon as labels tell, it takes over again."""
    model, ports = workspace.model(MODEL), workspace.ports
    with ServerProcess(workspace, host="127.0.0.1", port=0) as server:
        caller = Caller(server.addresses.http, MODEL)
        replay(workspace, model, caller, start=FEBRUARY, end=THIRD)
        version = ports.registry.version(MODEL, 2)
        start_release(ports, model, version, now=THIRD, actor="ana", forced_by="ana", why="I know better")
        assert ports.releases.route(MODEL).champion == 2
        replay(workspace, model, caller, start=THIRD, end=END)
        caller.close()
    events = ports.release_log.events(MODEL)
    back = [event for event in events if event.kind is ReleaseEventKind.ROLLED_BACK]
    assert [(event.version, event.champion_after) for event in back] == [(2, 1)]
    assert THIRD < back[0].at <= datetime(2020, 2, 6, tzinfo=UTC)
    assert "on the same" in back[0].why
    assert champion_at(events, THIRD) == 2
    assert champion_at(events, END) == 1
    assert ports.releases.releases(MODEL)[-1].state is ReleaseState.ROLLED_BACK


def test_the_rollback_is_an_incident_that_ends(workspace):
    """People are told that a release was bad, and that it is over; and nothing was retrained because of it."""
    found = [one for one in workspace.ports.incidents.incidents(MODEL) if "bad release" in one.key]
    assert len(found) == 1
    assert "version 2 was rolled back" in found[0].opened_says
    assert not found[0].active
    assert [job.payload["why"] for job in workspace.ports.jobs.jobs(MODEL)] == [
        "the first version",
        "a mistake",
    ]
