"""A town whose taxi rides take so many minutes a mile, and the parts of keepfit that are no store.

The registry, the process that trains and the capture logs are played by small classes that keep to the ports.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from keepfit.definition import Model
from keepfit.errors import NotFoundError
from keepfit.evaluation.estimation.estimator import PerformanceEstimator
from keepfit.evaluation.task import Regression
from keepfit.evaluation.trial import Trial
from keepfit.jobs.job import Job
from keepfit.monitoring.policy import Monitor
from keepfit.monitoring.reference import Reference
from keepfit.predictions.capture_codec import Frame, LabelsFrame, PredictionsFrame
from keepfit.predictions.chunk import Chunk
from keepfit.predictions.ledger import DrainPosition, Ledger
from keepfit.registry.model_version import CandidateArtifact, ModelVersion
from keepfit.release.policy import Release, canary, shadow
from keepfit.retraining.policy import Retrain, decay, last
from keepfit.training.outcome import TrainingOutcome, TrainingRequest
from keepfit.training.pipeline import Incumbent, Recipe, Trained, snapshot, train

START = datetime(2020, 1, 31, tzinfo=UTC)
DAY = timedelta(days=1)
ROWS = 150
#: Minutes a mile, and from which day on.
Rates = Mapping[int, float]
#: What is wrong with the feed of miles, if anything.
Feed = Callable[[np.ndarray], Sequence[float | None]]


def make_model(name: str = "taxi", **changes: Any) -> Model:
    """A model with shadow, canary and watch; its source and trainer are the world's."""
    policies: dict[str, Any] = {
        "monitor": Monitor(min_rows=50, blind_after="3d"),
        "retrain": Retrain(on=[decay(over="2d", min_rows=50)], train_on=last("4d", test="1d"), cooldown="7d"),
        "release": Release(rollout=[shadow("1d"), canary(20, "1d")], watch="10d"),
        "notify": ["log://people"],
    }
    model = Model(
        name,
        task=Regression(target="minutes"),
        id="trip",
        time="at",
        features=["miles"],
        label_delay="1d",
        **(policies | changes),
    )
    model.trainer(lambda train: Rate(train.X["miles"], train.y))
    return model


class Rate:
    """Minutes a mile; a ride of unknown length takes no time."""

    def __init__(self, miles: Any, minutes: Any) -> None:
        self.rate = float(minutes.sum() / miles.sum())

    def predict(self, frame: Any) -> np.ndarray:
        """The minutes of each ride."""
        return self.rate * frame["miles"].fillna(0.0).to_numpy()


