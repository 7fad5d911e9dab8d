"""Counting verdicts: how often a healthy window alarmed, how much of what changed was found."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shifts import HEALTHY, Shift

#: The column that has 10,000 values.
WIDE = "category_12"


@dataclass(slots=True, kw_only=True)
class Tally:
    """What one method made of windows of one size.

    Attributes:
        method: whose verdicts.
        n: rows of a window.
        healthy: windows in which nothing had changed.
        alarmed: those in which something alarmed …
        alarmed_narrow: … other than the category of 10,000 values.
        blamed: which check of what alarmed in healthy windows.
        windows: change → windows that had it.
        found: change → the sum of the shares of it that were found.
        cpu_s: spent on fitting, profiling and judging.
    """

    method: str
    n: int
    healthy: int = 0
    alarmed: int = 0
    alarmed_narrow: int = 0
    blamed: Counter[str] = field(default_factory=Counter)
    windows: Counter[str] = field(default_factory=Counter)
    found: dict[str, float] = field(default_factory=dict)
    cpu_s: float = 0.0

    def add(self, kind: Shift, alarms: Mapping[str, str]) -> None:
        """Count a window, by what alarmed in it → by which check."""
        if kind is HEALTHY or not kind.columns:
            self.healthy += 1
            self.alarmed += bool(alarms)
            self.alarmed_narrow += any(one != WIDE for one in alarms)
            self.blamed.update(f"{check}: {name}" for name, check in alarms.items())
        else:
            self.windows[kind.name] += 1
            self.found[kind.name] = self.found.get(kind.name, 0.0) + kind.found(list(alarms))

    @property
    def false_alarms(self) -> float:
        """The share of the healthy windows that alarmed."""
        return self.alarmed / self.healthy if self.healthy else math.nan

    def recall(self, name: str) -> float:
        """The mean share of a change that was found."""
        return self.found.get(name, 0.0) / self.windows[name] if self.windows[name] else math.nan

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "method": self.method,
            "rows": self.n,
            "healthy_windows": self.healthy,
            "false_alarms": self.false_alarms,
            "false_alarms_95": wilson(self.alarmed, self.healthy),
            "alarmed_but_for_the_wide_column": self.alarmed_narrow / self.healthy if self.healthy else None,
            "blamed": dict(self.blamed.most_common()),
            "recall": {name: self.recall(name) for name in self.windows},
            "shifted_windows": dict(self.windows),
            "cpu_s": self.cpu_s,
        }


def merged(parts: Iterable[Tally]) -> list[Tally]:
    """One tally a method and size, in the order in which they first come."""
    sums: dict[tuple[str, int], Tally] = {}
    for part in parts:
        total = sums.setdefault((part.method, part.n), Tally(method=part.method, n=part.n))
        total.healthy += part.healthy
        total.alarmed += part.alarmed
        total.alarmed_narrow += part.alarmed_narrow
        total.blamed += part.blamed
        total.windows += part.windows
        total.cpu_s += part.cpu_s
        for name, share in part.found.items():
            total.found[name] = total.found.get(name, 0.0) + share
    return list(sums.values())


def wilson(hits: int, n: int) -> tuple[float, float]:
    """A 95 % interval of a share (Wilson 1927, JASA 22)."""
    if not n:
        return (0.0, 1.0)
    z, share = 1.959964, hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return (max(0.0, middle - reach), min(1.0, middle + reach))


def share(value: float) -> str:
    """A share in a table.

    >>> share(0.05), share(1.0), share(0.0)
    ('.05', '1', '0')
    """
    if math.isnan(value):
        return "-"
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return text.removeprefix("0") or "0"
