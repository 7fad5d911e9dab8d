"""The registry of model versions on MLflow.

MLflow gives the numbers and keeps the artifacts, the lineage and the aliases; keepfit's own rows say what is
registered. So reading versions, and fetching an artifact that lies on this machine, never load MLflow.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol

from keepfit.adapters.artifact_fetch import fetch_artifact
from keepfit.adapters.file_lock import file_lock
from keepfit.adapters.mlflow_client import open_client, quiet_mlflow
from keepfit.adapters.mlflow_run import (
    JOB_TAG,
    experiment_of,
    fail_run,
    record_run,
    recorded_version,
    take_up,
)
from keepfit.errors import WorkspaceError
from keepfit.registry.digest import artifact_digest
from keepfit.registry.model_version import CandidateArtifact, ModelVersion

_SERVERS: Final = ("http://", "https://", "databricks")


class VersionRows(Protocol):
    """keepfit's own rows of model versions: see `keepfit.adapters.sql.versions`."""

    def save(self, version: ModelVersion) -> None:
        """Record a version; a job registers one."""
        ...

    def versions(self, model: str) -> Sequence[ModelVersion]:
        """All versions of a model, oldest first."""
        ...

    def version(self, model: str, number: int) -> ModelVersion:
        """One version. Raises NotFoundError."""
        ...

    def by_job(self, job_id: str) -> ModelVersion | None:
        """The version that a job registered."""
        ...


class MlflowRegistry:
    """`keepfit.registry.model_version.Registry` on MLflow.

    Args:
        tracking_uri: `sqlite:///path`, or the address of an MLflow server; for runs and registry both.
        artifact_root: where artifacts are kept, beside a database; a server keeps them itself.
        versions: keepfit's rows of model versions.
        cache_dir: where artifacts of a server are downloaded to, and the lock of registrations lies.
    """

    def __init__(
        self, *, tracking_uri: str, artifact_root: Path, versions: VersionRows, cache_dir: Path
    ) -> None:
        self._tracking_uri = tracking_uri
        self._artifact_root = None if tracking_uri.startswith(_SERVERS) else artifact_root
        self._rows = versions
        self._cache_dir = cache_dir

    def register(self, candidate: CandidateArtifact) -> ModelVersion:
        """Register the artifact whole or not at all; the version that `job_id` registered already, if it did.

        A process may die anywhere in here: the next call for the job finishes what was begun, as what was begun.

        Raises:
            ArtifactError: the artifact's folder cannot be registered.
            WorkspaceError: MLflow's numbers and keepfit's rows are not of one workspace.
        """
        known = self._rows.by_job(candidate.job_id)
        if known is not None:
            return known
        digest = artifact_digest(candidate.directory)
        with quiet_mlflow():
            client = open_client(self._tracking_uri)
            with file_lock(self._cache_dir / "register.lock"):
                return (
                    self._rows.by_job(candidate.job_id)
                    or self._published(client, candidate)
                    or self._register(client, candidate, digest)
                )

    def versions(self, model: str) -> Sequence[ModelVersion]:
        """All versions of a model, oldest first; empty when there are none."""
        return self._rows.versions(model)

    def version(self, model: str, number: int) -> ModelVersion:
        """One version. Raises NotFoundError."""
        return self._rows.version(model, number)

    def fetch(self, version: ModelVersion) -> Path:
        """A local folder with the artifact, verified against its digest.

        Raises:
            ArtifactError: it is gone, or not what was registered.
        """
        return fetch_artifact(version, tracking_uri=self._tracking_uri, cache_dir=self._cache_dir)

    def set_alias(self, model: str, alias: str, number: int | None) -> None:
        """Point `champion` or `challenger` at a version, or at none."""
        with quiet_mlflow():
            client = open_client(self._tracking_uri)
            if number is None:
                client.delete_registered_model_alias(model, alias)
            else:
                client.set_registered_model_alias(model, alias, str(number))

    def _register(self, client: Any, candidate: CandidateArtifact, digest: str) -> ModelVersion:
        experiment = experiment_of(client, candidate.model, self._artifact_root)
        version = take_up(client, experiment, candidate.job_id) or record_run(
            client, experiment, candidate, digest
        )
        number = None
        try:
            number = _publish(client, version)
            return self._save(replace(version, number=number))
        except BaseException as error:
            if number is not None:
                with suppress(Exception):
                    client.delete_model_version(version.model, str(number))
            fail_run(client, version.run_id, repr(error))
            raise

    def _published(self, client: Any, candidate: CandidateArtifact) -> ModelVersion | None:
        """The version that an earlier try of the job published and did not live to record; it is recorded now."""
        wanted = f"name = '{candidate.model}' and tags.`{JOB_TAG}` = '{candidate.job_id}'"
        found = client.search_model_versions(wanted)
        if not found:
            return None
        return self._save(replace(recorded_version(client, found[0].run_id), number=int(found[0].version)))

    def _save(self, version: ModelVersion) -> ModelVersion:
        if any(version.number == known.number for known in self._rows.versions(version.model)):
            raise WorkspaceError(
                f"MLflow at {self._tracking_uri} gave a new version the number of {version.ref}, which is taken",
                hint="keepfit's state and MLflow's belong together: restore both, or start a new workspace",
            )
        self._rows.save(version)
        return version


def _publish(client: Any, version: ModelVersion) -> int:
    """Make the version in MLflow's registry; its number."""
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(version.model)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    tags = {JOB_TAG: version.job_id, "keepfit.digest": version.digest}
    made = client.create_model_version(
        version.model, version.artifact_uri, run_id=version.run_id, tags=tags, description=version.why
    )
    return int(made.version)
