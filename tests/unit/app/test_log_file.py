"""The workspace's log."""

import logging

import pytest

from keepfit.adapters.notify import send
from keepfit.alerting.incident import Message
from keepfit.app.log_file import keep_log


@pytest.fixture
def logger():
    """Keepfit's logger, left as it was found."""
    found = logging.getLogger("keepfit")
    handlers, level = list(found.handlers), found.level
    yield found
    for handler in [one for one in found.handlers if one not in handlers]:
        found.removeHandler(handler)
        handler.close()
    found.setLevel(level)


def test_an_incident_whose_route_is_the_log_is_in_the_file(tmp_path, logger):
    """With its time in UTC and its level."""
    path = keep_log(tmp_path / ".keepfit")
    send(Message(id=1, route="log://", title="taxi: decay", body="mae 3.44"))
    assert "Z WARNING keepfit.incidents: taxi: decay: mae 3.44" in path.read_text(encoding="utf-8")


def test_a_second_workspace_takes_the_log_with_it(tmp_path, logger):
    """Nothing is written twice."""
    first, second = keep_log(tmp_path / "a"), keep_log(tmp_path / "b")
    logger.info("hello")
    assert not first.exists()
    assert "hello" in second.read_text(encoding="utf-8")
