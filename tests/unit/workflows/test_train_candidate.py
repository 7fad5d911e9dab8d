"""Training a candidate: once, whole or not at all, and with a reason when it fails."""

from dataclasses import replace

import pytest

from keepfit.errors import TrainingFailedError
from keepfit.jobs.job import JobState
from keepfit.monitoring.finding import Fault
from keepfit.registry.lineage import ReleaseEventKind
from keepfit.release.record import ReleaseState
from keepfit.workflows.train_candidate import newest_rows, train_candidate, training_job


class FullDisk:
    """A registry that cannot store."""

    def versions(self, _model):
        """There are none."""
        return []

    def register(self, _candidate):
        """Fails as a disk does."""
        raise OSError("no space left")


def test_a_candidate_is_registered_released_and_its_job_done(world):
    """The first version is champion at once; that it was trained is on record."""
    version = world.train()
    assert version.number == world.ports.releases.route("taxi").champion == 1
    assert [job.state for job in world.ports.jobs.jobs()] == [JobState.DONE]
    kinds = [event.kind for event in world.ports.release_log.events("taxi")]
    assert kinds == [ReleaseEventKind.TRAINED, ReleaseEventKind.PROMOTED]


def test_a_job_that_is_run_twice_registers_and_releases_once(released):
    """A worker that died after its work was done leaves a job that is taken again, later."""
    job = released.ports.jobs.jobs("taxi")[0]
    again = train_candidate(released.ports, released.model, job, now=released.end_of(1))
    assert again == released.registry.version("taxi", 1)
    assert len(released.registry.registered) == len(released.runner.asked) == 1
    assert len(released.ports.releases.releases("taxi")) == 1
    assert len(released.ports.release_log.events("taxi")) == 2


def test_a_version_that_was_registered_before_the_crash_is_not_trained_again(world):
    """The second try finds the version by its job, and goes on from there."""
    job = world.job()
    world.register_for(job)
    version = train_candidate(world.ports, world.model, job, now=world.end_of(0))
    assert version.number == world.ports.releases.route("taxi").champion == 1
    assert len(world.runner.asked) == 1


def test_a_release_that_was_begun_before_the_crash_goes_on(changed):
    """Taken again at another moment, the job does not begin the release of its version anew."""
    job = changed.job(changed.end_of(8))
    train_candidate(changed.ports, changed.model, job, now=changed.end_of(8))
    before = changed.ports.releases.releases("taxi")
    train_candidate(changed.ports, changed.model, job, now=changed.end_of(9))
    assert changed.ports.releases.releases("taxi") == before
    assert before[-1].state is ReleaseState.ROLLING_OUT


def test_a_training_that_fails_leaves_its_reason_and_nothing_else(world):
    """The job says which step failed and why; no version, no release, no event."""
    world.runner.fails = "the trainer raised ValueError: no rows"
    job = world.job()
    with pytest.raises(TrainingFailedError, match="no rows") as failure:
        train_candidate(world.ports, world.model, job, now=world.end_of(0))
    assert failure.value.step == "fit"
    assert "mend the trainer" in failure.value.hint
    assert "log: train.log" in failure.value.hint
    failed = world.ports.jobs.jobs("taxi")[0]
    assert (failed.state, failed.finished_at) == (JobState.FAILED, world.end_of(0))
    assert "failed at step 'fit': the trainer raised ValueError: no rows" in failed.reason
    assert not world.registry.registered
    assert not world.ports.releases.releases("taxi")
    assert not world.ports.release_log.events("taxi")


def test_whatever_else_fails_is_on_record_too(world):
    """A disk that is full is no step of the training: the job fails all the same, and says what happened."""
    job = world.job()
    ports = replace(world.ports, registry=FullDisk())
    with pytest.raises(OSError, match="no space left"):
        train_candidate(ports, world.model, job, now=world.end_of(0))
    failed = world.ports.jobs.jobs("taxi")[0]
    assert (failed.state, failed.reason) == (JobState.FAILED, "OSError: no space left")


def test_the_newest_labelled_rows_end_a_label_delay_ago(world):
    """Nothing is trained on whose label cannot have come; the newest day is held out."""
    starts, end, test_from = newest_rows(world.model, world.end_of(9))
    assert (starts, end, test_from) == ([world.end_of(4)], world.end_of(8), world.end_of(7))


def test_asking_twice_at_one_moment_asks_once(world):
    """The job's id is made of the model and the moment."""
    starts, end, test_from = newest_rows(world.model, world.end_of(0))
    what = {"starts": starts, "end": end, "test_from": test_from, "now": world.end_of(0)}
    first, second = (training_job(world.model, why=why, **what) for why in ("one", "two"))
    assert [world.ports.jobs.enqueue(first), world.ports.jobs.enqueue(second)] == [True, False]


def test_the_process_that_trains_is_told_what_the_job_says(released):
    """Rows, held-out rows, faults to leave out, the champion to be held against, and how long it may take."""
    starts, end, test_from = newest_rows(released.model, released.end_of(3))
    faults = (Fault(column="miles", kind="null"), Fault(column="miles", kind="value", value=-1.0))
    job = training_job(
        released.model,
        starts=starts,
        end=end,
        test_from=test_from,
        why="decay",
        now=released.end_of(3),
        exclude=faults,
    )
    released.ports.jobs.enqueue(job)
    train_candidate(released.ports, released.model, job, now=released.end_of(3))
    asked = released.runner.asked[-1]
    assert (asked.starts, asked.end, asked.test_from) == (tuple(starts), end, test_from)
    assert (asked.exclude, asked.incumbent, asked.timeout_s) == (faults, 1, 3600.0)
    assert released.registry.version("taxi", 2).why == "decay"
