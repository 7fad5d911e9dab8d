"""A registered version's artifact on this machine, verified; without MLflow when it lies here already."""

import shutil
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from keepfit.adapters.file_lock import file_lock
from keepfit.adapters.mlflow_client import quiet_mlflow
from keepfit.errors import ArtifactError
from keepfit.registry.digest import artifact_digest
from keepfit.registry.model_version import ModelVersion


def fetch_artifact(version: ModelVersion, *, tracking_uri: str, cache_dir: Path) -> Path:
    """A local folder with the artifact, verified against its digest.

    Args:
        version: whose.
        tracking_uri: of the MLflow that keeps artifacts which do not lie on this machine.
        cache_dir: where those are downloaded to.

    Raises:
        ArtifactError: it is gone, or not what was registered.
    """
    local = local_path(version.artifact_uri)
    if local is not None:
        _verify(version, local)
        return local
    return _download(version, tracking_uri, cache_dir)


def local_path(uri: str) -> Path | None:
    """The path of an artifact on this machine; None when it lies elsewhere.

    >>> local_path("file:///var/lib/a%20b"), local_path("/var/lib/a"), local_path("s3://bucket/a")
    (PosixPath('/var/lib/a b'), PosixPath('/var/lib/a'), None)
    """
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return Path(uri) if not parts.scheme or len(parts.scheme) == 1 else None


def _download(version: ModelVersion, tracking_uri: str, cache_dir: Path) -> Path:
    target = cache_dir / version.digest.replace(":", "-")
    with file_lock(target.with_suffix(".lock")):
        if target.exists() and artifact_digest(target) == version.digest:
            return target
        with tempfile.TemporaryDirectory(dir=cache_dir) as folder, quiet_mlflow():
            fresh = Path(_downloaded(version.artifact_uri, folder, tracking_uri))
            _verify(version, fresh)
            shutil.rmtree(target, ignore_errors=True)
            fresh.rename(target)
    return target


def _downloaded(uri: str, folder: str, tracking_uri: str) -> str:
    from mlflow.artifacts import download_artifacts

    return str(download_artifacts(artifact_uri=uri, dst_path=folder, tracking_uri=tracking_uri))


def _verify(version: ModelVersion, folder: Path) -> None:
    hint = "restore its files from a backup, or train and release a new version"
    try:
        digest = artifact_digest(folder)
    except ArtifactError as error:
        raise ArtifactError(f"the artifact of {version.ref} cannot be used: {error}", hint=hint) from error
    if digest != version.digest:
        raise ArtifactError(
            f"the artifact of {version.ref} was altered after it was registered: {folder} has the digest {digest}, "
            f"registered was {version.digest}",
            hint=hint,
        )
