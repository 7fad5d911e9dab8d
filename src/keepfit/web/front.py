"""What stands between a port and the ASGI application: uvicorn, or granian where the settings say so."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from keepfit.errors import ConfigError
from keepfit.web.asgi import InferenceApp

if TYPE_CHECKING:
    from keepfit.web.grpc.server import GrpcServer

#: Seconds that requests under way are given to end once the server is told to stop, unless told otherwise.
STOP_S = 18.0
#: Idle connections are kept a little longer than load balancers keep theirs (60 s in most), which otherwise send a request
#: into one that is just being closed, and tell their caller of a bad gateway.
KEEP_ALIVE_S = 75.0

Http = Literal["uvicorn", "granian"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """Where and how an application is served.

    Attributes:
        app: what answers.
        host: the address to listen on.
        port: the port; 0 for any that is free.
        shared: the port is reserved, and other processes listen on it too.
        grpc: started on the same event loop; None for none.
        stop_s: seconds that requests under way are given to end.
        keep_alive_s: how long a connection may be idle before it is closed; granian keeps them for as long as it likes.
        started: called once requests are answered.
    """

    app: InferenceApp
    host: str
    port: int
    shared: bool
    grpc: "GrpcServer | None"
    stop_s: float
    keep_alive_s: float
    started: Callable[[], None]


class Front(Protocol):
    """Speaks HTTP. Its making takes the port.

    Attributes:
        address: as in `http://127.0.0.1:8080`.
    """

    address: str

    def run(self) -> None:
        """Answer until `stop`, or SIGTERM or SIGINT in the main thread; requests under way are finished.

        Raises:
            ServerError: it cannot listen, or ended by itself.
        """
        ...

    def stop(self) -> None:
        """Let `run` return; from any thread."""
        ...

    def close(self) -> None:
        """Let go of the port."""
        ...


def open_front(http: Http, stall: Stall) -> Front:
    """Take the port.

    Raises:
        ServerError: it is in use, or cannot be had.
        ConfigError: granian is wanted, which is not installed.
    """
    if http == "uvicorn":
        from keepfit.web.uvicorn_front import UvicornFront

        return UvicornFront(stall)
    try:
        from keepfit.web.granian_front import GranianFront
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "granian":
            raise
        raise ConfigError(
            '[serving] http = "granian": granian is not installed', hint="pip install 'keepfit[granian]'"
        ) from None
    return GranianFront(stall)
