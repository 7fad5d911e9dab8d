"""A port for one process, and one that several share."""

import socket

import pytest

from keepfit.errors import ServerError
from keepfit.web.listener import address_of, join, listen, reserve


def test_a_reserved_port_is_nobody_elses():
    """Neither for a server alone nor for another one with workers."""
    with reserve("127.0.0.1", 0) as held, join("127.0.0.1", held.getsockname()[1]):
        port = held.getsockname()[1]
        for take in (listen, reserve):
            with pytest.raises(ServerError, match=f"port {port} is in use"):
                take("127.0.0.1", port)


def test_a_reserved_port_is_held_before_anybody_listens():
    """The models of its workers may take seconds to load."""
    with reserve("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        for take in (listen, reserve):
            with pytest.raises(ServerError, match=f"port {port} is in use"):
                take("127.0.0.1", port)


@pytest.mark.parametrize("shared", [False, True])
def test_a_port_is_reserved_again_right_after_a_server_ended(shared):
    """The system remembers the connections that a server closed for a minute."""
    before = (reserve if shared else listen)("127.0.0.1", 0)
    port = before.getsockname()[1]
    listener = join("127.0.0.1", port) if shared else before
    with before, listener, socket.create_connection(("127.0.0.1", port)) as caller:
        listener.accept()[0].close()
        assert caller.recv(1) == b""
    reserve("127.0.0.1", port).close()


def test_workers_share_a_reserved_port_and_all_get_connections():
    """Of a hundred, none of two gets less than ten: the odds of that are 1e-17."""
    with (
        reserve("127.0.0.1", 0) as held,
        join("127.0.0.1", held.getsockname()[1]) as one,
        join("127.0.0.1", held.getsockname()[1]) as other,
    ):
        callers = [socket.create_connection(held.getsockname()) for _ in range(100)]
        taken = [_taken(listener) for listener in (one, other)]
        for caller in callers:
            caller.close()
    assert sum(taken) == 100
    assert min(taken) >= 10


def _taken(listener):
    listener.setblocking(False)
    count = 0
    while True:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return count
        connection.close()
        count += 1


def test_a_reserved_port_alone_answers_nobody():
    """While no worker lives, callers are refused at once instead of waiting."""
    with reserve("127.0.0.1", 0) as held, pytest.raises(ConnectionRefusedError):
        socket.create_connection(held.getsockname())


def test_the_address_of_ipv6_is_in_brackets():
    """As in a URL."""
    with listen("::1", 0) as listener:
        assert address_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"
