"""What a server and everything that it started cost: processor time and memory, read from /proc (Linux)."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_PAGE_MB: Final = os.sysconf("SC_PAGE_SIZE") / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Of a tree of processes.

    Attributes:
        cpu_s: user and system time of all threads of those that live, and of their children that have ended.
        rss_mb: resident memory, shared pages counted once a process.
        processes: how many live.
    """

    cpu_s: float
    rss_mb: float
    processes: int


@dataclass(frozen=True, slots=True)
class _Stat:
    pid: int
    parent: int
    session: int
    state: str
    ticks: int
    began: int
    pages: int


@dataclass(frozen=True, slots=True)
class Member:
    """A process, told apart from a later one that is given the same id.

    Attributes:
        pid: its id.
        began: when it was started, in ticks since the machine was.
    """

    pid: int
    began: int

    def send(self, number: int) -> None:
        """A signal, if it still is the same process."""
        try:
            if _stat((_PROC / str(self.pid) / "stat").read_text(errors="replace")).began == self.began:
                os.kill(self.pid, number)
        except (OSError, ProcessLookupError):
            return


def usage(root: int) -> Usage:
    """Of a process, its descendants, and what else is in its session."""
    tree = list(_tree(root))
    return Usage(
        cpu_s=sum(one.ticks for one in tree) * _TICK_S,
        rss_mb=sum(one.pages for one in tree) * _PAGE_MB,
        processes=len(tree),
    )


def members(root: int) -> list[Member]:
    """The process, its descendants, and what else is in its session, as far as they still run."""
    return [Member(one.pid, one.began) for one in _tree(root) if one.state != "Z"]


def _tree(root: int) -> Iterator[_Stat]:
    """Those whose parent died belong to init by then, but stay in the session that the server was started in."""
    every = {one.pid: one for one in _every()}
    for one in every.values():
        if one.session == root or root in _ancestry(one, every):
            yield one


def _ancestry(one: _Stat, every: dict[int, _Stat]) -> Iterator[int]:
    while True:
        yield one.pid
        above = every.get(one.parent)
        if above is None:
            return
        one = above


def _every() -> Iterator[_Stat]:
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            try:
                yield _stat((folder / "stat").read_text(encoding="utf-8", errors="replace"))
            except OSError:
                continue


def _stat(text: str) -> _Stat:
    """The fields of /proc/<pid>/stat that are needed; a name in parentheses may hold anything (proc(5)).

    >>> _stat("7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 5 6 7 8 20 0 1 0 9 8000 3")
    _Stat(pid=7, parent=1, session=7, state='S', ticks=26, began=9, pages=3)
    """
    pid, _, rest = text.partition(" (")
    fields = rest.rpartition(")")[2].split()
    return _Stat(
        pid=int(pid),
        state=fields[0],
        parent=int(fields[1]),
        session=int(fields[3]),
        ticks=sum(int(one) for one in fields[11:15]),
        began=int(fields[19]),
        pages=int(fields[21]),
    )
