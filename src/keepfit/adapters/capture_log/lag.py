"""How far the drain is behind, as a server can see it without asking the drain."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from keepfit.adapters.capture_log.segments import logs_in, segments_of


def drain_lag(directory: Path, now: datetime) -> timedelta | None:
    """How long ago the oldest closed segment was written last; None when every closed segment was drained.

    A segment is closed after a minute at the latest, and deleted once it was drained: one that stays is waiting.

    Args:
        directory: where the logs are; it need not be there.
        now: the present moment.
    """
    closed = [directory / name for log in logs_in(directory) for name in segments_of(directory, log)[:-1]]
    written: list[float] = []
    for path in closed:
        with suppress(FileNotFoundError):  # drained since it was listed
            written.append(path.stat().st_mtime)
    return now - datetime.fromtimestamp(min(written), UTC) if written else None
