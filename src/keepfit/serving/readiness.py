"""Whether a server should be sent requests: a pure function of what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from keepfit.clock import say_duration

#: A queue that has been full for longer than this is not going to empty by itself.
SATURATED: Final = timedelta(seconds=5)
#: A drain that is further behind than this is worth a warning.
DRAIN_LAG: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spool:
    """The room for captured predictions.

    Attributes:
        used: bytes, as of the last look.
        limit: bytes; None for no limit.
        blocks: whether requests are refused beyond the limit.
    """

    used: int = 0
    limit: int | None = None
    blocks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """What is known of a server at a moment.

    Attributes:
        routes_read: whether routes were read since it started.
        unanswerable: models with a champion that cannot answer, and why.
        capture_failure: why the last append or sync of the capture log failed; None when it did not.
        spool_bytes: what the capture log takes on the disk.
        spool_limit: what it may take; None for no limit.
        spool_blocks: whether requests are refused beyond the limit (the policy `block`).
        queue_full_for: since when the queue has been full without a pause; zero when it is not.
        drain_lag: the age of the oldest row that is not in the lake; None when not known.
        left_out: versions that are not served though the route names them (a canary, a shadow), and why.
    """

    routes_read: bool
    unanswerable: Mapping[str, str] = field(default_factory=dict)
    capture_failure: str | None = None
    spool_bytes: int = 0
    spool_limit: int | None = None
    spool_blocks: bool = False
    queue_full_for: timedelta = timedelta(0)
    drain_lag: timedelta | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The verdict.

    Attributes:
        ready: whether requests are welcome.
        reasons: why not; empty when ready.
        warnings: what a person should see to though requests are answered.
    """

    ready: bool
    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def readiness(
    state: ServerState, *, saturated: timedelta = SATURATED, drain_lag: timedelta = DRAIN_LAG
) -> Readiness:
    """Judge a server.

    It is ready when its routes were read, every model with a champion can answer, and its queue has not been full for longer
    than `saturated`. A drain that is late, or a canary that does not load, harms no caller: it is a warning. So is
    a capture log that cannot be written, but where the policy is to answer nothing that is not recorded.

    >>> readiness(ServerState(routes_read=True))
    Readiness(ready=True, reasons=(), warnings=())
    >>> readiness(ServerState(routes_read=False)).reasons
    ('routes have not been read yet',)
    """
    reasons = (*_routes(state), *_capture(state), *_queue(state, saturated))
    return Readiness(ready=not reasons, reasons=reasons, warnings=_warnings(state, drain_lag))


def _routes(state: ServerState) -> tuple[str, ...]:
    if not state.routes_read:
        return ("routes have not been read yet",)
    return tuple(f"model '{model}' cannot answer: {why}" for model, why in sorted(state.unanswerable.items()))


def _capture(state: ServerState) -> tuple[str, ...]:
    reasons = []
    if state.spool_blocks and state.capture_failure is not None:
        reasons.append(f"predictions cannot be recorded: {state.capture_failure}")
    if state.spool_blocks and _is_over(state):
        reasons.append(f"the capture log is full: {_said(state)}; it empties as it is drained")
    return tuple(reasons)


def _queue(state: ServerState, saturated: timedelta) -> tuple[str, ...]:
    if state.queue_full_for <= saturated:
        return ()
    return (f"the queue has been full for {say_duration(state.queue_full_for)}",)


def _warnings(state: ServerState, limit: timedelta) -> tuple[str, ...]:
    warnings = list(state.left_out)
    if not state.spool_blocks and state.capture_failure is not None:
        warnings.append(f"predictions are answered and not recorded: {state.capture_failure}")
    if state.drain_lag is not None and state.drain_lag > limit:
        warnings.append(
            f"the oldest prediction that is not in the lake is {say_duration(state.drain_lag)} old: does the drain run?"
        )
    if not state.spool_blocks and _is_over(state):
        warnings.append(f"the capture log is over its limit, and predictions go unrecorded: {_said(state)}")
    return tuple(warnings)


def _is_over(state: ServerState) -> bool:
    return state.spool_limit is not None and state.spool_bytes >= state.spool_limit


def _said(state: ServerState) -> str:
    return f"{state.spool_bytes:,} bytes of {state.spool_limit or 0:,}"
