"""A peer behind a pipe: one JSON object a line in, one out. Runs in the peer's own environment, so standard library only.

Questions:
    {"do": "versions"}                                   → {"python": …, "packages": {name: version}}
    {"do": "files", "reference": path, "current": path}  → {"wall_s", "cpu_s", "rss_mb", "peak_mb", "alarms"}
    {"do": "fit", "path": path}                          → {"cpu_s"}
    {"do": "judge", "path": path}                        → {"cpu_s", "alarms": {method: [column, …]}}
"""

import json
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

Alarms = Mapping[str, list[str]]


class Peer(Protocol):
    """What a peer's script says of itself.

    Attributes:
        packages: distributions whose versions are printed.
    """

    packages: tuple[str, ...]

    def fit(self, path: str) -> None:
        """Learn the reference from a Parquet file."""
        ...

    def judge(self, path: str) -> Alarms:
        """Method → the columns of a Parquet file that it says have drifted from the reference."""
        ...


def serve(make: Callable[[dict[str, str], list[str]], Peer]) -> None:
    """Answer until standard input ends; `make` is given the columns' kinds and the methods, as JSON in the arguments.

    Whatever the peer prints goes to standard error.
    """
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    peer = make(json.loads(sys.argv[1]), json.loads(sys.argv[2]))
    for line in sys.stdin:
        replies.write(json.dumps(_answer(peer, json.loads(line))) + "\n")
        replies.flush()


def _answer(peer: Peer, question: dict[str, str]) -> dict[str, Any]:
    do = question["do"]
    if do == "versions":
        return {"python": platform.python_version(), "packages": {one: version(one) for one in peer.packages}}
    if do == "fit":
        return _measured(lambda: peer.fit(question["path"]))
    if do == "judge":
        return _measured(lambda: peer.judge(question["path"]))
    if do == "files":
        return _measured(lambda: _files(peer, question["reference"], question["current"]))
    raise ValueError(f"no such question: {do}")


def _files(peer: Peer, reference: str, current: str) -> Alarms:
    peer.fit(reference)
    return peer.judge(current)


def _measured(work: Callable[[], Alarms | None]) -> dict[str, Any]:
    before, cpu, began = _peak_mb(), _cpu_s(), time.perf_counter()
    alarms = work()
    return {
        "wall_s": time.perf_counter() - began,
        "cpu_s": _cpu_s() - cpu,
        "rss_mb": before,
        "peak_mb": _peak_mb(),
        "alarms": alarms,
    }


def _cpu_s() -> float:
    """User and system time of the process and of the children that have ended, all threads."""
    parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in parts)


def _peak_mb() -> float:
    """The most memory that the process has held since it began; what a fork inherits from its parent is not in it."""
    try:
        with Path("/proc/self/status").open(encoding="utf-8") as status:
            peak = next(line for line in status if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
