"""What one process answers with, by the settings."""

import pytest

from keepfit.app.serving_sources import OneRoute, Sources
from keepfit.config import ServingSection
from keepfit.release.routing import Route
from keepfit.serving.telemetry_files import MetricsFolder
from keepfit.web.asgi import MAX_BODY_BYTES
from keepfit.web.batcher import Limits
from keepfit.web.front import STOP_S
from keepfit.web.stand import open_stand


@pytest.fixture
def stand(tmp_path, world):
    """Opens one with these settings."""

    def opened(**settings):
        sources = Sources(
            routes=OneRoute(Route(model="taxi", generation=1, champion=3)),
            loader=world,
            spool=tmp_path / "spool",
            state=None,
            settings=ServingSection(**settings),
        )
        return open_stand(sources, tmp_path / "metrics")

    return opened


def test_limits_are_those_of_the_settings(stand):
    """How many rows together, how many wait, for how long, and how long a stop takes."""
    given = {"batch_rows": 7, "queue_rows": 70, "request_rows": 6, "timeout": "250s", "stop_timeout": "0s"}
    with stand(**given, body_limit="3MB") as found:
        assert found.limits == Limits(batch_rows=7, waiting_rows=70, timeout_s=250.0)
        assert found.plane.max_rows == 6
        assert (found.stop_s, found.settings.body_limit) == (0.0, 3_000_000)


def test_without_settings_nothing_changes(stand):
    """The defaults are those that everything was measured with."""
    with stand() as found:
        assert (found.limits, found.stop_s, found.settings.body_limit) == (Limits(), STOP_S, MAX_BODY_BYTES)
        assert found.plane.max_rows == 100_000


def test_numbers_go_into_the_folder_of_the_server(stand, tmp_path):
    """Under the name of the capture log."""
    with stand():
        pass
    assert MetricsFolder(tmp_path / "metrics").workers() == ["web-0"]
    assert not (tmp_path / "spool" / "metrics").exists()
