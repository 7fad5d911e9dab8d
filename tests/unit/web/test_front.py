"""What speaks HTTP, by the setting."""

import sys

import pytest

from keepfit.errors import ConfigError, ServerError
from keepfit.web.asgi import InferenceApp
from keepfit.web.front import Stall, open_front
from keepfit.web.listener import reserve


@pytest.fixture
def stall(world):
    """Where an application is to be served; the threads of the application end with the test."""
    app = InferenceApp(world.plane())

    def made(**given):
        place = {"host": "127.0.0.1", "port": 0, "shared": False, **given}
        return Stall(app=app, grpc=None, stop_s=1.0, keep_alive_s=5.0, started=lambda: None, **place)

    yield made
    app.close()


def test_granian_that_is_not_installed_is_said(stall, monkeypatch):
    """With what to install."""
    monkeypatch.delitem(sys.modules, "keepfit.web.granian_front", raising=False)
    monkeypatch.setitem(sys.modules, "granian.constants", None)
    with pytest.raises(ConfigError, match="granian is not installed") as caught:
        open_front("granian", stall())
    assert caught.value.hint == "pip install 'keepfit[granian]'"


@pytest.mark.parametrize("http", ["uvicorn", "granian"])
def test_the_port_is_taken_at_once(stall, http):
    """It is told before anything runs, and nobody else gets it."""
    front = open_front(http, stall())
    port = int(front.address.rpartition(":")[2])
    assert front.address == f"http://127.0.0.1:{port}"
    for other in ("uvicorn", "granian"):
        with pytest.raises(ServerError, match=f"port {port} is in use"):
            open_front(other, stall(port=port))
    front.close()


@pytest.mark.parametrize("http", ["uvicorn", "granian"])
def test_a_port_that_was_reserved_is_joined(stall, http):
    """By as many as there are workers."""
    with reserve("127.0.0.1", 0) as reserved:
        port = reserved.getsockname()[1]
        fronts = [open_front(http, stall(port=port, shared=True)) for _ in range(2)]
        assert {front.address for front in fronts} == {f"http://127.0.0.1:{port}"}
        for front in fronts:
            front.close()


def test_granian_is_refused_where_ports_are_not_dealt_out(stall, monkeypatch):
    """It would share its port with anybody."""
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(ServerError, match="on Linux only") as caught:
        open_front("granian", stall())
    assert caught.value.hint == 'use [serving] http = "uvicorn"'


@pytest.mark.parametrize("http", ["uvicorn", "granian"])
def test_a_server_that_was_stopped_before_it_ran_ends_at_once(stall, http):
    """A worker may be dismissed while it starts."""
    front = open_front(http, stall())
    front.stop()
    front.run()
    front.close()
