"""An incident is opened once, updated while it lasts, resolved once, and never by not knowing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from keepfit.alerting.incident import (
    Condition,
    IncidentState,
    TransitionKind,
    advance,
    resolve_now,
)

START = datetime(2020, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DECAY = Condition(key="decay:mae", title="taxi: decay (mae)", says="mae 3.1")
FEED = Condition(key="broken feed:miles:unit", title="taxi: broken feed (miles)", says="miles is 1.6 times")


def step(active, *conditions, day=1, **kwargs):
    return advance("taxi", active, conditions, now=START + day * DAY, **kwargs)


def opened(*conditions):
    return [one.incident for one in step([], *conditions, day=0)]


def test_each_new_condition_opens_an_incident():
    """With the first sentence, and people are told."""
    (found,) = step([], DECAY, day=0)
    assert (found.kind, found.worth_telling) == (TransitionKind.OPENED, True)
    incident = found.incident
    assert (incident.id, incident.state) == ("taxi/decay:mae/20200401T000000", IncidentState.OPEN)
    assert (incident.opened_at, incident.updated_at, incident.resolved_at) == (START, START, None)
    assert (incident.opened_says, incident.says, incident.seen) == ("mae 3.1", "mae 3.1", 1)
    assert incident.active


def test_deciding_twice_opens_once():
    """The same moment makes the same id, so that a crash between doubles nothing."""
    assert step([], DECAY, day=0) == step([], DECAY, day=0)


def test_a_condition_that_goes_on_updates_and_tells_nobody():
    """The newest sentence is kept beside the first; an acknowledged incident stays acknowledged."""
    (incident,) = opened(DECAY)
    acknowledged = replace(incident, state=IncidentState.ACKNOWLEDGED, clear=1)
    (found,) = step([acknowledged], replace(DECAY, says="mae 3.3"))
    assert (found.kind, found.worth_telling) == (TransitionKind.UPDATED, False)
    assert (found.incident.says, found.incident.opened_says) == ("mae 3.3", "mae 3.1")
    assert (found.incident.seen, found.incident.clear) == (2, 0)
    assert found.incident.state is IncidentState.ACKNOWLEDGED


def test_an_incident_is_resolved_after_enough_clear_checks():
    """One good day may be luck; a relapse starts the count anew."""
    (incident,) = opened(DECAY)
    (once,) = step([incident], day=1, clear_after=2)
    assert (once.kind, once.incident.clear, once.incident.active) == (TransitionKind.UPDATED, 1, True)
    (relapse,) = step([once.incident], DECAY, day=2, clear_after=2)
    assert relapse.incident.clear == 0
    (once,) = step([relapse.incident], day=3, clear_after=2)
    (done,) = step([once.incident], day=4, clear_after=2)
    assert (done.kind, done.worth_telling) == (TransitionKind.RESOLVED, True)
    assert (done.incident.state, done.incident.resolved_at) == (IncidentState.RESOLVED, START + 4 * DAY)
    assert done.incident.opened_at == START
    assert not done.incident.active


def test_the_resolution_has_words_of_its_own_where_there_are_any():
    """Else the last that was known."""
    incidents = [replace(one, clear=1) for one in opened(DECAY, FEED)]
    words = {DECAY.key: "the numbers are back: mae 2.5"}
    done = step(incidents, clear_after=2, resolved_says=words)
    assert [one.incident.says for one in done] == ["the numbers are back: mae 2.5", "miles is 1.6 times"]


def test_what_cannot_be_told_stays_as_it_is():
    """Too few rows are not a good day: no transition at all, and the count does not move."""
    incidents = opened(DECAY, FEED)
    (found,) = step(incidents, undecided={DECAY.key})
    assert found.incident.key == FEED.key


def test_a_condition_that_holds_is_no_longer_undecided():
    """What is known for certain counts."""
    (found,) = step(opened(DECAY), DECAY, undecided={DECAY.key})
    assert found.incident.seen == 2


def test_incidents_do_not_touch_each_other():
    """One goes on, one ends, one begins, in one check."""
    decay, feed = opened(DECAY, FEED)
    blind = Condition(key="blind:health", title="taxi: blind", says="no label")
    found = step([decay, feed], FEED, blind, clear_after=1)
    assert {one.incident.key: one.kind for one in found} == {
        blind.key: TransitionKind.OPENED,
        FEED.key: TransitionKind.UPDATED,
        DECAY.key: TransitionKind.RESOLVED,
    }


def test_an_end_that_is_certain_needs_no_waiting():
    """A rollback was done: it is over now."""
    (incident,) = opened(DECAY)
    done = resolve_now(incident, now=START + DAY, says="rolled back")
    assert done.kind is TransitionKind.RESOLVED
    assert (done.incident.says, done.incident.resolved_at) == ("rolled back", START + DAY)


class Checks(RuleBasedStateMachine):
    """Days of any conditions and any ignorance, with what was kept from the day before."""

    def __init__(self):
        super().__init__()
        self.incidents = {}
        self.told = []
        self.day = 0

    @rule(
        held=st.sets(st.sampled_from(["a", "b", "c"])),
        undecided=st.sets(st.sampled_from(["a", "b", "c"])),
    )
    def check(self, held, undecided):
        """One day's check."""
        self.day += 1
        conditions = [Condition(key=key, title=key, says=f"day {self.day}") for key in sorted(held)]
        before = {one.key: one for one in self.active()}
        steps = advance(
            "m",
            list(before.values()),
            conditions,
            now=START + self.day * DAY,
            undecided=undecided,
            clear_after=2,
        )
        for one in steps:
            self.incidents[one.incident.id] = one.incident
            self.told += [(one.incident.id, one.kind)] if one.worth_telling else []
        after = {one.key for one in self.active()}
        assert held <= after
        assert {key for key in before if key in undecided} <= after

    def active(self):
        """The incidents that are not resolved."""
        return [one for one in self.incidents.values() if one.active]

    @invariant()
    def there_is_one_incident_a_cause(self):
        """Never two at a time of one key."""
        keys = [one.key for one in self.active()]
        assert len(keys) == len(set(keys))

    @invariant()
    def each_is_opened_once_and_resolved_at_most_once(self):
        """What people are told never repeats."""
        assert len(self.told) == len(set(self.told))
        resolved = {name for name, kind in self.told if kind is TransitionKind.RESOLVED}
        assert resolved == {one.id for one in self.incidents.values() if not one.active}


Checks.TestCase.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)
TestChecks = Checks.TestCase
