"""Whether a failed job is tried again, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """At most `attempts` starts; the pause doubles from `pause` on."""

    attempts: int = 1
    pause: timedelta = timedelta(minutes=5)

    def retry_at(self, attempts: int, now: datetime) -> datetime | None:
        """When to try again after `attempts` starts; None for never.

        >>> from datetime import UTC
        >>> RetryPolicy(attempts=2).retry_at(2, datetime(2020, 1, 1, tzinfo=UTC)) is None
        True
        """
        if attempts >= self.attempts:
            return None
        doublings: int = 2 ** (attempts - 1)
        return now + self.pause * doublings
