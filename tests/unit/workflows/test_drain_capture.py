"""From the capture logs to the lake: each row once, and all of them accounted for."""

from dataclasses import replace

import pytest

from keepfit.predictions.ledger import Ledger
from keepfit.workflows.drain_capture import drain_capture


class DyingLedger:
    """A ledger whose process dies before the position is on record."""

    def __init__(self, ledger):
        self._ledger = ledger

    def __getattr__(self, name):
        return getattr(self._ledger, name)

    def record(self, *_args, **_kwargs):
        """The process dies."""
        raise KeyboardInterrupt


def test_what_was_captured_is_in_the_lake_and_in_the_ledger(released):
    """Predictions and labels; the log is emptied behind them, and a second drain finds nothing."""
    released.serve(0)
    released.label(0)
    counts = drain_capture(released.ports, now=released.end_of(0))
    assert counts == Ledger(received=150, stored=150, labels=150)
    assert counts == released.ports.ledger.ledger("taxi")
    rows = released.predictions.labelled("taxi")
    assert rows.height == rows["label"].count() == 150
    assert released.capture.written["server-1"] == [None, None]
    assert drain_capture(released.ports, now=released.end_of(1)) == Ledger()


def test_logs_and_models_are_counted_apart(make_world):
    """Two servers that answer for two models: every log is drained, a few frames at a time."""
    world = make_world({"name": "taxi"}, {"name": "bikes"})
    world.train()
    for model in world.models.values():
        version = world.registry.artifacts["taxi@1"]
        world.registry.artifacts[f"{model.name}@1"] = version
    route = world.ports.releases.route("taxi")
    world.ports.releases.set_route(replace(route, model="bikes"))
    world.capture.at_a_time = 1
    for day, log in enumerate(("server-1", "server-2")):
        for name in ("taxi", "bikes"):
            world.serve(day, name=name, log=log, rows=10 if name == "bikes" else 20)
    assert drain_capture(world.ports, now=world.end_of(1)).stored == 60
    assert world.ports.ledger.ledger("taxi").stored == world.predictions.count("taxi") == 40
    assert world.ports.ledger.ledger("bikes").stored == world.predictions.count("bikes") == 20


def test_a_process_that_dies_between_append_and_record_doubles_nothing(released):
    """The same rows come again under the same batch, with those that came in meanwhile, and count once."""
    released.serve(0)
    released.label(0)
    with pytest.raises(KeyboardInterrupt):
        drain_capture(
            replace(released.ports, ledger=DyingLedger(released.ports.ledger)), now=released.end_of(0)
        )
    assert released.predictions.count("taxi") == 150
    assert released.ports.ledger.ledger("taxi") == Ledger()
    released.serve(1)
    counts = drain_capture(released.ports, now=released.end_of(1))
    assert counts == Ledger(received=300, stored=300, labels=150)
    assert released.predictions.count("taxi") == 300
    assert not released.ports.ledger.closed("taxi").open


def test_a_request_that_was_sent_twice_counts_once(released):
    """The repeat is told as a duplicate, and the sums balance."""
    for _ in range(2):
        released.serve(0, rows=20)
        released.label(0, rows=20)
        drain_capture(released.ports, now=released.end_of(0))
    ledger = released.ports.ledger.ledger("taxi")
    assert ledger == Ledger(received=20, stored=20, duplicates=20, labels=20)
    assert ledger.balances


def test_shadows_are_stored_and_not_counted(changed):
    """The ledger counts what callers were given."""
    route = changed.ports.releases.route("taxi")
    changed.ports.releases.set_route(replace(route, shadows=(1, 2)))
    changed.serve(8, rows=20)
    assert drain_capture(changed.ports, now=changed.end_of(8)) == Ledger(received=20, stored=20)
    assert changed.predictions.predictions("taxi")["role"].to_list().count("shadow") == 20


def test_what_is_sampled_out_is_on_record(released):
    """The server says how many it left out; they are received, and not stored."""
    released.serve(0, rows=20)
    frame = released.capture.written["server-1"].pop()
    thinned = type(frame)(
        **{name: getattr(frame, name) for name in frame.__struct_fields__}
        | {"received": 100, "sampled_out": 75, "dropped": 5}
    )
    released.capture.write("server-1", thinned)
    ledger = drain_capture(released.ports, now=released.end_of(0))
    assert ledger == Ledger(received=100, stored=20, sampled_out=75, dropped=5)
    assert ledger.balances


def test_damage_is_told_and_counted_as_lost(released):
    """What lies before and after it is kept; the sums still balance."""
    released.serve(0, rows=20)
    released.capture.write("server-1", released.damaged("part-7", received=5))
    released.serve(1, rows=20)
    ledger = drain_capture(released.ports, now=released.end_of(1))
    assert ledger == Ledger(received=45, stored=40, dropped=5)
    assert ledger.balances
    assert released.told[-1] == (
        "a damaged part of the capture log 'server-1' was set aside as part-7; the rest is kept"
    )


def test_nothing_captured_is_nothing_drained(world):
    """No log, no counts."""
    assert drain_capture(world.ports, now=world.end_of(0)) == Ledger()
