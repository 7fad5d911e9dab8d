"""Workspaces with versions that nobody trained."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keepfit.adapters.sql.releases import SqlReleases
from keepfit.adapters.sql.versions import SqlVersions
from keepfit.app.workspace import open_workspace
from keepfit.registry.model_version import ModelVersion
from keepfit.registry.signature import Signature
from keepfit.release.routing import Route

TRAINED = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def made_workspace(tmp_path_factory) -> Callable[[str, Signature, int], Path]:
    """Makes a workspace of the model `taxi`, told how many versions it has; the last of them is champion."""

    def made(models: str, signature: Signature, versions: int) -> Path:
        root = tmp_path_factory.mktemp("workspace")
        (root / "keepfit.toml").write_text("", encoding="utf-8")
        (root / "taxi.py").write_text(models, encoding="utf-8")
        engine = open_workspace(root).engine
        for number in range(1, versions + 1):
            SqlVersions(engine).save(_version(number, signature))
        SqlReleases(engine).set_route(Route(model="taxi", generation=1, champion=versions))
        engine.dispose()
        return root

    return made


def _version(number: int, signature: Signature) -> ModelVersion:
    return ModelVersion(
        model="taxi",
        number=number,
        run_id="r",
        job_id=f"j{number}",
        artifact_uri="file:///nowhere",
        digest="sha256:0",
        dataset="taxi@1",
        dataset_digest="sha256:0",
        metrics={},
        signature=signature,
        trained_at=TRAINED,
        why="a test",
    )
