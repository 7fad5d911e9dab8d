"""Causes, symptoms and the worst of them."""

from keepfit.diagnosis.cause import SEVERITY, Cause, Diagnosis, Symptom
from keepfit.monitoring.finding import Fault

ZEROS = Fault(column="passengers", kind="value", value=0.0)
FEED = Symptom(
    cause=Cause.BROKEN_FEED, subject="passengers", check="new value", says="passengers is 0", fault=ZEROS
)
DECAY = Symptom(cause=Cause.DECAY, subject="mae", says="mae 3.1")


def test_the_severities_are_the_order_of_the_causes():
    """A bad release is worst, healthy is last, and none is without a rank."""
    assert sorted(Cause, key=SEVERITY.__getitem__) == list(Cause)
    assert SEVERITY[Cause.BAD_RELEASE] == 0
    assert max(SEVERITY, key=SEVERITY.__getitem__) is Cause.HEALTHY


def test_a_diagnosis_without_symptoms_is_healthy():
    """And names no rows at fault."""
    found = Diagnosis(symptoms=(), says="all is well")
    assert (found.cause, found.faults) == (Cause.HEALTHY, ())


def test_the_first_symptom_is_the_worst():
    """What names the state."""
    found = Diagnosis(symptoms=(DECAY, FEED), says="")
    assert found.cause is Cause.DECAY
    assert found.of(Cause.BROKEN_FEED) == (FEED,)
    assert found.of(Cause.BLIND) == ()
    assert found.faults == (ZEROS,)


def test_one_incident_is_kept_per_cause_subject_and_check():
    """Nulls and a sentinel in one column are two things to repair."""
    assert DECAY.key == "decay:mae"
    assert FEED.key == "broken feed:passengers:new value"
