"""A candidate as an MLflow run: what it was trained on, what came out, its files, and the version's own record.

The record lies beside the artifact, written before the version is: whoever finds the version can restore all that
is known of it. Functions take an `mlflow.MlflowClient` and are called within `quiet_mlflow`.
"""

import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from keepfit.adapters.codec import from_json, to_json
from keepfit.registry.model_version import CandidateArtifact, ModelVersion

#: The tag by which runs and versions are found again: the job that made them.
JOB_TAG: Final = "keepfit.job"

#: Where the artifact lies among the run's files.
MODEL_FOLDER: Final = "model"

_RECORD: Final = "keepfit/version.json"
_NOT_IN_NAMES: Final = re.compile(r"[^\w\-. :/]")
_LONGEST_VALUE: Final = 6000
_LONGEST_DATASET_DIGEST: Final = 36
_PARAMS_AT_ONCE: Final = 100
_METRICS_AT_ONCE: Final = 1000


def experiment_of(client: Any, model: str, artifact_root: Path | None) -> str:
    """The id of the model's experiment, made when there is none; its files lie under `artifact_root`, or where MLflow says."""
    found = client.get_experiment_by_name(model)
    if found is not None:
        return str(found.experiment_id)
    location = None if artifact_root is None else str(artifact_root.resolve() / model)
    return str(client.create_experiment(model, artifact_location=location))


def record_run(client: Any, experiment_id: str, candidate: CandidateArtifact, digest: str) -> ModelVersion:
    """Log a candidate whole as a finished run: the version it would be, its number still 0.

    A run that cannot be finished is marked as failed, and the error goes on.
    """
    tags = {JOB_TAG: candidate.job_id, "keepfit.digest": digest, "keepfit.why": candidate.why}
    run = client.create_run(experiment_id, run_name=candidate.job_id, tags=tags)
    run_id = str(run.info.run_id)
    try:
        _log_numbers(client, run_id, candidate)
        _log_dataset(client, run_id, candidate)
        client.log_artifacts(run_id, str(candidate.directory), MODEL_FOLDER)
        version = _version(candidate, run_id, f"{run.info.artifact_uri}/{MODEL_FOLDER}", digest)
        client.log_text(run_id, to_json(version).decode(), _RECORD)
        client.set_terminated(run_id, "FINISHED")
    except BaseException as error:
        fail_run(client, run_id, repr(error))
        raise
    return version


def recorded_version(client: Any, run_id: str) -> ModelVersion:
    """What `record_run` recorded of a run."""
    with tempfile.TemporaryDirectory() as folder:
        path = client.download_artifacts(run_id, _RECORD, folder)
        return from_json(Path(path).read_bytes(), ModelVersion)


def take_up(client: Any, experiment_id: str, job_id: str) -> ModelVersion | None:
    """The version of a run that an earlier try of this job finished; runs that it left unfinished are marked as failed."""
    finished = None
    for run in client.search_runs([experiment_id], f"tags.`{JOB_TAG}` = '{job_id}'"):
        if run.info.status == "FINISHED":
            finished = recorded_version(client, run.info.run_id)
        elif run.info.status != "FAILED":
            fail_run(client, run.info.run_id, "the process that made this run died")
    return finished


def fail_run(client: Any, run_id: str, why: str) -> None:
    """Mark a run as failed, as far as MLflow can be reached: the error that led here matters more."""
    with suppress(Exception):
        client.set_tag(run_id, "keepfit.failed", why[:_LONGEST_VALUE])
        client.set_terminated(run_id, "FAILED")


def _version(candidate: CandidateArtifact, run_id: str, artifact_uri: str, digest: str) -> ModelVersion:
    return ModelVersion(
        model=candidate.model,
        number=0,
        run_id=run_id,
        job_id=candidate.job_id,
        artifact_uri=artifact_uri,
        digest=digest,
        dataset=candidate.dataset,
        dataset_digest=candidate.dataset_digest,
        metrics=candidate.metrics,
        signature=candidate.signature,
        trained_at=candidate.trained_at,
        why=candidate.why,
    )


def _log_numbers(client: Any, run_id: str, candidate: CandidateArtifact) -> None:
    from mlflow.entities import Metric, Param

    at = int(candidate.trained_at.timestamp() * 1000)
    metrics = [Metric(name, value, at, 0) for name, value in _named(candidate.metrics).items()]
    params = [Param(name, value[:_LONGEST_VALUE]) for name, value in _named(candidate.params).items()]
    for start in range(0, len(metrics), _METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=metrics[start : start + _METRICS_AT_ONCE])
    for start in range(0, len(params), _PARAMS_AT_ONCE):
        client.log_batch(run_id, params=params[start : start + _PARAMS_AT_ONCE])


def _log_dataset(client: Any, run_id: str, candidate: CandidateArtifact) -> None:
    from mlflow.entities import Dataset, DatasetInput

    short = candidate.dataset_digest.removeprefix("sha256:")[:_LONGEST_DATASET_DIGEST]
    dataset = Dataset(name=candidate.dataset, digest=short, source_type="keepfit", source=candidate.dataset)
    client.log_inputs(run_id, [DatasetInput(dataset)])
    client.set_tag(run_id, "keepfit.dataset_digest", candidate.dataset_digest)


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values under names that MLflow takes."""
    return {_NOT_IN_NAMES.sub("_", name): value for name, value in values.items()}
