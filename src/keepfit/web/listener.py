"""Getting a port: for one process alone, or for several that share it.

Several processes listen on one port with `SO_REUSEPORT`, each on a socket of its own: the kernel deals connections
out by a hash. One socket inherited by all was tried and left: when a caller opens 64 connections at once, the
process that wakes first takes up to all of them, and keeps them. A socket that is bound and does not listen holds the
port meanwhile, so that it stays ours while no worker lives, and no connection is lost in its queue.
"""

import errno
import socket
import sys

from keepfit.errors import ServerError

#: Connections that wait to be taken.
BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens, for one process.

    Args:
        host: the address to listen on.
        port: the port; 0 for any that is free.

    Raises:
        ServerError: the port is in use, or cannot be had.
    """
    return _listening(_bound(host, port), host, port)


def reserve(host: str, port: int) -> socket.socket:
    """A socket that holds a port for processes that `join` it; it does not listen itself.

    Raises:
        ServerError: the port is in use, or cannot be had, or this system does not deal connections out.
    """
    if not sys.platform.startswith("linux"):
        raise ServerError(
            "several workers on one port need Linux, which deals connections out to them",
            hint="use --workers 1",
        )
    # Whoever asks for a port that may be shared gets one that others share: ask for it alone first.
    with listen(host, port) as alone:
        port = alone.getsockname()[1]
    # Two that do not listen yet may both have a port with SO_REUSEADDR, which it takes to get one that was used a moment
    # ago. So one is had by that way, gives the option up, and makes room for a second one that never had it.
    with _bound(host, port, shared=True) as first:
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        return _bound(host, port, shared=True, reused=False)


def hold(host: str, port: int) -> socket.socket:
    """A socket that is bound to a reserved port and does not listen. Raises ServerError."""
    return _bound(host, port, shared=True)


def join(host: str, port: int) -> socket.socket:
    """A socket that listens on a reserved port, beside those of other processes. Raises ServerError."""
    return _listening(_bound(host, port, shared=True), host, port)


def address_of(listener: socket.socket) -> str:
    """The address, as in `http://127.0.0.1:8080`."""
    return f"http://{name_of(listener)}"


def name_of(listener: socket.socket) -> str:
    """Host and port, as in `127.0.0.1:8080` or `[::1]:8080`."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _bound(host: str, port: int, *, shared: bool = False, reused: bool = True) -> socket.socket:
    if not 0 <= port <= 65_535:
        raise ServerError(f"{port} is not a port: they run from 1 to 65535", hint="0 takes any that is free")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, ValueError) as error:
        raise ServerError(
            f"cannot listen on '{host}', port {port}: {error}", hint="choose another --host"
        ) from None
    listener = socket.socket(family, kind, protocol)
    try:
        if reused and sys.platform != "win32":
            # Without it a port is refused for a minute after a server that had connections has ended.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _refused(error, host, port) from None
    return listener


def _listening(listener: socket.socket, host: str, port: int) -> socket.socket:
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _refused(error, host, port) from None
    return listener


def _refused(error: OSError, host: str, port: int) -> ServerError:
    if error.errno == errno.EADDRINUSE:
        return ServerError(
            f"port {port} is in use", hint="choose another with --port, or 0 for any that is free"
        )
    if error.errno == errno.EACCES:
        return ServerError(
            f"no permission to listen on port {port}", hint="choose one above 1023 with --port"
        )
    return ServerError(
        f"cannot listen on '{host}', port {port}: {error}", hint="choose another --host or --port"
    )