@dataclass(slots=True)
class Town:
    """What happens, whoever looks: the same trips every time one asks."""

    rates: dict[int, float] = field(default_factory=lambda: {-1000: 3.0})

    def trips(self, day: int, rows: int = ROWS) -> pl.DataFrame:
        """The trips of one day, with what they took."""
        rng = np.random.default_rng(10_000 + day)
        miles = rng.gamma(4.0, 1.0, rows).round(2) + 0.1
        rate = self.rates[max(since for since in self.rates if since <= day)]
        noise = rng.normal(0.0, 1.0, rows)
        at = [START + day * DAY + (one + 1) * DAY / (rows + 2) for one in range(rows)]
        return pl.DataFrame(
            {
                "trip": [f"{day}-{one}" for one in range(rows)],
                "at": pl.Series(at, dtype=pl.Datetime("us", "UTC")),
                "miles": miles,
                "minutes": rate * miles + noise,
            }
        )

    def rows(self, start: datetime, end: datetime) -> pl.DataFrame:
        """The labelled trips of [start, end): a model's source."""
        days = range((start - START) // DAY, (end - START) // DAY + 1)
        trips = pl.concat([self.trips(day) for day in days])
        return trips.filter(pl.col("at").is_between(start, end, closed="left"))


#: Trainings that were done already: the same rows and the same champion make the same candidate.
TRAINED: dict[tuple[Any, ...], Trained] = {}


@dataclass(slots=True)
class FakeRegistry:
    """Versions, their artifacts and aliases, in memory; implements `Registry` and `VersionFiles`.

    Attributes:
        built: what lies on the disk of the process that trains, by folder.
    """

    built: dict[Path, Trained] = field(default_factory=dict)
    registered: list[ModelVersion] = field(default_factory=list)
    artifacts: dict[str, Trained] = field(default_factory=dict)
    aliases: dict[tuple[str, str], int] = field(default_factory=dict)

    def register(self, candidate: CandidateArtifact) -> ModelVersion:
        """Register the artifact; the version that the job registered already, if it did."""
        for known in self.registered:
            if known.job_id == candidate.job_id:
                return known
        number = len(self.versions(candidate.model)) + 1
        version = ModelVersion(
            model=candidate.model,
            number=number,
            run_id=f"run-{candidate.model}-{number}",
            job_id=candidate.job_id,
            artifact_uri=str(candidate.directory),
            digest=f"sha256:{number}",
            dataset=candidate.dataset,
            dataset_digest=candidate.dataset_digest,
            metrics=candidate.metrics,
            signature=candidate.signature,
            trained_at=candidate.trained_at,
            why=candidate.why,
        )
        self.artifacts[version.ref] = self.built[candidate.directory]
        self.registered.append(version)
        return version

    def versions(self, model: str) -> Sequence[ModelVersion]:
        """All versions of a model, oldest first."""
        return [version for version in self.registered if version.model == model]

    def version(self, model: str, number: int) -> ModelVersion:
        """One version."""
        for version in self.versions(model):
            if version.number == number:
                return version
        raise NotFoundError(f"there is no version {number} of model '{model}'")

    def fetch(self, version: ModelVersion) -> Path:
        """Where the artifact lies."""
        return Path(version.artifact_uri)

    def set_alias(self, model: str, alias: str, number: int | None) -> None:
        """Point an alias at a version, or at none."""
        self.aliases.pop((model, alias), None)
        if number is not None:
            self.aliases[model, alias] = number

    def reference(self, version: ModelVersion) -> Reference:
        """The evidence of the rows that the version learned from."""
        return self.artifacts[version.ref].reference

    def trial(self, version: ModelVersion) -> Trial | None:
        """The evidence for the gates."""
        return self.artifacts[version.ref].trial

    def estimator(self, version: ModelVersion) -> PerformanceEstimator | None:
        """What tells its performance before the labels have come."""
        return self.artifacts[version.ref].performance_estimator


@dataclass(slots=True)
class FakeRunner:
    """Trains in this process, with the real pipeline; implements `TrainingRunner`.

    Attributes:
        fails: when not empty, the reason for which every training fails at the step `fit`.
        asked: the requests so far.
    """

    models: Mapping[str, Model]
    town: Town
    registry: FakeRegistry
    fails: str = ""
    asked: list[TrainingRequest] = field(default_factory=list)

    def run(self, request: TrainingRequest) -> TrainingOutcome:
        """Train and wait."""
        self.asked.append(request)
        log = Path("train.log")
        if self.fails:
            return TrainingOutcome(
                candidate=None, log=log, failed_step="fit", reason=self.fails, hint="mend the trainer"
            )
        folder, trained = Path("/runs") / request.job_id, self._trained(request)
        self.registry.built[folder] = trained
        candidate = CandidateArtifact(
            model=request.model,
            job_id=request.job_id,
            directory=folder,
            params={},
            metrics={"mae": trained.held_out.labelled.mean},
            dataset=f"{request.model}@1",
            dataset_digest="sha256:0",
            signature=trained.signature,
            trained_at=request.at,
            why=request.why,
        )
        return TrainingOutcome(candidate=candidate, log=log)

    def _trained(self, request: TrainingRequest) -> Trained:
        key = (replace(request, job_id="", why=""), tuple(self.town.rates.items()))
        if key not in TRAINED:
            recipe = recipe_of(self.models[request.model])
            TRAINED[key] = train(
                recipe,
                snapshot(recipe, min(request.starts), request.end),
                starts=request.starts,
                test_from=request.test_from,
                exclude=request.exclude,
                incumbent=self._incumbent(request),
            )
        return TRAINED[key]

    def _incumbent(self, request: TrainingRequest) -> Incumbent | None:
        if request.incumbent is None:
            return None
        estimator = self.registry.artifacts[f"{request.model}@{request.incumbent}"].estimator
        return Incumbent(number=request.incumbent, predict=lambda rows: estimator.predict(rows.to_pandas()))


def recipe_of(model: Model) -> Recipe:
    """What the training pipeline needs to know of a model."""
    return Recipe(
        model=model.name,
        task=model.task,
        id=model.id,
        time=model.time,
        features=model.features,
        categorical=model.categorical,
        context=model.context,
        slices=tuple(model.monitor.slices),
        window=model.monitor.every,
        rows=model.rows,
        fit=model.fit,
    )


def request_of(job: Job, champion: int | None) -> TrainingRequest:
    """What the process that trains is asked."""
    payload: Mapping[str, Any] = job.payload
    return TrainingRequest(
        model=job.model,
        job_id=job.id,
        starts=tuple(datetime.fromisoformat(one) for one in payload["starts"]),
        end=datetime.fromisoformat(payload["end"]),
        test_from=datetime.fromisoformat(payload["test_from"]),
        exclude=(),
        incumbent=champion,
        at=datetime.fromisoformat(payload["at"]),
        why=payload["why"],
        timeout_s=3600.0,
    )


@dataclass(frozen=True, slots=True)
class Damaged:
    """A frame that cannot be read; its head still says whose it was and what it counted."""

    name: str
    model: str
    received: int


@dataclass(slots=True)
class FakeCapture:
    """Capture logs in memory, read a few frames at a time; implements `CaptureSource`.

    Attributes:
        written: the frames of each log; None where they were discarded.
    """

    written: dict[str, list[Frame | Damaged | None]] = field(default_factory=dict)
    at_a_time: int = 4

    def write(self, log: str, *frames: Frame | Damaged) -> None:
        """Add frames to a log."""
        self.written.setdefault(log, []).extend(frames)

    def draining(self) -> AbstractContextManager[None]:
        """Nobody else drains."""
        return nullcontext()

    def logs(self) -> Sequence[str]:
        """The logs there are."""
        return sorted(self.written)

    def read(self, log: str, position: DrainPosition | None) -> Iterable[Chunk]:
        """What came after `position`."""
        at = position.offset if position else 0
        while at < len(self.written[log]):
            part = self.written[log][at : at + self.at_a_time]
            assert None not in part, "what was discarded is asked for again"
            at += len(part)
            damaged = [one for one in part if isinstance(one, Damaged)]
            yield Chunk(
                frames=[one for one in part if isinstance(one, PredictionsFrame | LabelsFrame)],
                position=DrainPosition(log=log, segment="0", offset=at),
                damaged=[one.name for one in damaged],
                lost={one.model: Ledger(received=one.received, dropped=one.received) for one in damaged},
            )

    def discard(self, position: DrainPosition) -> None:
        """Delete what lies before `position`."""
        self.written[position.log][: position.offset] = [None] * position.offset
