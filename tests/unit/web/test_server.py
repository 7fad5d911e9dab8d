"""Getting a port, or being told why not."""

import socket

import pytest

from keepfit.errors import ServerError
from keepfit.web.server import InferenceServer


def test_a_port_that_is_in_use_is_said(world):
    """Before anything is loaded, with what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=f"port {port} is in use") as caught:
            InferenceServer(world.plane(), port=port)
    assert caught.value.hint == "choose another with --port, or 0 for any that is free"


def test_two_servers_do_not_share_a_port(world):
    """The port is held from the moment that the server is made."""
    first = InferenceServer(world.plane(), port=0)
    with pytest.raises(ServerError, match="is in use"):
        InferenceServer(world.plane(), port=int(first.address.rpartition(":")[2]))
    first.close()


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("..", 0, "cannot listen on '..'"),
        ("203.0.113.7", 0, "cannot listen on '203.0.113.7'"),
        ("127.0.0.1", 70_000, "70000 is not a port"),
    ],
)
def test_an_address_that_cannot_be_had_is_said(world, host, port, said):
    """What is no name, an address of another machine, a port beyond the last."""
    with pytest.raises(ServerError, match=said):
        InferenceServer(world.plane(), host=host, port=port)


def test_the_address_is_known_at_once(world):
    """Whatever port was free."""
    server = InferenceServer(world.plane(), port=0)
    assert server.address.startswith("http://127.0.0.1:")
    server.close()
