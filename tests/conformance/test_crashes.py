"""Crash at any point and run again: nothing is lost, nothing is doubled.

The story of a fortnight is told once without a crash: a first release, decay, a hold, a retrain, shadow, canary,
promotion, the world going back to what it was, a rollback, the end of every incident. Then it is told again and again,
and each time the controller dies at another call of another port, finds what is on record, and goes on. What people ask
for by hand is cut short in the same way, and asked again later.
"""

import copy
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select

from keepfit.adapters.sql.engine import open_engine, reading
from keepfit.adapters.sql.tables import metadata
from keepfit.jobs.job import JobState
from keepfit.registry.lineage import ReleaseEventKind, tenures
from keepfit.release.record import ReleaseState
from keepfit.retraining.policy import Retrain, decay, last
from keepfit.workflows.log_rows import log_label_rows, log_prediction_rows
from keepfit.workflows.ports import Ports
from keepfit.workflows.roll_back import roll_back
from keepfit.workflows.start_release import start_release
from keepfit.workflows.tick import tick
from keepfit.workflows.train_candidate import newest_rows, training_job

sys.path.append(str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[1] / "unit" / "workflows"))

from crashing_ports import Calls, CrashError, watch
from workflow_fakes import ROWS, TRAINED, make_model
from workflow_world import World, use_driver

FIRST_DAY, LAST_DAY = -2, 14
#: The first training, a training, canary over, rollback, an incident ends; and the day by which everything has
#: come out: a training that died is taken up again at the end of the next day.
EVENTFUL = {FIRST_DAY: 0, 5: 11, 7: 11, 9: 11, 12: LAST_DAY}

