"""MLflow, loaded late, told to be quiet, and never the first to open its database twice at once.

Its import takes seconds. It reports its use over the network unless told not to; it warns about Git and pip,
and a fresh SQLite database that several processes migrate at once is left broken.
"""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from keepfit.adapters.file_lock import file_lock

#: Set before MLflow is imported; what the user has set stays.
ENVIRONMENT: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "GIT_PYTHON_REFRESH": "quiet",
}

_SQLITE: Final = "sqlite:///"


@contextmanager
def quiet_mlflow() -> Iterator[None]:
    """Import and use MLflow in here: errors are raised as ever; chatter, warnings and telemetry are off."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@cache
def open_client(tracking_uri: str) -> Any:
    """An `mlflow.MlflowClient` for runs and registry both; a fresh SQLite database is migrated first, by one process.

    Call it, and use what it returns, within `quiet_mlflow`.
    """
    from mlflow import MlflowClient

    if not tracking_uri.startswith(_SQLITE):
        return MlflowClient(tracking_uri, tracking_uri)
    with file_lock(Path(f"{tracking_uri.removeprefix(_SQLITE)}.lock")):
        client = MlflowClient(tracking_uri, tracking_uri)
        client.search_experiments(max_results=1)
        client.search_registered_models(max_results=1)
    return client
