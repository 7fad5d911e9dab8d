"""A model version: the immutable record of something that was trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from keepfit.registry.signature import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """A registered artifact and where it came from.

    Attributes:
        model: the model's name.
        number: 1, 2, 3 … as the registry counts.
        run_id: the tracking run that made it.
        job_id: the durable job that asked for it: one job registers at most one version.
        artifact_uri: where the registry keeps the artifact.
        digest: `sha256:…` of the artifact's files, verified before every load.
        dataset: the pinned training data, `name@number`.
        dataset_digest: the digest of that data.
        metrics: what was measured on the held-out rows.
        signature: what it takes and gives.
        trained_at: when the run was.
        why: what it was trained for.
    """

    model: str
    number: int
    run_id: str
    job_id: str
    artifact_uri: str
    digest: str
    dataset: str
    dataset_digest: str
    metrics: Mapping[str, float]
    signature: Signature
    trained_at: datetime
    why: str

    @property
    def ref(self) -> str:
        """`model@number`."""
        return f"{self.model}@{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateArtifact:
    """A trained model on its way into the registry: files on disk, and what is known of them."""

    model: str
    job_id: str
    directory: Path
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    dataset: str
    dataset_digest: str
    signature: Signature
    trained_at: datetime
    why: str


class Registry(Protocol):
    """Keeps model versions and their artifacts."""

    def register(self, candidate: CandidateArtifact) -> ModelVersion:
        """Register the artifact whole or not at all; the version that `job_id` registered already, if it did."""
        ...

    def versions(self, model: str) -> Sequence[ModelVersion]:
        """All versions of a model, oldest first; empty when there are none."""
        ...

    def version(self, model: str, number: int) -> ModelVersion:
        """One version. Raises NotFoundError."""
        ...

    def fetch(self, version: ModelVersion) -> Path:
        """A local folder with the artifact, verified against its digest. Raises ArtifactError."""
        ...

    def set_alias(self, model: str, alias: str, number: int | None) -> None:
        """Point `champion` or `challenger` at a version, or at none."""
        ...
