"""The health of every model, from what is on record."""

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from keepfit.alerting.incident import Condition, advance
from keepfit.clock import Window
from keepfit.diagnosis.cause import Cause
from keepfit.fleet.decision import DecisionRecord
from keepfit.fleet.health import NOT_CHECKED, NOT_RELEASED, STATES, WELL, model_health, worst_first
from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.monitoring.record import CheckRecord
from keepfit.predictions.ledger import Ledger
from keepfit.registry.lineage import Tenure
from keepfit.release.record import ReleaseRecord, ReleaseState

NOW = datetime(2020, 4, 15, tzinfo=UTC)
TENURE = Tenure(version=3, since=NOW, until=None, actor="keepfit", why="promoted")
LOSS = Finding(
    check=Check.PERFORMANCE,
    subject="mae",
    statistic="mae",
    value=3.1,
    expected=2.5,
    threshold=2.75,
    n=1200,
    verdict=Verdict.ALARM,
    says="mae 3.10",
)
NULLS = replace(LOSS, check=Check.NULLS, subject="miles", value=0.2)


def decision(kind, action, why):
    return DecisionRecord(id=f"m/{kind}", model="m", at=NOW, kind=kind, action=action, why=why)


def check(*findings):
    return CheckRecord(model="m", version=3, window=Window(NOW, NOW), at=NOW, findings=findings)


def health(model="m", **changes):
    given = {
        "tenure": TENURE,
        "diagnosis": decision("diagnosis", "decay", "mae 3.10, expected 2.50"),
        "check": check(NULLS, LOSS),
        "incidents": [],
        "release": None,
        "retrain": None,
        "ledger": Ledger(received=5, stored=5),
        **changes,
    }
    return model_health(model, "mae", **given)


def test_everything_that_is_on_record_is_read():
    """State, champion, loss, incidents, release, last decision and counts, in one value."""
    conditions = [Condition(key="decay:mae", title="m: decay (mae)", says="mae 3.1")]
    release = ReleaseRecord(
        id="m@4",
        model="m",
        candidate=4,
        incumbent=3,
        state=ReleaseState.ROLLING_OUT,
        stage=0,
        stage_since=NOW,
        started_at=NOW,
        forced_by="",
        why="",
    )
    found = health(
        incidents=[one.incident for one in advance("m", [], conditions, now=NOW)],
        release=release,
        retrain=decision("retrain", "hold", "the cooldown lasts"),
    )
    assert (found.state, found.champion, found.since) == ("decay", 3, NOW)
    assert found.says == "mae 3.10, expected 2.50"
    assert (found.value, found.expected, found.labelled, found.checked_at) == (3.1, 2.5, 1200, NOW)
    assert found.incidents == ("m: decay (mae)",)
    assert (found.release, found.retrain) == ("version 4 rolling out", "hold: the cooldown lasts")
    assert found.ledger.received == 5
    assert not found.well


def test_a_model_that_was_never_released_says_what_to_do():
    """Even when an old diagnosis is on record: nobody answers."""
    for diagnosis in (None, decision("diagnosis", "healthy", "all is well")):
        found = health(tenure=None, diagnosis=diagnosis, check=None)
        assert (found.state, found.champion, found.since) == (NOT_RELEASED, None, None)
        assert found.says == "train it: keepfit train m"
        assert not found.well


def test_a_model_that_was_never_checked_is_not_well():
    """Not known is not healthy."""
    found = health(diagnosis=None, check=None)
    assert (found.state, found.says) == (NOT_CHECKED, "released, not checked yet: keepfit tick")
    assert (found.value, found.expected, found.labelled, found.checked_at) == (None, None, 0, None)
    assert not found.well


def test_a_loss_on_too_few_labels_is_not_shown():
    """A number that means nothing is no number."""
    few = replace(LOSS, verdict=Verdict.INSUFFICIENT_DATA)
    found = health(check=check(NULLS, few))
    assert (found.value, found.labelled) == (None, 0)
    assert found.checked_at == NOW


def test_every_cause_has_its_place_among_the_states():
    """A new cause must be given one."""
    assert {cause.value for cause in Cause} <= set(STATES)
    assert len(STATES) == len(set(STATES))
    assert set(STATES) >= WELL


@pytest.mark.parametrize("seed", range(5))
def test_the_fleet_is_read_worst_first(seed):
    """By urgency, then by name; nobody has to look only at the end of the list."""
    fleet = [
        health(name, diagnosis=decision("diagnosis", cause.value, ""))
        for cause in Cause
        for name in (f"b-{cause.name}", f"a-{cause.name}")
    ]
    fleet += [health("new", tenure=None), health("unchecked", diagnosis=None)]
    random.Random(seed).shuffle(fleet)  # noqa: S311 - an order, not a secret
    found = worst_first(fleet)
    places = [(STATES.index(one.state), one.model) for one in found]
    assert places == sorted(places)
    assert [one.well for one in found] == sorted(one.well for one in found)
    assert (found[0].state, found[-1].state) == ("bad release", "healthy")
