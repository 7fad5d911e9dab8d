"""The server of a workspace: its routes, its models and its capture log behind one data plane."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from keepfit.adapters.capture_log import CaptureWriter
from keepfit.adapters.model_loader import predictor
from keepfit.adapters.sql.releases import SqlReleases
from keepfit.app.controller import ADDRESS_FILE, ONE_THREAD
from keepfit.app.workspace import Workspace
from keepfit.clock import SystemClock
from keepfit.ids import new_id
from keepfit.serving.dataplane import DataPlane
from keepfit.serving.loaded import LoadedModel
from keepfit.web.server import serve


class RegistryLoader:
    """Loads registered versions, verified; implements `keepfit.serving.loaded.ModelLoader`."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def load(self, model: str, number: int) -> LoadedModel:
        """Fetch, verify and load one version."""
        version = self._workspace.registry.version(model, number)
        estimator = self._workspace.estimator(model, number)
        return LoadedModel(
            signature=version.signature, version=number, predict=predictor(estimator, version.signature)
        )


def data_plane(workspace: Workspace) -> tuple[DataPlane, CaptureWriter]:
    """A data plane over the workspace's routes, and its capture log, which the caller closes."""
    writer = CaptureWriter(
        workspace.spool, log_id=new_id("server"), fsync=workspace.config.serving.durability
    )
    plane = DataPlane(
        routes=SqlReleases(workspace.engine),
        loader=RegistryLoader(workspace),
        capture=writer,
        clock=SystemClock(),
        shadows_waiting=workspace.config.serving.shadow_queue,
    )
    return plane, writer


def run_server(workspace: Workspace, *, host: str, port: int, started: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; the address is told to `started` and kept in .keepfit/server.json meanwhile.

    Raises:
        ServerError: the port is in use.
    """
    for name, count in ONE_THREAD.items():
        os.environ.setdefault(name, count)  # read when a model's library is first imported, which is later
    plane, writer = data_plane(workspace)
    address_file = workspace.state / ADDRESS_FILE

    def announce(address: str) -> None:
        _write(address_file, {"address": address, "pid": os.getpid()})
        started(address)

    try:
        serve(plane, host=host, port=port, on_start=announce)
    finally:
        plane.close()
        writer.close()
        address_file.unlink(missing_ok=True)


def _write(path: Path, value: dict[str, object]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value), encoding="utf-8")
    part.rename(path)
