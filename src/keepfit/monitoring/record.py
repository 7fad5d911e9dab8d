"""The record of one check of one window."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from keepfit.clock import Window
from keepfit.monitoring.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRecord:
    """What was found in one window, by the champion of that check.

    A later check of the same window (a late label) replaces it.
    """

    model: str
    version: int
    window: Window
    at: datetime
    findings: tuple[Finding, ...]


class CheckStore(Protocol):
    """Keeps the findings of every window, and how far checks have seen the lake."""

    def save(self, record: CheckRecord) -> None:
        """Insert, or replace the record of the same model, version and window."""
        ...

    def records(
        self, model: str, *, version: int | None = None, limit: int | None = None
    ) -> Sequence[CheckRecord]:
        """Records by window, oldest first; only the newest `limit` windows when given."""
        ...

    def seen_batch(self, model: str) -> int:
        """The newest batch of the lake that was checked; 0 when none."""
        ...

    def set_seen_batch(self, model: str, batch: int) -> None:
        """Checks have seen the lake up to this batch."""
        ...
