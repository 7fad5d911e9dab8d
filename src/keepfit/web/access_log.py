"""The access log: one JSON line a request, written by a thread of its own so that no request waits for a disk."""

import logging
import os
import stat
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

_log = logging.getLogger(__name__)

Mode = Literal["off", "errors", "all"]

#: How long a line may wait for its writing.
EVERY_S: Final = 0.25
#: Lines that may wait when the sink is slow; further ones are counted instead.
MOST_WAITING: Final = 100_000
#: Whole lines up to this length reach a pipe unbroken, though other workers write to it too (POSIX: at least 512, Linux 4,096).
_PIPE_BYTES: Final = 4096


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    time: str
    method: str
    path: str
    status: int
    ms: float
    model: str = ""
    version: int = 0
    rows: int = 0
    request_id: str = ""
    trace_id: str = ""
    span_id: str = ""
    remote: str = ""
    worker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """Where lines go: a file, opened anew when it was moved away (logrotate), or a descriptor such as 2 for stderr."""

    path: Path | None = None
    descriptor: int = 2


class AccessLog:
    """Takes what is to be logged on the event loop, and writes it soon.

    Args:
        mode: `errors` leaves out replies below 400; `off` is for `AccessLog` not to be made at all, and logs nothing.
        sink: where to.
        worker: named in every line; empty for none.

    Attributes:
        dropped: lines that the sink could not take.

    The time of a line is when its reply was ready, UTC. Fields that say nothing (no model, no rows) are left out.
    """

    def __init__(self, mode: Mode, sink: Sink | None = None, *, worker: str = "") -> None:
        self.least_status = {"all": 0, "errors": 400, "off": 1_000}[mode]
        self.dropped = 0
        self._sink, self._worker = sink or Sink(), worker
        self._waiting: deque[tuple[float, str, str, int, int, str, int, int, str, str, str, str]] = deque()
        self._stopped = threading.Event()
        self._file, self._identity = -1, (0, 0)
        self._failing = False
        self._lock = threading.Lock()
        self._encoder = msgspec.json.Encoder()
        self._thread = threading.Thread(target=self._keep_writing, name="keepfit-access-log", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def request(
        self,
        method: str,
        path: str,
        status: int,
        duration_ns: int,
        model: str = "",
        version: int = 0,
        rows: int = 0,
        request_id: str = "",
        trace_id: str = "",
        span_id: str = "",
        remote: str = "",
    ) -> None:
        """Log a request; returns at once."""
        if status < self.least_status:
            return
        waiting = self._waiting
        if len(waiting) >= MOST_WAITING:
            self.dropped += 1
            return
        waiting.append(
            (
                time.time(),
                method,
                path,
                status,
                duration_ns,
                model,
                version,
                rows,
                request_id,
                trace_id,
                span_id,
                remote,
            )
        )

    def flush(self) -> None:
        """Write what waits; the thread does so every quarter of a second."""
        with self._lock:
            lines = self._lines()
            if not lines:
                return
            try:
                self._write(lines)
                self._failing = False
            except OSError as error:
                self.dropped += lines.count(b"\n")
                if not self._failing:
                    _log.warning("the access log cannot be written: %s", error)
                self._failing = True

    def close(self) -> None:
        """Write what waits, and end; closing twice is no harm."""
        if not self._stopped.is_set():
            self._stopped.set()
            if self._thread.is_alive():
                self._thread.join()
            self.flush()
            self._let_go()

    def _keep_writing(self) -> None:
        while not self._stopped.wait(EVERY_S):
            self.flush()

    def _lines(self) -> bytes:
        take, worker = self._waiting.popleft, self._worker
        second, said = -1, ""
        lines: list[_Line] = []
        for _ in range(len(self._waiting)):
            at, method, path, status, duration_ns, model, version, rows, request_id, trace, span, remote = (
                take()
            )
            if (now := int(at)) != second:
                second, said = now, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
            lines.append(
                _Line(
                    f"{said}.{int((at - now) * 1000):03d}Z",
                    method,
                    path,
                    status,
                    duration_ns // 1000 / 1000,
                    model,
                    version,
                    rows,
                    request_id,
                    trace,
                    span,
                    remote,
                    worker,
                )
            )
        try:
            return self._encoder.encode_lines(lines)
        except UnicodeEncodeError:
            return self._encoder.encode_lines([_writable(one) for one in lines])

    def _write(self, lines: bytes) -> None:
        file = self._open()
        step = _PIPE_BYTES if stat.S_ISFIFO(os.fstat(file).st_mode) else len(lines)
        for piece in pieces(lines, step):
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(file, rest) :]

    def _open(self) -> int:
        if self._sink.path is None:
            return self._sink.descriptor
        if self._file >= 0 and self._identity != _identity(self._sink.path):
            self._let_go()
        if self._file < 0:
            self._file = os.open(self._sink.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
            self._identity = _identity(self._sink.path)
        return self._file

    def _let_go(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


def pieces(lines: bytes, most: int) -> Iterator[bytes]:
    r"""Whole lines together, at most `most` bytes a piece; a line that is longer is a piece by itself.

    >>> list(pieces(b"a\nbb\nccc\n", 5))
    [b'a\nbb\n', b'ccc\n']
    """
    start = 0
    while start < len(lines):
        end = lines.rfind(b"\n", start, start + most) + 1
        if end <= start:
            end = lines.index(b"\n", start) + 1
        yield lines[start:end]
        start = end


def _writable(line: _Line) -> _Line:
    """What a caller named with half a character (a lone surrogate) is written with a question mark instead."""
    texts = {name: value for name, value in msgspec.structs.asdict(line).items() if isinstance(value, str)}
    return msgspec.structs.replace(
        line, **{name: text.encode("utf-8", "replace").decode() for name, text in texts.items()}
    )


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_dev, found.st_ino) if sys.platform != "win32" else (0, 1)
