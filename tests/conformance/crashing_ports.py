"""Ports whose calls are counted, and of which one may be the last."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import Engine

from keepfit.workflows.ports import Ports

#: These change what is kept in memory, which no database tells of.
CHANGES_MEMORY = frozenset(
    {
        "append_predictions",
        "append_labels",
        "discard",
        "put_all, taking",
        "register",
        "set_alias",
        "run",
        "notify",
    }
)


class CrashError(BaseException):
    """The process dies here: no `except Exception` may stop it."""


class Calls:
    """Counts the calls of all ports, and dies at the one that it is told."""

    def __init__(self, engine: Engine, die_at: int | None = None) -> None:
        self._engine, self._die_at = engine, die_at
        self._changed = 0
        #: By call: its name, and how much had been changed when it began.
        self.made: list[tuple[str, int]] = []

    def begin(self, name: str) -> None:
        """A call begins."""
        self.made.append((name, self._changed + self._rows_changed()))
        if len(self.made) == self._die_at:
            raise CrashError(name)
        self._changed += name in CHANGES_MEMORY

    def _rows_changed(self) -> int:
        connection = self._engine.raw_connection()
        try:
            changes: int = connection.driver_connection.total_changes  # type: ignore[union-attr]
            return changes
        finally:
            connection.close()

    @property
    def points(self) -> list[int]:
        """Calls to die at: of calls between which nothing was changed the first says it all."""
        before = [None, *(changed for _, changed in self.made)]
        return [number for number, (_, changed) in enumerate(self.made, 1) if changed != before[number - 1]]


class Watched:
    """A port whose calls are counted."""

    def __init__(self, port: Any, calls: Calls) -> None:
        self._port, self._calls = port, calls

    def __getattr__(self, name: str) -> Any:
        return watched(getattr(self._port, name), self._calls, name)


def watched(method: Callable[..., Any], calls: Calls, name: str) -> Callable[..., Any]:
    """A method whose calls are counted; of an iterator, given or returned, every step is one."""

    def call(*args: Any, **kwargs: Any) -> Any:
        calls.begin(name)
        given = [steps(one, "taking") if isinstance(one, Iterator) else one for one in args]
        result = method(*given, **kwargs)
        return steps(result, "next") if isinstance(result, Iterator) else result

    def steps(result: Iterator[Any], what: str) -> Iterator[Any]:
        for one in result:
            calls.begin(f"{name}, {what}")
            yield one

    return call


def watch(ports: Ports, calls: Calls) -> Ports:
    """The ports, every call counted."""
    found = {one.name: getattr(ports, one.name) for one in fields(ports)}
    functions = {name: watched(found.pop(name), calls, name) for name in ("notify", "tell")}
    return replace(ports, **functions, **{name: Watched(port, calls) for name, port in found.items()})
