"""One pass over every model: all of it, for all of them, whatever fails."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keepfit.errors import CaptureError
from keepfit.jobs.job import JobState
from keepfit.predictions.ledger import Ledger
from keepfit.registry.lineage import tenures
from keepfit.retraining.policy import Retrain, every, last
from keepfit.workflows.tick import LEASE, tick


class Broken:
    """A port of which every call fails."""

    def __init__(self, error):
        self._error = error

    def __getattr__(self, name):
        def call(*_args, **_kwargs):
            raise self._error

        return call


def test_a_tick_does_all_of_it(released):
    """Drained, checked, decided, and the message about what is wrong sent."""
    released.town.rates[1] = 4.5
    done = released.run(0, 1, 2)
    assert done.at == released.end_of(2)
    assert done.drained == Ledger(received=150, stored=150, labels=150)
    assert done.health["taxi"].diagnosis.cause == "decay"
    assert done.retrain["taxi"].why.endswith("held: the cooldown lasts until 2020-02-07 00:00 UTC")
    assert (done.problems, len(released.sent)) == ({}, 1)


def test_the_loop_closes(released):
    """The world changes; a few ticks later another version is champion, and nobody had to look."""
    released.town.rates[2] = 4.5
    done = released.run(*range(18))
    champions = [one.version for one in tenures(released.ports.release_log.events("taxi"))]
    assert champions == [1, 2]
    assert done.health["taxi"].diagnosis.cause == "healthy"
    assert {one.state for one in released.ports.incidents.incidents("taxi")} == {"resolved"}
    assert released.ports.ledger.ledger("taxi").balances


@pytest.fixture
def two(make_world):
    """Two models, of which the first is released."""
    world = make_world({"name": "taxi"}, {"name": "bikes"})
    world.train()
    return world


def test_a_model_that_fails_keeps_no_other_from_being_looked_at(two):
    """Its reference is gone; what happened is told by its name."""
    two.registry.artifacts.clear()
    done = tick(two.ports, two.models.values(), now=two.end_of(0))
    assert done.problems == {"taxi": "KeyError: 'taxi@1'"}
    assert list(done.health) == list(done.retrain) == ["bikes"]


def test_a_drain_that_fails_keeps_no_model_from_being_looked_at(two):
    """What was captured waits."""
    ports = replace(two.ports, capture=Broken(CaptureError("the spool is gone")))
    done = tick(ports, two.models.values(), now=two.end_of(0))
    assert done.problems == {"capture log": "the spool is gone"}
    assert done.drained == Ledger()
    assert sorted(done.health) == ["bikes", "taxi"]


def test_the_job_of_a_model_that_nobody_declares_fails_with_a_reason(two):
    """The jobs behind it are done."""
    job = two.job(two.end_of(0))
    two.ports.jobs.finish(job.id, now=two.end_of(0))
    for name, kind in (("trams", job.kind), ("taxi", "knead"), ("taxi", job.kind)):
        two.ports.jobs.enqueue(
            replace(job, id=f"{name}/{kind}", model=name, kind=kind, state=JobState.QUEUED)
        )
    done = tick(two.ports, two.models.values(), now=two.end_of(0))
    states = {one.id: (one.state, one.reason) for one in two.ports.jobs.jobs()}
    assert states["trams/train_candidate"] == (JobState.FAILED, "nobody declares model 'trams'")
    assert states["taxi/knead"] == (JobState.FAILED, "unknown kind of job 'knead'")
    assert states["taxi/train_candidate"] == (JobState.DONE, "")
    assert done.problems == {}


def test_a_training_that_fails_is_a_problem_of_its_model(two):
    """It is on record with its reason, told, and not tried again by itself."""
    two.runner.fails = "the trainer raised ValueError: no rows"
    job = two.job(two.end_of(0))
    two.ports.jobs.fail(job.id, now=two.end_of(0), reason="", retry_at=two.end_of(0))
    done = tick(two.ports, two.models.values(), now=two.end_of(0))
    assert done.problems == {
        "taxi": "training 'taxi' failed at step 'fit': the trainer raised ValueError: no rows"
    }
    assert two.told[-1].startswith("taxi: training 'taxi' failed")
    assert two.ports.jobs.jobs("taxi")[-1].state is JobState.FAILED
    assert tick(two.ports, two.models.values(), now=two.end_of(1)).problems == {}


def test_a_job_that_a_dead_worker_left_is_taken_up_when_its_lease_has_run_out(released):
    """Not before: it may be alive."""
    now = released.end_of(0)
    released.job(now)
    soon, late = (
        tick(released.ports, [released.model], now=now + wait)
        for wait in (LEASE - timedelta(minutes=1), LEASE)
    )
    assert soon.problems == late.problems == {}
    assert released.ports.jobs.jobs("taxi")[-1].state is JobState.DONE
    assert released.ports.jobs.jobs("taxi")[-1].attempts == 2


def test_a_lease_is_longer_than_the_longest_training(make_world):
    """A training of three hours is not taken from who does it after two."""
    policy = Retrain(on=[every("1d")], train_on=last("4d", test="1d"), cooldown="0s", timeout="3h")
    world = make_world({"retrain": policy})
    world.train()
    leases = []

    class Watching:
        def __getattr__(self, name):
            return getattr(world.ports.jobs, name)

        def claim(self, **how):
            leases.append(how["lease"])
            return world.ports.jobs.claim(**how)

    tick(replace(world.ports, jobs=Watching()), [world.model], now=world.end_of(0))
    assert set(leases) == {timedelta(hours=6)}
