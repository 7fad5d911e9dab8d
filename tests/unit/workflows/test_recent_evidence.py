"""How far back the evidence of the newest windows is read."""

from workflow_fakes import DAY, START

from keepfit.workflows.recent_evidence import recent_evidence


def test_evidence_reaches_back_from_the_newest_event(released):
    """However long ago that was, and far enough for labels to have come."""
    released.run(*range(6))
    found = recent_evidence(released.ports, released.model, windows=1, now=released.end_of(400))
    assert [one.window.start for one in found] == [START + day * DAY for day in (3, 4, 5)]
    found = recent_evidence(released.ports, released.model, windows=5, now=released.end_of(400))
    assert len(found) == 5
