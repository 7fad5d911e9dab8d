"""Who was champion when."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from keepfit.registry.lineage import ReleaseEvent, ReleaseEventKind, champion_at, former_champion, tenures

START = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def event(kind, version, day, *, before=None, after=None, name=None):
    return ReleaseEvent(
        id=name or f"m@{version}/{kind.value}",
        model="m",
        at=START + day * DAY,
        kind=kind,
        actor="keepfit",
        version=version,
        champion_before=before,
        champion_after=after,
        why=f"{kind.value} on day {day}",
    )


HISTORY = [
    event(ReleaseEventKind.TRAINED, 1, 0),
    event(ReleaseEventKind.PROMOTED, 1, 1, after=1),
    event(ReleaseEventKind.CANARY, 2, 5, before=1, after=1),
    event(ReleaseEventKind.PROMOTED, 2, 6, before=1, after=2),
    event(ReleaseEventKind.ROLLED_BACK, 2, 8, before=2, after=1),
    event(ReleaseEventKind.ABORTED, 3, 9, before=1, after=1),
]


def test_only_promotions_and_rollbacks_change_the_champion():
    """A canary, a refusal or an abortion is recorded and changes nobody's tenure."""
    found = tenures(HISTORY)
    assert [(one.version, one.since, one.until) for one in found] == [
        (1, START + DAY, START + 6 * DAY),
        (2, START + 6 * DAY, START + 8 * DAY),
        (1, START + 8 * DAY, None),
    ]
    assert (found[1].actor, found[1].why) == ("keepfit", "promoted on day 6")


def test_a_moment_belongs_to_the_tenure_that_began_last():
    """A tenure holds its first moment and not its last; before the first there is none."""
    asked = [START, START + DAY, START + 6 * DAY, START + 8 * DAY - timedelta(seconds=1), START + 90 * DAY]
    assert [champion_at(HISTORY, moment) for moment in asked] == [None, 1, 2, 2, 1]


def test_a_model_without_events_has_no_champion():
    """None, and no tenures."""
    assert tenures([]) == []
    assert champion_at([], START) is None


def test_events_of_one_moment_count_in_the_order_they_came():
    """A rollback and a promotion at the same moment: the second is what holds, whatever their ids."""
    back = event(ReleaseEventKind.ROLLED_BACK, 9, 2, before=9, after=8, name="m@9/rolled back")
    then = event(ReleaseEventKind.PROMOTED, 10, 2, before=8, after=10, name="m@10/promoted")
    assert champion_at([back, then], START + 3 * DAY) == 10
    assert champion_at([then, back], START + 3 * DAY) == 8


def test_a_rollback_to_nothing_ends_a_tenure():
    """The first version is taken back: nobody is champion after it."""
    events = [
        event(ReleaseEventKind.PROMOTED, 1, 1, after=1),
        event(ReleaseEventKind.ROLLED_BACK, 1, 2, before=1, after=None),
    ]
    assert [(one.version, one.until) for one in tenures(events)] == [(1, START + 2 * DAY)]
    assert champion_at(events, START + 3 * DAY) is None


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 5)), max_size=20), st.randoms(use_true_random=False)
)
def test_tenures_touch_and_do_not_depend_on_the_order_of_events(days, random):
    """Each ends where the next begins; at every moment the answer is the tenure that holds it."""
    unique = dict(days)
    events = [event(ReleaseEventKind.PROMOTED, v, day, after=v, name=f"e{day}") for day, v in unique.items()]
    random.shuffle(events)
    found = tenures(events)
    assert [one.since for one in found] == sorted(START + day * DAY for day in unique)
    assert all(one.until == after.since for one, after in pairwise(found))
    for one in found:
        assert champion_at(events, one.since) == one.version


def test_the_former_champion_is_the_one_before():
    """Of the path that led to the present one; a version that a rollback left is not on it."""
    assert former_champion(HISTORY[:4], 2) == 1
    assert former_champion(HISTORY, 1) is None
    third = event(ReleaseEventKind.PROMOTED, 3, 10, before=1, after=3)
    assert former_champion([*HISTORY, third], 3) == 1
    assert former_champion([], 1) is None
