"""January to March 2019: `passenger_count` turns to 0 for one trip in six of February. A broken feed, not drift."""

from datetime import UTC, datetime

import pytest
from stories import DATA, MODEL, Told, taxi_workspace, tell

from keepfit.demo.timeline import timeline
from keepfit.diagnosis.cause import Cause
from keepfit.jobs.job import JobState

FEBRUARY, MARCH = datetime(2019, 2, 1, tzinfo=UTC), datetime(2019, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> Told:
    """Trained on January, replayed until the feed is back and the scheduled retrain has run."""
    workspace = taxi_workspace(tmp_path_factory.mktemp("feed") / "workspace", DATA / "trips_2019.parquet")
    start, end = datetime(2019, 1, 1, tzinfo=UTC), datetime(2019, 3, 9, tzinfo=UTC)
    return tell(workspace, start=start, first=FEBRUARY, end=end)


def test_a_data_incident_names_the_column(told):
    """On the first day of the fault, with the value and its share; resolved in the first days of March."""
    found = [one for one in told.workspace.ports.incidents.incidents(MODEL) if "broken feed" in one.key]
    assert len(found) == 1
    assert "passengers is 0 in 14.8 % of 398 rows" in found[0].opened_says
    assert found[0].opened_at == datetime(2019, 2, 2, tzinfo=UTC)
    assert found[0].resolved_at is not None
    assert MARCH < found[0].resolved_at < datetime(2019, 3, 8, tzinfo=UTC)


def test_nothing_is_retrained_because_of_it(told):
    """No training in February, and no talk of decay; the scheduled one runs when it is due, in March."""
    events = timeline(told.workspace.ports, MODEL)
    retrains = [event for event in events if event.kind == "retrain"]
    assert [event.why for event in retrains] == ["the last training is 30 days old"]
    assert retrains[0].at > MARCH
    causes = {day.done.health[MODEL].diagnosis.cause for day in told.days}
    assert Cause.BROKEN_FEED in causes
    assert Cause.DECAY not in causes


def test_the_made_up_values_are_not_learned_from(told):
    """The scheduled retrain reaches back into February; the rows with passengers 0 are left out of it."""
    jobs = [job for job in told.workspace.ports.jobs.jobs(MODEL) if job.state is JobState.DONE]
    assert list(jobs[0].payload["exclude"]) == []
    assert [(f["column"], f["kind"], f["value"]) for f in jobs[1].payload["exclude"]] == [
        ("passengers", "value", 0.0)
    ]
    reference = told.workspace.ports.files.reference(told.workspace.registry.versions(MODEL)[1])
    assert reference.total.features["passengers"].minimum == 1
