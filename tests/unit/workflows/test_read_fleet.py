"""The health of every model, read from what is on record."""

from dataclasses import replace

from workflow_fakes import DAY, START

from keepfit.fleet.health import NOT_CHECKED, NOT_RELEASED
from keepfit.predictions.ledger import Ledger
from keepfit.workflows.read_fleet import read_fleet

NOW = START + 3 * DAY


def test_the_worst_comes_first(make_world):
    """One whose loss is above what it should be, one without a release, one that is well."""
    world = make_world({"name": "taxi"}, {"name": "bikes"}, {"name": "trams"})
    world.train()
    world.registry.artifacts["bikes@1"] = world.registry.artifacts["taxi@1"]
    world.registry.registered.append(replace(world.registry.version("taxi", 1), model="bikes"))
    for event in world.ports.release_log.events("taxi"):
        world.ports.release_log.append(replace(event, id=f"bikes/{event.id}", model="bikes"))
    world.ports.releases.set_route(replace(world.ports.releases.route("taxi"), model="bikes"))
    world.spoil(1, 6.0)
    world.run(0, 1, 2)
    fleet = read_fleet(world.ports, world.models.values(), now=NOW)
    assert [(one.model, one.state) for one in fleet] == [
        ("taxi", "decay"),
        ("trams", NOT_RELEASED),
        ("bikes", "healthy"),
    ]
    assert [one.well for one in fleet] == [False, False, True]


def test_a_model_is_shown_with_its_numbers(released):
    """Champion, loss against what it should be, incidents, the newest decision, and the ledger."""
    released.spoil(1, 6.0)
    released.run(0, 1, 2)
    one = read_fleet(released.ports, [released.model], now=NOW)[0]
    assert (one.champion, one.since, one.metric) == (1, released.end_of(-1), "mae")
    assert one.value > 5 * one.expected
    assert (one.labelled, one.checked_at) == (300, released.end_of(2))
    assert len(one.incidents) == 1
    assert one.retrain.startswith("hold: mae ")
    assert one.ledger == Ledger(received=450, stored=450, labels=300)


def test_a_release_under_way_is_shown(changed):
    """In words."""
    changed.train(changed.end_of(8))
    assert read_fleet(changed.ports, [changed.model], now=NOW)[0].release == "version 3 rolling out"


def test_what_was_never_looked_at_says_what_to_do(world, released):
    """Neither unknown nor well: not released, not checked."""
    nothing = read_fleet(world.ports, [world.model], now=NOW)[0]
    assert (nothing.state, nothing.says) == (NOT_RELEASED, "train it: keepfit train taxi")
    unchecked = read_fleet(released.ports, [released.model], now=NOW)[0]
    assert (unchecked.state, unchecked.says) == (NOT_CHECKED, "released, not checked yet: keepfit tick")


def test_the_labels_of_the_newest_windows_are_shown(released):
    """How far they have come, and how long they take: a day, as those of three windows show."""
    released.run(0, 1, 2)
    labels = read_fleet(released.ports, [released.model], now=NOW)[0].labels
    assert (labels.windows, labels.predicted, labels.labelled) == (3, 450, 300)
    assert labels.share == 300 / 450
    assert labels.half == DAY
    assert labels.says == "67% have come in the newest 3 windows; 95% come within 1 day"
    assert read_fleet(released.ports, [released.model], now=START)[0].labels is None
