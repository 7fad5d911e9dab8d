"""Being asked to stop: Ctrl-C, SIGTERM, or a terminal that was closed."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

#: How long what is being done may go on once a stop was asked for.
GRACE_S = 5.0
#: SIGHUP comes when a terminal is closed; there is none on Windows.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_HANGUP = getattr(signal, "SIGHUP", None)


class StopRequest:
    """Turns signals into a question that a loop can ask; use it as a context manager, in the main thread.

    SIGHUP that is ignored already, as under `nohup`, stays ignored.

    Args:
        grace_s: how long a block in `breaks_off` may go on.
        heard: called at the first request, in the signal's handler: it must not print through a buffer.
    """

    def __init__(self, grace_s: float = GRACE_S, *, heard: Callable[[], object] = lambda: None) -> None:
        self._grace_s, self._heard = grace_s, heard
        self._asked = threading.Event()
        self._breakable = False
        self._before: dict[int, Any] = {}
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
        for number in numbers:
            if number != _HANGUP or signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    @property
    def asked(self) -> bool:
        """Whether a stop was asked for."""
        return self._asked.is_set()

    def wait(self, seconds: float) -> None:
        """Sleep, but not past a request."""
        self._asked.wait(seconds)

    @contextmanager
    def breaks_off(self) -> Iterator[None]:
        """A block that is broken off `grace_s` after a request, or at the second one at once.

        Raises:
            KeyboardInterrupt: it was.
        """
        self._breakable = True
        try:
            if self.asked:
                raise KeyboardInterrupt
            yield
        finally:
            self._breakable = False

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        again = self.asked
        self._asked.set()
        if not again:
            self._heard()
        if not self._breakable:
            return
        if again:
            raise KeyboardInterrupt
        self._timer = threading.Timer(self._grace_s, os.kill, [os.getpid(), signal.SIGINT])
        self._timer.daemon = True
        self._timer.start()
