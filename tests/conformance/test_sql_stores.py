"""Every SQL store keeps what its port promises, on SQLite in a file and on a real PostgreSQL."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from keepfit.adapters.sql.checks import SqlChecks
from keepfit.adapters.sql.decisions import SqlDecisions
from keepfit.adapters.sql.engine import open_engine, writing
from keepfit.adapters.sql.incidents import SqlIncidents
from keepfit.adapters.sql.jobs import SqlJobs
from keepfit.adapters.sql.ledger import SqlLedger
from keepfit.adapters.sql.migrate import migrate, upgrade
from keepfit.adapters.sql.release_log import SqlReleaseLog
from keepfit.adapters.sql.releases import SqlReleases
from keepfit.adapters.sql.revisions import REVISION_TABLE
from keepfit.adapters.sql.tables import metadata
from keepfit.adapters.sql.versions import SqlVersions
from keepfit.alerting.incident import Condition, IncidentStore, TransitionKind, advance, resolve_now
from keepfit.clock import Window
from keepfit.errors import NotFoundError
from keepfit.fleet.decision import DecisionRecord, DecisionStore
from keepfit.jobs.job import Job, JobQueue, JobState
from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.monitoring.record import CheckRecord, CheckStore
from keepfit.predictions.ledger import DrainPosition, Ledger, LedgerStore
from keepfit.registry.lineage import ReleaseEvent, ReleaseEventKind, ReleaseLog
from keepfit.registry.model_version import ModelVersion
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.release.record import ReleaseRecord, ReleaseState, ReleaseStore
from keepfit.release.routing import Route

NOW = datetime(2020, 1, 31, 8, 30, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def postgres_tools() -> Path | None:
    """The folder of PostgreSQL's own programs; None when it is not installed."""
    places = [
        *Path("/usr/lib/postgresql").glob("*/bin"),
        *map(Path, os.environ.get("PATH", "").split(os.pathsep)),
    ]
    return next(
        (place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None
    )


@contextmanager
def running_postgres(tools: Path) -> Iterator[str]:
    """A PostgreSQL of our own that listens on a socket in a folder of its own; it refuses to run as root."""
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="keepfit-pg-", dir="/tmp"))
    if user is not None:
        shutil.chown(folder, user)

    def run(*command: str) -> None:
        subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    data, log = str(folder / "data"), str(folder / "log")
    run(str(tools / "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
    options = (
        f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c timezone=Asia/Tokyo"
    )
    run(str(tools / "pg_ctl"), "-D", data, "-l", log, "-w", "-o", options, "start")
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        run(str(tools / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The address of a real PostgreSQL; skips, and says why, where there is none."""
    tools = postgres_tools()
    if tools is None:
        pytest.skip("PostgreSQL is not installed here: no initdb and pg_ctl")
    if find_spec("psycopg") is None:
        pytest.skip("the driver psycopg is not installed: the extra keepfit[postgres] brings it")
    with running_postgres(tools) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path) -> Iterator[Engine]:
    """A migrated, empty database."""
    on_sqlite = request.param == "sqlite"
    found = open_engine(
        f"sqlite:///{tmp_path}/keepfit.db" if on_sqlite else request.getfixturevalue("postgres")
    )
    migrate(found)
    yield found
    if not on_sqlite:
        with writing(found) as connection:
            metadata.drop_all(connection)
            connection.execute(text(f"DROP TABLE {REVISION_TABLE}"))
    found.dispose()


# Migrations


def test_evidence_leaves_the_database(engine):
    """A database that kept evidence itself: its table goes, checks have seen nothing of the lake, and all else stays."""
    with writing(engine) as connection:
        metadata.drop_all(connection)
        connection.execute(text(f"DROP TABLE {REVISION_TABLE}"))
        upgrade(connection, "0001")
        connection.execute(
            text("INSERT INTO keepfit_evidence VALUES ('taxi-eta', 1, :at, :packed)"),
            {"at": NOW, "packed": b"packed"},
        )
    SqlChecks(engine).save(check(0))
    SqlChecks(engine).set_seen_batch("taxi-eta", 7)
    SqlDecisions(engine).record(decision("a"))
    migrate(engine)
    assert not inspect(engine).has_table("keepfit_evidence")
    assert SqlChecks(engine).seen_batch("taxi-eta") == 0
    assert SqlChecks(engine).records("taxi-eta") == [check(0)]
    assert SqlDecisions(engine).decisions() == [decision("a")]
    SqlChecks(engine).set_seen_batch("taxi-eta", 8)
    migrate(engine)
    assert SqlChecks(engine).seen_batch("taxi-eta") == 8


# Release log


def event(id: str, at: datetime = NOW, model: str = "taxi-eta", **more) -> ReleaseEvent:  # noqa: A002 - the field's name
    given = {"kind": ReleaseEventKind.PROMOTED, "actor": "keepfit", "version": 2, "champion_before": None}
    return ReleaseEvent(id=id, model=model, at=at, why="é", **(given | {"champion_after": 2} | more))


def test_release_events_come_back_oldest_first(engine):
    """Events come back as they were, by time, those of one moment in the order they were recorded."""
    log: ReleaseLog = SqlReleaseLog(engine)
    later, tie, first = event("c", NOW + HOUR), event("b"), event("a", champion_before=1)
    for one in (later, tie, first, event("d", model="other")):
        log.append(one)
    assert log.events("taxi-eta") == [tie, first, later]
    assert len(log.events()) == 4
    assert log.events()[0].at.tzinfo is UTC


def test_a_release_event_is_recorded_once(engine):
    """The second event with an id changes nothing: what is recorded is never edited."""
    log = SqlReleaseLog(engine)
    log.append(event("a"))
    log.append(event("a", version=9))
    assert log.events() == [event("a")]


# Model versions


def version(number: int, job_id: str, model: str = "taxi-eta") -> ModelVersion:
    return ModelVersion(
        model=model,
        number=number,
        run_id="r",
        job_id=job_id,
        artifact_uri="/a",
        digest="sha256:00",
        dataset="taxi@1",
        dataset_digest="sha256:01",
        metrics={"mae": 1.5, "unknown": float("inf")},
        signature=Signature(
            features=(Feature("zone", Kind.CATEGORY, categories=(1, 2)),),
            id="i",
            time="t",
            context=(),
            output="y",
        ),
        trained_at=NOW,
        why="first",
    )


def test_model_versions_come_back_whole(engine):
    """Versions come back with nested metrics and signature, by number, and by the job that made them."""
    store = SqlVersions(engine)
    for one in (version(10, "j10"), version(2, "j2"), version(1, "j1", "other")):
        store.save(one)
    assert store.versions("taxi-eta") == [version(2, "j2"), version(10, "j10")]
    assert store.version("taxi-eta", 10) == store.by_job("j10") == version(10, "j10")
    assert store.by_job("unknown") is None
    assert store.versions("nobody") == []


def test_a_job_registers_one_version(engine):
    """A second version of one job is not recorded; a second job cannot take a number that is taken."""
    store = SqlVersions(engine)
    store.save(version(1, "j1"))
    store.save(version(2, "j1"))
    assert store.versions("taxi-eta") == [version(1, "j1")]
    with pytest.raises(IntegrityError):
        store.save(version(1, "j2"))


def test_a_version_that_is_not_there_is_named(engine):
    """The error says which version was asked for, and which there are."""
    store = SqlVersions(engine)
    store.save(version(3, "j3"))
    with pytest.raises(NotFoundError, match="no version 4 of model 'taxi-eta'") as caught:
        store.version("taxi-eta", 4)
    assert caught.value.hint == "its newest versions: 3"


# Ledger


def position(offset: int, log: str = "log-1") -> DrainPosition:
    return DrainPosition(log=log, segment="0001", offset=offset)


def test_the_ledger_adds_up(engine):
    """Counts add up by model and over all, and the position moves with them."""
    store: LedgerStore = SqlLedger(engine)
    assert (store.ledger(), store.position("log-1")) == (Ledger(), None)
    store.record(position(100), {"a": Ledger(received=3, stored=2, dropped=1), "b": Ledger(labels=5)}, at=NOW)
    store.record(position(2**40), {"a": Ledger(received=2**40, sampled_out=2**40)}, at=NOW + HOUR)
    assert store.ledger("a") == Ledger(received=3 + 2**40, stored=2, dropped=1, sampled_out=2**40)
    assert store.ledger() == store.ledger("a") + Ledger(labels=5)
    assert store.position("log-1") == position(2**40)
    assert store.position("log-2") is None


def test_counts_and_position_are_recorded_together_or_not_at_all(engine):
    """When one model's counts cannot be recorded, neither are the others', and the position stays."""
    store = SqlLedger(engine)
    broken = replace(Ledger(), received=None)
    with pytest.raises(IntegrityError):
        store.record(position(100), {"a": Ledger(received=1), "b": broken}, at=NOW)
    assert (store.ledger(), store.position("log-1")) == (Ledger(), None)


def test_a_batch_keeps_its_number_until_it_is_recorded(engine):
    """A drain that crashed is done again under its number; no two drains of a model share one."""
    store = SqlLedger(engine)
    assert [store.next_batch("log-1", "a") for _ in range(3)] == [1, 1, 1]
    assert store.next_batch("log-2", "a") == 2
    assert store.next_batch("log-1", "b") == 1
    store.record(position(1), {"a": Ledger(received=1)}, at=NOW)
    assert store.next_batch("log-2", "a") == 2
    assert store.next_batch("log-1", "a") == 3


# Jobs


def job(id: str, at: datetime = NOW, **more) -> Job:  # noqa: A002 - the field's name
    given = {"kind": "train", "model": "taxi-eta", "payload": {"why": "decay", "days": [1, 2]}, "attempts": 0}
    return Job(id=id, state=JobState.QUEUED, enqueued_at=at, run_after=at, **(given | more))


def test_a_job_is_enqueued_once(engine):
    """Asking twice enqueues once, and says so."""
    queue: JobQueue = SqlJobs(engine)
    assert queue.enqueue(job("a"))
    assert not queue.enqueue(job("a", model="other"))
    assert queue.jobs() == [job("a")]
    assert queue.jobs("other") == []


def test_the_oldest_due_job_is_claimed(engine):
    """Jobs are taken in their order, none before its time, each once."""
    queue = SqlJobs(engine)
    queue.enqueue(replace(job("early", NOW - DAY), run_after=NOW + DAY))
    queue.enqueue(job("second"))
    queue.enqueue(job("first", NOW - HOUR))
    claimed = queue.claim(now=NOW, lease=HOUR)
    assert claimed == replace(
        job("first", NOW - HOUR), state=JobState.RUNNING, attempts=1, lease_until=NOW + HOUR
    )
    assert queue.claim(now=NOW, lease=HOUR).id == "second"
    assert queue.claim(now=NOW, lease=HOUR) is None
    assert queue.claim(now=NOW + DAY, lease=HOUR, job_id="early").id == "early"


def test_one_job_can_be_asked_for(engine):
    """A claim by id takes that job and no other, and only when it is due."""
    queue = SqlJobs(engine)
    queue.enqueue(job("a", NOW - HOUR))
    queue.enqueue(job("b", NOW + HOUR))
    assert queue.claim(now=NOW, lease=HOUR, job_id="b") is None
    assert queue.claim(now=NOW + HOUR, lease=HOUR, job_id="b").id == "b"
    assert queue.claim(now=NOW, lease=HOUR, job_id="nothing") is None


def test_a_job_whose_lease_ran_out_is_taken_again(engine):
    """A dead worker's job is claimed again when its lease is over, not before, and counts a second start."""
    queue = SqlJobs(engine)
    queue.enqueue(job("a"))
    queue.claim(now=NOW, lease=HOUR)
    assert queue.claim(now=NOW + HOUR - timedelta(microseconds=1), lease=HOUR) is None
    again = queue.claim(now=NOW + HOUR, lease=HOUR)
    assert (again.id, again.attempts, again.lease_until) == ("a", 2, NOW + 2 * HOUR)


def test_a_job_ends_done_failed_or_queued_again(engine):
    """A finished job is done; a failed one waits for its next try, or is over."""
    queue = SqlJobs(engine)
    for name in ("done", "retried", "failed"):
        queue.enqueue(job(name))
        queue.claim(now=NOW, lease=HOUR)
    queue.finish("done", now=NOW)
    queue.fail("retried", now=NOW, reason="no disk", retry_at=NOW + DAY)
    queue.fail("failed", now=NOW, reason="no data", retry_at=None)
    done, retried, failed = queue.jobs()
    assert (done.state, done.finished_at, done.lease_until, done.reason) == (JobState.DONE, NOW, None, "")
    assert (retried.state, retried.run_after, retried.reason) == (JobState.QUEUED, NOW + DAY, "no disk")
    assert (failed.state, failed.finished_at, failed.reason) == (JobState.FAILED, NOW, "no data")
    assert queue.claim(now=NOW, lease=HOUR) is None
    assert queue.claim(now=NOW + DAY, lease=HOUR).attempts == 2
    with pytest.raises(NotFoundError, match="no job 'nothing'"):
        queue.finish("nothing", now=NOW)


def test_workers_at_once_claim_each_job_once(engine):
    """Four workers that enqueue the same jobs and claim side by side: every job is enqueued once and claimed once."""
    queue = SqlJobs(engine)

    def work(_worker: int) -> tuple[int, list[str]]:
        enqueued = sum(queue.enqueue(job(f"job-{number}")) for number in range(20))
        claimed = []
        while (one := queue.claim(now=NOW, lease=HOUR)) is not None:
            claimed.append(one.id)
        return enqueued, claimed

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(4)))
    claimed = sorted(one for _, ids in results for one in ids)
    assert sum(enqueued for enqueued, _ in results) == 20
    assert claimed == sorted(f"job-{number}" for number in range(20))


# Releases and routes


def release(id: str, at: datetime = NOW, **more) -> ReleaseRecord:  # noqa: A002 - the field's name
    given = {
        "model": "taxi-eta",
        "candidate": 2,
        "incumbent": 1,
        "state": ReleaseState.ROLLING_OUT,
        "stage": 0,
        "why": "",
    }
    return ReleaseRecord(id=id, stage_since=at, started_at=at, forced_by="", **(given | more))


def test_a_release_is_replaced_by_its_id(engine):
    """A release moves on in its place; the active one is the one that rolls out or is watched."""
    store: ReleaseStore = SqlReleases(engine)
    assert store.active("taxi-eta") is None
    store.save(release("b", NOW + HOUR))
    store.save(release("a", incumbent=None, state=ReleaseState.DONE))
    watched = release("b", NOW + HOUR, state=ReleaseState.WATCHED, stage=-1, why="promoted")
    store.save(watched)
    assert store.releases("taxi-eta") == [release("a", incumbent=None, state=ReleaseState.DONE), watched]
    assert store.active("taxi-eta") == watched
    assert store.active("other") is None
    store.save(replace(watched, state=ReleaseState.ROLLED_BACK))
    assert store.active("taxi-eta") is None


def test_a_route_counts_its_generations(engine):
    """Every change of a route gives it the next generation, whatever generation it came with."""
    store = SqlReleases(engine)
    assert store.route("taxi-eta") == Route(model="taxi-eta", generation=0, champion=None)
    first = store.set_route(Route(model="taxi-eta", generation=77, champion=1))
    assert first == Route(model="taxi-eta", generation=1, champion=1)
    split = Route(
        model="taxi-eta", generation=0, champion=1, canary=2, percent=12.5, shadows=(3, 4), split_by="zone"
    )
    assert store.set_route(split) == store.route("taxi-eta") == replace(split, generation=2)
    store.set_route(Route(model="other", generation=0, champion=5))
    assert [(route.model, route.generation) for route in store.routes()] == [("other", 1), ("taxi-eta", 2)]


# Checks


def check(day: int, number: int = 1, says: str = "", model: str = "taxi-eta") -> CheckRecord:
    finding = Finding(
        check=Check.DRIFT,
        subject="miles",
        statistic="psi",
        value=float("inf"),
        expected=0.0,
        threshold=0.2,
        n=5000,
        verdict=Verdict.ALARM,
        says=says,
    )
    window = Window(NOW + day * DAY, NOW + (day + 1) * DAY)
    return CheckRecord(model=model, version=number, window=window, at=NOW, findings=(finding,))


def test_a_later_check_of_a_window_replaces_the_record(engine):
    """A late label restates its window; the records stay in the order of the windows."""
    store: CheckStore = SqlChecks(engine)
    for record in (check(1), check(0), check(1, says="restated"), check(0, model="other")):
        store.save(record)
    assert store.records("taxi-eta") == [check(0), check(1, says="restated")]


def test_the_newest_windows_are_counted_as_windows(engine):
    """A limit counts windows, not records: a window that two versions were checked in counts once."""
    store = SqlChecks(engine)
    for record in (check(0), check(1), check(1, 2), check(2, 2)):
        store.save(record)
    assert store.records("taxi-eta", limit=2) == [check(1), check(1, 2), check(2, 2)]
    assert store.records("taxi-eta", version=1, limit=1) == [check(1)]
    assert store.records("nobody", limit=1) == []


def test_checks_remember_how_far_they_saw(engine):
    """The newest batch that was checked is 0 at first, then what was set."""
    store = SqlChecks(engine)
    assert store.seen_batch("taxi-eta") == 0
    for batch in (3, 7):
        store.set_seen_batch("taxi-eta", batch)
    assert (store.seen_batch("taxi-eta"), store.seen_batch("other")) == (7, 0)


# Incidents and messages


def opened(now: datetime = NOW, model: str = "taxi-eta"):
    condition = Condition(key="decay:mae", title="performance has decayed", says="mae is 3.1, expected 2.5")
    (step,) = advance(model, [], [condition], now=now)
    return step


def test_an_incident_is_kept_with_its_messages(engine):
    """An opening queues one message for each route; saved again, as after a crash, it queues none."""
    store: IncidentStore = SqlIncidents(engine)
    for _ in range(2):
        store.save(opened(), routes=["log://", "slack://x"], at=NOW)
    assert store.incidents() == [opened().incident]
    assert [(one.route, one.title, one.body) for one in store.unsent()] == [
        ("log://", "taxi-eta: performance has decayed", "mae is 3.1, expected 2.5"),
        ("slack://x", "taxi-eta: performance has decayed", "mae is 3.1, expected 2.5"),
    ]


def test_updates_are_kept_and_not_sent_while_the_end_is(engine):
    """An update replaces the incident in silence; a resolution is told, with how it began."""
    store = SqlIncidents(engine)
    incident = opened().incident
    store.save(opened(), routes=["log://"], at=NOW)
    (update,) = advance(
        "taxi-eta", [incident], [Condition(key=incident.key, title="t", says="mae is 3.4")], now=NOW
    )
    assert update.kind is TransitionKind.UPDATED
    store.save(update, routes=["log://"], at=NOW)
    assert store.incidents(active=True) == [update.incident]
    resolved = resolve_now(update.incident, now=NOW + DAY, says="rolled back to version 1")
    store.save(resolved, routes=["log://"], at=NOW + DAY)
    assert store.incidents("taxi-eta") == [resolved.incident]
    assert store.incidents(active=True) == []
    first, last = store.unsent()
    assert first.title == "taxi-eta: performance has decayed"
    assert last.title == "taxi-eta: performance has decayed (resolved)"
    assert last.body == "rolled back to version 1\nOpened 2020-01-31 08:30 UTC: mae is 3.1, expected 2.5"


def test_a_message_is_sent_once(engine):
    """A message that went out, or failed for good, is not offered again."""
    store = SqlIncidents(engine)
    store.save(opened(), routes=["log://", "slack://x"], at=NOW)
    first, second = store.unsent()
    store.mark_sent(first.id, at=NOW)
    assert store.unsent() == [second]
    store.mark_sent(second.id, at=NOW, error="no such channel")
    assert store.unsent() == []
    with pytest.raises(NotFoundError, match="no message 99"):
        store.mark_sent(99, at=NOW)


def test_incidents_are_listed_by_model_and_age(engine):
    """Incidents come oldest first, of one model or of all."""
    store = SqlIncidents(engine)
    for step in (opened(NOW + DAY), opened(), opened(model="other")):
        store.save(step, routes=[], at=NOW)
    assert [one.opened_at for one in store.incidents("taxi-eta")] == [NOW, NOW + DAY]
    assert len(store.incidents()) == 3


# Decisions


def decision(id: str, at: datetime = NOW, model: str = "taxi-eta", kind: str = "retrain") -> DecisionRecord:  # noqa: A002 - the field's name
    return DecisionRecord(
        id=id,
        model=model,
        at=at,
        kind=kind,
        action="hold",
        why="é",
        detail={"mae": 2.5, "by": {"x": [1, None]}},
    )


def test_decisions_are_kept_and_listed(engine):
    """Decisions come oldest first, by model and kind; a limit keeps the newest."""
    store: DecisionStore = SqlDecisions(engine)
    late, tie, first = decision("c", NOW + HOUR), decision("b"), decision("a")
    for one in (late, tie, first, first, decision("d", model="other"), decision("e", kind="gates")):
        store.record(one)
    assert store.decisions("taxi-eta", kind="retrain") == [tie, first, late]
    assert store.decisions("taxi-eta", kind="retrain", limit=2) == [first, late]
    assert len(store.decisions()) == 5
    assert store.decisions(limit=0) == []
