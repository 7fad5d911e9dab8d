"""A world in small: a town, a taxi firm with one or more models, and the ports of keepfit.

The stores are the real ones (SQL in memory, the lake's twins in memory). Trips come once a day; a label comes a day
after its trip.
"""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Engine
from workflow_fakes import (
    DAY,
    ROWS,
    START,
    Damaged,
    FakeCapture,
    FakeRegistry,
    FakeRunner,
    Feed,
    Rate,
    Town,
    make_model,
    request_of,
)

from keepfit.adapters.memory import MemoryDatasets, MemoryEvidence, MemoryPredictions
from keepfit.adapters.sql.checks import SqlChecks
from keepfit.adapters.sql.decisions import SqlDecisions
from keepfit.adapters.sql.engine import open_engine
from keepfit.adapters.sql.incidents import SqlIncidents
from keepfit.adapters.sql.jobs import SqlJobs
from keepfit.adapters.sql.ledger import SqlLedger
from keepfit.adapters.sql.migrate import migrate
from keepfit.adapters.sql.release_log import SqlReleaseLog
from keepfit.adapters.sql.releases import SqlReleases
from keepfit.alerting.incident import Message
from keepfit.clock import EPOCH
from keepfit.definition import Model
from keepfit.evaluation.trial import Trial
from keepfit.jobs.job import Job
from keepfit.predictions.capture_codec import NUMBER, LabelsFrame, PredictionsFrame
from keepfit.registry.model_version import ModelVersion
from keepfit.release.routing import Route, in_canary
from keepfit.workflows.check_model import Health, check_model
from keepfit.workflows.drain_capture import drain_capture
from keepfit.workflows.ports import Ports
from keepfit.workflows.tick import LEASE, Tick, tick
from keepfit.workflows.train_candidate import newest_rows, train_candidate, training_job


def empty_database() -> Engine:
    """A database in memory with keepfit's tables, copied from one that was made once."""
    engine = open_engine("sqlite://")
    use_driver(engine, _template().backup)
    return engine


def use_driver(engine: Engine, use: Callable[[Any], None]) -> None:
    """Use the driver's own connection of a database in memory."""
    connection = engine.raw_connection()
    try:
        use(connection.driver_connection)
    finally:
        connection.close()


@cache
def _template() -> sqlite3.Connection:
    engine, copy = open_engine("sqlite://"), sqlite3.connect(":memory:")
    migrate(engine)
    use_driver(engine, lambda made: made.backup(copy))
    return copy


