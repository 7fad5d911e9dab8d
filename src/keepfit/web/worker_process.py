"""A worker as its supervisor sees it: a process, a pipe of orders to it and a pipe of reports from it."""

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Self

from keepfit.web.messages import Order, Report, line, read_report

_MOST_AT_ONCE = 1 << 16


@dataclass(slots=True, eq=False)
class WorkerProcess:
    """One life of a worker.

    Attributes:
        slot: which worker it is.
        process: its process.
        orders, reports: our ends of the pipes.
        serving_since: since when it answers, by `time.monotonic`; None before.
        last_words: why it cannot go on, as it said itself; empty when it did not.
    """

    slot: int
    process: "subprocess.Popen[bytes]"
    orders: int
    reports: int
    serving_since: float | None = None
    last_words: str = ""
    hint: str = ""
    _rest: bytes = field(default=b"")

    @classmethod
    def start(cls, slot: int) -> Self:
        """Start a process, which waits for its first order.

        It is given a process group of its own: Ctrl-C at the terminal reaches the supervisor alone.
        """
        orders_read, orders = os.pipe()
        reports, reports_write = os.pipe()
        try:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "keepfit.web.worker", str(orders_read), str(reports_write)],
                pass_fds=(orders_read, reports_write),
                stdin=subprocess.DEVNULL,
                process_group=0,
            )
        finally:
            os.close(orders_read)
            os.close(reports_write)
        os.set_blocking(reports, False)
        return cls(slot, process, orders, reports)

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    @property
    def ending(self) -> str:
        """How the process ended, in words."""
        code = self.process.poll()
        if self.last_words:
            return self.last_words
        if code is None:
            return "it runs"
        return f"it was ended by {signal.Signals(-code).name}" if code < 0 else f"it ended with code {code}"

    def tell(self, order: Order) -> None:
        """Send an order; one that has died hears nothing, and is noticed elsewhere."""
        with contextlib.suppress(OSError):
            os.write(self.orders, line(order))

    def hear(self) -> list[Report] | None:
        """What it has reported since; None when it will report nothing more."""
        try:
            data = os.read(self.reports, _MOST_AT_ONCE)
        except BlockingIOError:
            return []
        if not data:
            return None
        *whole, self._rest = (self._rest + data).split(b"\n")
        return [read_report(one) for one in whole]

    def dismiss(self) -> None:
        """No more orders: it finishes what it is doing, and ends."""
        if self.orders >= 0:
            os.close(self.orders)
            self.orders = -1

    def kill(self) -> None:
        """End it now."""
        self.process.kill()

    def close(self) -> None:
        """Let go of the pipes; of a process that has ended."""
        self.dismiss()
        os.close(self.reports)
