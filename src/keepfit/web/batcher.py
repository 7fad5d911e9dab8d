"""Batches without a timer: what has queued while the last batch ran is the next one.

Each model has a lane. A batch that is expected to take a moment only is run on the event loop itself, after all requests
that the loop has read in the same turn: no thread is woken, and what arrives meanwhile waits in the sockets for the
next turn. A longer one is run in a thread, and what arrives meanwhile waits in the lane. Either way a lone
request is answered at once, and the more come together, the larger the batches.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from time import perf_counter
from typing import Final

import msgspec

from keepfit.serving.batch import Asked, Outcome
from keepfit.serving.lanes import Lanes
from keepfit.serving.refusals import DeadlineError, OverloadedError
from keepfit.serving.result import InferenceResult

_log = logging.getLogger(__name__)

#: A batch that is expected to take longer is run in a thread, so that health and metadata are answered meanwhile.
INLINE_S: Final = 0.004
#: How much the newest batch counts in what is expected of the next.
_NEWEST: Final = 0.2

Answer = Callable[[Sequence[Asked]], list[Outcome]]
Waiting = asyncio.Future[InferenceResult]
#: Told what became of a request: the answer, or why there is none.
Settle = Callable[[InferenceResult | Exception], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is taken on.

    Attributes:
        batch_rows: of one batch; a longer request is a batch of its own.
        waiting_rows: of one model's lane; requests beyond them are refused.
        timeout_s: requests that waited longer are given up.
    """

    batch_rows: int = 4_096
    waiting_rows: int = 200_000
    timeout_s: float = 10.0


class Batcher:
    """The lanes of all models.

    Args:
        answer: answers requests together; `DataPlane.answer`.
        threads: where long batches run.
        limits: how much is taken on.
        lanes: told of each lane; its own when None.

    Attributes:
        lanes: what waits in all of them.
    """

    def __init__(
        self, answer: Answer, threads: Executor, limits: Limits = Limits(), lanes: Lanes | None = None
    ) -> None:
        self._answer, self._threads, self._limits = answer, threads, limits
        self.lanes = lanes if lanes is not None else Lanes()
        self._lanes: dict[str, Lane] = {}

    def submit(self, asked: Asked, *, timeout_s: float | None = None) -> Waiting:
        """Queue a request; the answer, or why there is none, comes with the future.

        Args:
            asked: the request.
            timeout_s: give it up when it has waited this long; at most, and by default, what the limits say.

        Raises:
            OverloadedError: too much is waiting.
        """
        future: Waiting = asyncio.get_running_loop().create_future()
        self.queue(asked, partial(_settle, future), timeout_s=timeout_s, gone=future.done)
        return future

    def queue(
        self,
        asked: Asked,
        settle: Settle,
        *,
        timeout_s: float | None = None,
        gone: Callable[[], bool] | None = None,
    ) -> None:
        """Queue a request without a future, which costs more than all else here.

        Args:
            asked: the request.
            settle: told the answer, in the turn of the event loop in which it is there.
            timeout_s: see `submit`.
            gone: whether nobody waits for it any more; None when somebody always does.

        Raises:
            OverloadedError: too much is waiting; `settle` will not be called.
        """
        name = asked.held.name
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = Lane(name, self._answer, self._threads, self._limits)
            self.lanes.add(lane)
        lane.queue(asked, settle, timeout_s, gone)


class _Ticket(msgspec.Struct, frozen=True, eq=False, gc=False):
    asked: Asked
    rows: int
    settle: Settle
    deadline: float
    gone: Callable[[], bool] | None