class World:
    """A town, a taxi firm with one or more models, and the ports of keepfit.

    Attributes:
        down: routes that fail.
        sent: messages that went out.
        told: what workflows said.
        failing: versions that raise on every request.
    """

    def __init__(self, *models: Model) -> None:
        self.town = Town()
        self.models = {model.name: model for model in models or (make_model(),)}
        for model in self.models.values():
            model.source(self.town.rows)
        self.engine = empty_database()
        self.datasets, self.predictions = MemoryDatasets(), MemoryPredictions()
        self.evidence = MemoryEvidence()
        self.capture, self.registry = FakeCapture(), FakeRegistry()
        self.runner = FakeRunner(self.models, self.town, self.registry)
        self.down: set[str] = set()
        self.sent: list[Message] = []
        self.told: list[str] = []
        self.failing: set[int] = set()
        self.ports = self.open()

    def open(self) -> Ports:
        """The ports, as a process that begins finds them."""
        return Ports(
            datasets=self.datasets,
            registry=self.registry,
            files=self.registry,
            predictions=self.predictions,
            capture=self.capture,
            ledger=SqlLedger(self.engine),
            jobs=SqlJobs(self.engine),
            release_log=SqlReleaseLog(self.engine),
            releases=SqlReleases(self.engine),
            checks=SqlChecks(self.engine),
            evidence=self.evidence,
            incidents=SqlIncidents(self.engine),
            decisions=SqlDecisions(self.engine),
            runner=self.runner,
            notify=self._notify,
            tell=lambda message, _at: self.told.append(message),
        )

    def _notify(self, message: Message) -> str:
        if message.route in self.down:
            return "nobody answers"
        self.sent.append(message)
        return ""

    @property
    def model(self) -> Model:
        """The first model."""
        return next(iter(self.models.values()))

    @staticmethod
    def end_of(day: int) -> datetime:
        """The moment when a day is over."""
        return START + (day + 1) * DAY

    def job(self, now: datetime = START, why: str = "for the first time") -> Job:
        """A training that was asked for, and taken by this process."""
        starts, end, test_from = newest_rows(self.model, now)
        job = training_job(self.model, starts=starts, end=end, test_from=test_from, why=why, now=now)
        self.ports.jobs.enqueue(job)
        claimed = self.ports.jobs.claim(now=now, lease=LEASE, job_id=job.id)
        assert claimed is not None
        return claimed

    def train(self, now: datetime = START, why: str = "for the first time") -> ModelVersion:
        """Train a version of the first model and begin its release."""
        return train_candidate(self.ports, self.model, self.job(now, why), now=now)

    def register(self, now: datetime = START, why: str = "by hand") -> ModelVersion:
        """Train a version of the first model and register it, without a release."""
        job = self.job(now, why)
        version = self.register_for(job)
        self.ports.jobs.finish(job.id, now=now)
        return version

    def register_for(self, job: Job) -> ModelVersion:
        """Register the candidate of a job that goes no further."""
        champion = self.ports.releases.route(job.model).champion
        candidate = self.runner.run(request_of(job, champion)).candidate
        assert candidate is not None
        return self.registry.register(candidate)

    def spoil(self, number: int, rate: float) -> None:
        """Let a version of the first model think that a mile takes so many minutes."""
        ref = f"{self.model.name}@{number}"
        rides = np.array([1.0])
        self.registry.artifacts[ref] = replace(
            self.registry.artifacts[ref], estimator=Rate(rides, rate * rides)
        )

    def try_again(self, number: int, trial: Trial | None) -> None:
        """Put another trial beside a version of the first model."""
        ref = f"{self.model.name}@{number}"
        self.registry.artifacts[ref] = replace(self.registry.artifacts[ref], trial=trial)  # type: ignore[arg-type]

    def serve(
        self, day: int, *, rows: int = ROWS, feed: Feed = list, name: str = "", log: str = "server-1"
    ) -> None:
        """Answer the trips of a day as the route says, and capture the answers."""
        name = name or self.model.name
        trips = self.town.trips(day, rows)
        trips = trips.with_columns(pl.Series("miles", feed(trips["miles"].to_numpy()), dtype=pl.Float64))
        route = self.ports.releases.route(name)
        if route.champion is None:
            return
        for version, role, some in _answers(route, trips):
            failed = version in self.failing
            self.capture.write(log, self._frame(name, version, "failed" if failed else role, some))

    def _frame(self, name: str, version: int, role: str, trips: pl.DataFrame) -> PredictionsFrame:
        estimator = self.registry.artifacts[f"{name}@{version}"].estimator
        given = [None] * trips.height if role == "failed" else estimator.predict(trips.to_pandas()).tolist()
        at = [(one - EPOCH) // timedelta(microseconds=1) for one in trips["at"]]
        return PredictionsFrame(
            model=name,
            prediction_id=trips["trip"].to_list(),
            version=[version] * trips.height,
            role=[role] * trips.height,
            event_time=at,
            received_at=at,
            prediction=given,
            error=["it raised" if role == "failed" else None] * trips.height,
            features={"miles": trips["miles"].to_list()},
            kinds={"miles": NUMBER},
            received=trips.height if role in ("champion", "canary") else 0,
        )

    def label(self, day: int, *, rows: int = ROWS, name: str = "", log: str = "server-1") -> None:
        """Post what the trips of a day took, known a day after each."""
        trips = self.town.trips(day, rows)
        at = [(one + DAY - EPOCH) // timedelta(microseconds=1) for one in trips["at"]]
        frame = LabelsFrame(
            model=name or self.model.name,
            prediction_id=trips["trip"].to_list(),
            label=trips["minutes"].to_list(),
            label_time=at,
            received_at=at,
        )
        self.capture.write(log, frame)

    def damaged(self, name: str, *, received: int) -> Damaged:
        """A frame of the first model that cannot be read."""
        return Damaged(name=name, model=self.model.name, received=received)

    def live(self, day: int, *, feed: Feed = list, rows: int = ROWS) -> None:
        """A day goes by: its trips are served, the labels of the day before come."""
        for name in self.models:
            self.serve(day, feed=feed, rows=rows, name=name)
            if day > 0:
                self.label(day - 1, rows=rows, name=name)

    def tick(self, day: int) -> Tick:
        """The controller looks at the end of a day."""
        return tick(self.ports, self.models.values(), now=self.end_of(day))

    def check(self, day: int) -> Health:
        """The first model is checked at the end of a day, and nothing else is done."""
        drain_capture(self.ports, now=self.end_of(day))
        return check_model(self.ports, self.model, now=self.end_of(day))

    def run(self, *days: int, feed: Feed = list) -> Tick:
        """Days go by, with a tick at the end of each; the last one's."""
        for day in days:
            self.live(day, feed=feed)
            done = self.tick(day)
        return done


def _answers(route: Route, trips: pl.DataFrame) -> Iterable[tuple[int, str, pl.DataFrame]]:
    """Who answers which trips: champion and canary for the caller, shadows for the record."""
    chosen = [
        route.canary is not None and in_canary(one, canary=route.canary, percent=route.percent)
        for one in trips["trip"]
    ]
    by = pl.Series("by", [route.canary if one else route.champion for one in chosen], dtype=pl.Int64)
    for version in route.versions:
        served, shadowed = trips.filter(by == version), trips.filter(by != version)
        if served.height:
            yield version, "canary" if version == route.canary else "champion", served
        if version in route.shadows and shadowed.height:
            yield version, "shadow", shadowed