#: Something that a person asks for: of a world, by ports that may die, at a moment.
Ask = Callable[[World, Ports, datetime], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Everything that outlives a process: the database, the lake, the registry, the capture logs; and the town."""

    database: sqlite3.Connection
    memory: tuple[Any, ...]
    rates: dict[int, float]


def save(world: World) -> Saved:
    """What a process that begins would find."""
    database = sqlite3.connect(":memory:")
    use_driver(world.engine, lambda live: live.backup(database))
    memory = copied((world.predictions, world.evidence, world.capture, world.registry, world.sent))
    return Saved(database=database, memory=memory, rates=dict(world.town.rates))


def restore(world: World, saved: Saved) -> None:
    """Go back to that moment."""
    world.engine.dispose()
    world.engine = open_engine("sqlite://")
    use_driver(world.engine, saved.database.backup)
    world.predictions, world.evidence, world.capture, world.registry, world.sent = copied(saved.memory)
    world.runner.registry = world.registry
    world.town.rates.clear()
    world.town.rates.update(saved.rates)
    world.ports = world.open()


def copied(memory: tuple[Any, ...]) -> Any:
    """A copy that shares the artifacts and windows of evidence: they are never changed."""
    _, evidence, *_ = memory
    return copy.deepcopy(memory, {id(one): one for one in (*TRAINED.values(), *evidence.kept.values())})


#: What counts how often something was done, not what: a route that is set again is the same route.
NOT_COMPARED = {"keepfit_routes": ("generation",), "keepfit_messages": ("id",)}


def state(world: World) -> dict[str, Any]:
    """All that is on record, but for the order of rows of one moment and how often a message was sent.

    What the capture log discarded is left out too: a discard that was lost is made up for by the next.
    """
    with reading(world.engine) as connection:
        tables = {
            table.name: Counter(
                repr(
                    [
                        value
                        for name, value in row.items()
                        if name not in NOT_COMPARED.get(table.name, ("seq",))
                    ]
                )
                for row in connection.exec_driver_sql(str(select(table))).mappings()
            )
            for table in metadata.sorted_tables
        }
    return tables | {
        "lake": (world.predictions.labelled("taxi").rows(), world.predictions.waiting_labels("taxi")),
        "evidence": dict(world.evidence.kept),
        "registry": (list(world.registry.registered), dict(world.registry.aliases)),
        "sent": {(one.title, one.body) for one in world.sent},
    }


def facts(world: World) -> dict[str, Any]:
    """What must come out whenever the story ends, even if a crash moved a training to the next day."""
    ports = world.ports
    events = ports.release_log.events("taxi")
    return {
        "ledger": ports.ledger.ledger("taxi"),
        "stored": (ports.predictions.count("taxi"), ports.predictions.waiting_labels("taxi")),
        "champions": [one.version for one in tenures(events)],
        "events": [
            (one.kind, one.version, one.champion_before, one.champion_after, one.actor) for one in events
        ],
        "releases": [(one.candidate, one.state) for one in ports.releases.releases("taxi")],
        "versions": [one.number for one in ports.registry.versions("taxi")],
        "incidents": [(one.key, one.state) for one in ports.incidents.incidents("taxi")],
        "jobs": [(one.kind, one.state) for one in ports.jobs.jobs("taxi")],
        "gates": [(one.action, one.detail) for one in ports.decisions.decisions("taxi", kind="gates")],
        "route": replace(ports.releases.route("taxi"), generation=0),
        "aliases": dict(world.registry.aliases),
        "messages": sorted({one.title for one in world.sent}),
        "unsent": list(ports.incidents.unsent()),
    }


class Story:
    """The fortnight, and the world in which they pass."""

    def __init__(self) -> None:
        policy = Retrain(on=[decay(over="2d", min_rows=50)], train_on=last("2d", test="1d"), cooldown="7d")
        self.world = World(make_model(retrain=policy))
        self.model = self.world.model

    def day(self, day: int) -> None:
        """A day goes by; once version 2 is champion the world becomes again what it was."""
        if day == FIRST_DAY:
            now = self.world.end_of(day)
            starts, end, test_from = newest_rows(self.model, now)
            job = training_job(
                self.model, starts=starts, end=end, test_from=test_from, why="the first", now=now
            )
            self.world.ports.jobs.enqueue(job)
        if day < 0:
            return
        rates = self.world.town.rates
        if day == 3:
            rates[day] = 4.5
        if len(rates) == 2 and self.world.ports.releases.route("taxi").champion == 2:
            rates[day] = 3.0
        self.world.live(day)

    def tick(self, day: int, die_at: int | None = None) -> Calls:
        """The controller looks at the end of a day, as a process of its own."""
        calls = Calls(self.world.engine, die_at)
        done = tick(watch(self.world.open(), calls), [self.model], now=self.world.end_of(day))
        assert not done.problems
        return calls

    def go_on(self, after: int, until: int) -> None:
        """The days after one, until another, without a crash."""
        for day in range(after + 1, until + 1):
            self.day(day)
            self.tick(day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The story without a crash: what was there before each tick, what it called, and what was on record after it."""

    story: Story
    before: dict[int, Saved]
    calls: dict[int, Calls]
    after: dict[int, dict[str, Any]]
    facts: dict[int, dict[str, Any]]


@pytest.fixture(scope="module")
def told() -> Told:
    """The story, told once."""
    story = Story()
    found = Told(story=story, before={}, calls={}, after={}, facts={})
    for day in range(FIRST_DAY, LAST_DAY + 1):
        story.day(day)
        found.before[day] = save(story.world)
        found.calls[day] = story.tick(day)
        found.after[day] = state(story.world)
        found.facts[day] = facts(story.world)
    return found


def test_the_story_is_what_it_should_be(told):
    """Without a crash everything of which a crash could lose a part does happen."""
    found = told.facts[LAST_DAY]
    assert found["champions"] == [1, 2, 1]
    assert [kind for kind, *_ in found["events"]] == [
        ReleaseEventKind.TRAINED,
        ReleaseEventKind.PROMOTED,
        ReleaseEventKind.TRAINED,
        ReleaseEventKind.SHADOW,
        ReleaseEventKind.CANARY,
        ReleaseEventKind.PROMOTED,
        ReleaseEventKind.ROLLED_BACK,
    ]
    assert found["versions"] == [1, 2]
    assert {state for _, state in found["jobs"]} == {JobState.DONE}
    assert len(found["incidents"]) >= 2
    assert {state.value for _, state in found["incidents"]} == {"resolved"}
    assert found["ledger"].balances
    assert found["ledger"].stored == found["stored"][0] == (LAST_DAY + 1) * ROWS


@pytest.mark.parametrize("day", EVENTFUL)
def test_a_crash_at_any_call_changes_nothing_that_comes_out(told, day):
    """The tick dies at each of its calls in turn, and is run again at the same moment."""
    story, calls, good = told.story, told.calls[day], [told.after[day]]
    assert calls.points
    for point in calls.points:
        restore(story.world, told.before[day])
        with pytest.raises(CrashError):
            story.tick(day, die_at=point)
        story.tick(day)
        if (now_on_record := state(story.world)) in good:
            continue  # the days that follow from here were told already
        story.go_on(day, EVENTFUL[day])
        assert facts(story.world) == told.facts[EVENTFUL[day]], (
            f"died at call {point} of day {day}: {calls.made[point - 1][0]}"
        )
        good.append(now_on_record)


@pytest.mark.parametrize("seed", [1, 2])
def test_crashes_add_up_to_nothing(told, seed):
    """Every tick of the whole story dies once, wherever, and is run again."""
    story, random = told.story, Random(seed)  # noqa: S311 - no secret
    restore(story.world, told.before[FIRST_DAY])
    deaths = 0
    for day in range(FIRST_DAY, LAST_DAY + 1):
        if day > FIRST_DAY:
            story.day(day)
        try:
            story.tick(day, die_at=random.randint(1, len(told.calls[day].made)))
        except CrashError:
            deaths += 1
        story.tick(day)
    assert deaths > LAST_DAY / 2
    assert facts(story.world) == told.facts[LAST_DAY]


def first_two(world: World) -> None:
    """Version 1 is champion, and the world has changed; version 2 was trained on what it is now."""
    world.train()
    world.town.rates[1] = 4.5
    world.register(world.end_of(7))


def no_better(world: World) -> None:
    """Version 1 is champion; version 2 was trained on the same world."""
    world.train()
    world.register(world.end_of(0))


def on_its_way(world: World) -> None:
    """Version 2 is on its way to champion, and version 3 is registered."""
    first_two(world)
    release(2)(world, world.ports, world.end_of(7))
    world.register(world.end_of(8))


def watched_champion(world: World) -> None:
    """Version 2 is champion and watched, and version 3 is registered."""
    first_two(world)
    release(2, forced_by="ann")(world, world.ports, world.end_of(7))
    world.register(world.end_of(8))


def proven_champion(world: World) -> None:
    """Version 2 is champion since long, and version 3 is on its way."""
    watched_champion(world)
    watched = world.ports.releases.active("taxi")
    world.ports.releases.save(replace(watched, state=ReleaseState.DONE))
    world.town.rates[9] = 6.0
    world.register(world.end_of(15))
    release(4)(world, world.ports, world.end_of(15))


def release(number: int, **how: str) -> Ask:
    """Ask for a version's release."""

    def ask(world: World, ports: Ports, now: datetime) -> object:
        version = ports.registry.version("taxi", number)
        return start_release(ports, world.model, version, now=now, actor="ann", **how)

    return ask


def rollback(world: World, ports: Ports, now: datetime) -> object:
    """Ask for the champion before this one."""
    return roll_back(ports, world.model, now=now, actor="ann", why="it is bad")


def predictions_of_a_file(world: World, ports: Ports, now: datetime) -> object:
    """Record what was predicted elsewhere."""
    rows = world.town.trips(0).with_columns(prediction=pl.col("miles") * 3)
    version = ports.registry.version("taxi", 1)
    return log_prediction_rows(ports, world.model, version, rows, log="a.csv", now=now)


def labels_of_a_file(world: World, ports: Ports, now: datetime) -> object:
    """Record what came of it."""
    rows = world.town.trips(0).select(prediction_id="trip", label="minutes", label_time="at")
    return log_label_rows(ports, world.model, rows, log="b.csv", now=now)


@pytest.mark.parametrize(
    ("before", "ask"),
    [
        pytest.param(no_better, release(2), id="a release that is refused"),
        pytest.param(first_two, release(2), id="a release"),
        pytest.param(first_two, release(2, forced_by="ann"), id="a forced release"),
        pytest.param(on_its_way, release(3), id="a release in place of one on its way"),
        pytest.param(watched_champion, release(3, forced_by="ann"), id="a release in place of a watched one"),
        pytest.param(watched_champion, rollback, id="a rollback of a watched champion"),
        pytest.param(proven_champion, rollback, id="a rollback while another is on its way"),
        pytest.param(first_two, predictions_of_a_file, id="predictions of a file"),
        pytest.param(first_two, labels_of_a_file, id="labels of a file"),
    ],
)
def test_what_a_person_asks_for_may_be_asked_again(before, ask):
    """The command dies at each of its calls in turn; the same command an hour later brings it to its end, once."""
    world = World()
    before(world)
    saved, now, calls = save(world), world.end_of(20), Calls(world.engine)
    ask(world, watch(world.open(), calls), now)
    wanted = facts(world)
    for point in calls.points:
        restore(world, saved)
        with pytest.raises(CrashError):
            ask(world, watch(world.open(), Calls(world.engine, point)), now)
        if facts(world) == wanted:
            continue  # only the answer was lost
        ask(world, world.ports, now + timedelta(hours=1))
        assert facts(world) == wanted, f"died at call {point}: {calls.made[point - 1][0]}"
