"""MLflow, quiet and safe to start."""

import logging
import os
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, text

from keepfit.adapters.mlflow_client import ENVIRONMENT, open_client, quiet_mlflow


def test_nothing_is_reported_over_the_network():
    """MLflow's telemetry is off before it is imported, unless the user has set it otherwise."""
    with quiet_mlflow():
        assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
        from mlflow.telemetry.utils import is_telemetry_disabled

        assert is_telemetry_disabled()
    assert set(ENVIRONMENT) <= set(os.environ)


def test_warnings_are_muted_inside_only():
    """A library's warning is no error of keepfit's; outside, warnings are what they were."""
    with quiet_mlflow():
        warnings.warn("chatter", DeprecationWarning, stacklevel=1)
    assert logging.getLogger("alembic").level == logging.ERROR
    with pytest.raises(DeprecationWarning):
        warnings.warn("chatter", DeprecationWarning, stacklevel=1)


def test_a_fresh_database_is_made_by_one(tmp_path, capfd):
    """Four that open a fresh MLflow database at once find it whole, and nothing was printed."""
    uri = f"sqlite:///{tmp_path}/deep/mlflow.db"

    def use(number: int) -> str:
        return str(open_client.__wrapped__(uri).create_experiment(f"model-{number}"))

    with quiet_mlflow(), ThreadPoolExecutor(4) as pool:
        made = list(pool.map(use, range(4)))
    assert len(set(made)) == 4
    engine = create_engine(uri)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1
    engine.dispose()
    assert capfd.readouterr() == ("", "")
