"""What a load measured: latencies, statuses, throughput."""

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

#: The quantiles that are told.
QUANTILES: Mapping[str, float] = {"p50_ms": 0.50, "p90_ms": 0.90, "p99_ms": 0.99, "max_ms": 1.0}


@dataclass(slots=True, kw_only=True)
class Figures:
    """Of one run.

    Attributes:
        latencies_s: of each answered request, from its first byte sent to its last byte received.
        statuses: how many replies had each status.
        lost: requests whose connection ended before the reply, or that were still under way long after the time was over.
        wrong: replies whose value was not the expected one.
        seconds: how long it took.
        own_cpu_s: what the load generator itself took.
    """

    latencies_s: "array[float]" = field(default_factory=lambda: array("d"))
    statuses: Counter[int] = field(default_factory=Counter)
    lost: int = 0
    wrong: int = 0
    seconds: float = 0.0
    own_cpu_s: float = 0.0

    @property
    def answered(self) -> int:
        """Replies of any status."""
        return len(self.latencies_s)

    @property
    def errors(self) -> int:
        """Replies other than 2xx, wrong values and lost requests."""
        bad = sum(count for status, count in self.statuses.items() if not 200 <= status < 300)
        return bad + self.lost + self.wrong

    def quantiles(self) -> dict[str, float]:
        """The latencies' quantiles in milliseconds, interpolated; NaN when nothing was answered."""
        if not self.latencies_s:
            return dict.fromkeys(QUANTILES, float("nan"))
        found = np.quantile(np.asarray(self.latencies_s), list(QUANTILES.values())) * 1e3
        return dict(zip(QUANTILES, found.tolist(), strict=True))

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "answered": self.answered,
            "errors": self.errors,
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "lost": self.lost,
            "wrong": self.wrong,
            "per_s": self.answered / self.seconds if self.seconds else 0.0,
            "client_us": self.own_cpu_s / self.answered * 1e6 if self.answered else 0.0,
            **self.quantiles(),
        }
