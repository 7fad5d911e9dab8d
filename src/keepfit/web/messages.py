"""What a supervisor and its workers tell each other, a line of JSON each."""

from typing import Final

import msgspec

from keepfit.app.serving_sources import Place
from keepfit.release.routing import Route
from keepfit.serving.following import Key, Problem


class Begin(msgspec.Struct, frozen=True, tag=True):
    """The first order: who the worker is, and what it serves.

    Attributes:
        slot: 0, 1, 2 …; stays when a worker is started again.
        host, port: where to listen, once something is committed.
        grpc_port: where gRPC is spoken; 0 for nowhere.
        place: what to serve.
        metrics: the folder in which the workers of this server keep their numbers.
    """

    slot: int
    host: str
    port: int
    grpc_port: int
    place: Place
    metrics: str


class Prepare(msgspec.Struct, frozen=True, tag=True):
    """Bring the versions of these routes into memory, but for the paused ones; go on serving as before."""

    number: int
    routes: tuple[Route, ...]
    paused: tuple[Key, ...] = ()


class Commit(msgspec.Struct, frozen=True, tag=True):
    """Serve these routes from now on: what was prepared under this number takes traffic."""

    number: int
    routes: tuple[Route, ...]
    problems: tuple[Problem, ...] = ()


class Tell(msgspec.Struct, frozen=True, tag=True):
    """Why anything that should be served is not, as it stands now."""

    problems: tuple[Problem, ...]


class Do(msgspec.Struct, frozen=True, tag=True):
    """Load a model, or unload it."""

    number: int
    model: str
    load: bool


class Granted(msgspec.Struct, frozen=True, tag=True):
    """All workers have done what this one wanted; or one could not, and why."""

    number: int
    error: str = ""


class Prepared(msgspec.Struct, frozen=True, tag=True):
    """What could not be brought into memory; the rest was."""

    number: int
    failed: tuple[Problem, ...] = ()


class Committed(msgspec.Struct, frozen=True, tag=True):
    """The routes are served."""

    number: int


class Serving(msgspec.Struct, frozen=True, tag=True):
    """The worker answers on the port."""


class Wanted(msgspec.Struct, frozen=True, tag=True):
    """A caller wants a model loaded, or unloaded, in all workers."""

    number: int
    model: str
    load: bool


class Done(msgspec.Struct, frozen=True, tag=True):
    """The worker has done it; or could not, and why."""

    number: int
    error: str = ""


class Ended(msgspec.Struct, frozen=True, tag=True):
    """The worker cannot go on, and why."""

    reason: str
    hint: str = ""


#: From the supervisor to a worker.
Order = Begin | Prepare | Commit | Tell | Do | Granted
#: From a worker to the supervisor.
Report = Prepared | Committed | Serving | Wanted | Done | Ended

_ORDERS: Final[msgspec.json.Decoder[Order]] = msgspec.json.Decoder(Order)
_REPORTS: Final[msgspec.json.Decoder[Report]] = msgspec.json.Decoder(Report)


def line(message: Order | Report) -> bytes:
    r"""A message as a line.

    >>> line(Committed(3))
    b'{"type":"Committed","number":3}\n'
    """
    return msgspec.json.encode(message) + b"\n"


def read_order(text: bytes) -> Order:
    """The order of a line. Raises msgspec.DecodeError."""
    return _ORDERS.decode(text)


def read_report(text: bytes) -> Report:
    """The report of a line. Raises msgspec.DecodeError."""
    return _REPORTS.decode(text)