class Lane:
    """The requests of one model, answered in the order in which they came."""

    def __init__(self, model: str, answer: Answer, threads: Executor, limits: Limits) -> None:
        self.waiting_rows = 0
        self.is_full, self.full_since = False, 0.0
        self._model, self._answer, self._threads, self._limits = model, answer, threads, limits
        self._queue: deque[_Ticket] = deque()
        self._busy = False
        self._batch_s, self._batch_rows = INLINE_S, 0.0

    def queue(
        self, asked: Asked, settle: Settle, timeout_s: float | None, gone: Callable[[], bool] | None
    ) -> None:
        """See `Batcher.queue`."""
        rows, limits = asked.rows.n, self._limits
        if self._queue and self.waiting_rows + rows > limits.waiting_rows:
            if not self.is_full:
                self.is_full, self.full_since = True, perf_counter()
            raise OverloadedError(
                f"'{self._model}' has {self.waiting_rows:,} rows waiting to be answered",
                hint="try again later",
            )
        self.is_full = False
        patience = limits.timeout_s if timeout_s is None else min(timeout_s, limits.timeout_s)
        self._queue.append(_Ticket(asked, rows, settle, asked.began + patience, gone))
        self.waiting_rows += rows
        if not self._busy:
            self._busy = True
            loop = asyncio.get_running_loop()
            loop.call_soon(self._run, loop)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        """Answer what has queued; the lane is busy from here until nothing waits."""
        tickets = self._next_batch()
        if not tickets:
            self._go_on(loop)
            return
        rows = sum([ticket.rows for ticket in tickets])
        if self._expected_s(rows) <= INLINE_S:
            self._finish(loop, tickets, rows, self._answered(tickets))
            return
        running = loop.run_in_executor(self._threads, self._answered, tickets)
        running.add_done_callback(lambda done: self._finish(loop, tickets, rows, _result(done)))

    def _finish(
        self, loop: asyncio.AbstractEventLoop, tickets: Sequence[_Ticket], rows: int, answered: "_Answered"
    ) -> None:
        for ticket, outcome in zip(
            tickets,
            answered.outcomes or repeat(answered.error or RuntimeError("the server is stopping")),
            strict=False,
        ):
            _tell(ticket, outcome)
        self._learn(answered.seconds, rows)
        self._go_on(loop)

    def _go_on(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._queue:
            loop.call_soon(self._run, loop)
        else:
            self._busy = False

    def _next_batch(self) -> list[_Ticket]:
        """Take what fits in a batch, and give up what waited too long."""
        tickets: list[_Ticket] = []
        rows, now, queue = 0, perf_counter(), self._queue
        while queue:
            ticket = queue[0]
            n = ticket.rows
            if tickets and rows + n > self._limits.batch_rows:
                break
            queue.popleft()
            self.waiting_rows -= n
            if ticket.deadline < now:
                _tell(
                    ticket, DeadlineError(f"the request waited {now - ticket.asked.began:.1f} s for its turn")
                )
            elif ticket.gone is None or not ticket.gone():
                tickets.append(ticket)
                rows += n
        return tickets

    def _expected_s(self, rows: int) -> float:
        """What a batch of so many rows will take, going by those before; a first one may take any time."""
        return self._batch_s * max(1.0, rows / self._batch_rows) if self._batch_rows else 2 * INLINE_S

    def _learn(self, seconds: float, rows: int) -> None:
        if not self._batch_rows:
            self._batch_s, self._batch_rows = seconds, float(rows)
        self._batch_s += _NEWEST * (seconds - self._batch_s)
        self._batch_rows += _NEWEST * (rows - self._batch_rows)

    def _answered(self, tickets: Sequence[_Ticket]) -> "_Answered":
        began = perf_counter()
        try:
            outcomes = self._answer([ticket.asked for ticket in tickets])
        except Exception as error:  # noqa: BLE001 - every caller is told, and the lane goes on
            return _Answered((), perf_counter() - began, error)
        return _Answered(outcomes, perf_counter() - began)


@dataclass(frozen=True, slots=True)
class _Answered:
    """What became of a batch: an outcome for each of its requests, or one error for all."""

    outcomes: Sequence[Outcome]
    seconds: float
    error: Exception | None = None


def _result(done: "asyncio.Future[_Answered]") -> _Answered:
    return _Answered((), 0.0) if done.cancelled() else done.result()


def _tell(ticket: _Ticket, outcome: InferenceResult | Exception) -> None:
    """Whatever happens to one reply, the others of the batch are given theirs."""
    try:
        ticket.settle(outcome)
    except Exception:  # noqa: BLE001 - a connection may fail in any way
        _log.exception("request %s could not be answered", ticket.asked.request_id)


def _settle(future: Waiting, outcome: InferenceResult | Exception) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
