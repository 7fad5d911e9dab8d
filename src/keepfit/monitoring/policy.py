"""How a model is watched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from keepfit.clock import parse_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """How a model is watched.

    Args:
        window: how long one window of evidence is: `"1d"`.
        slices: columns whose values split the performance evidence.
        min_rows: a verdict on fewer rows than this is "insufficient data".
        quality: a share of nulls, or of a value never seen before, that rises by at least this much is a fault of the
            data; smaller rises are changes that are told.
        drift: the least share of a column's rows that must have moved to count as a change, whatever its significance.
        false_alarms: the share of healthy windows in which some check of inputs or predictions may alarm.
        persistence: windows in a row in which a change of the inputs must be seen before it alarms.
        blind_after: without traffic, or without labels, for this long, the health is unknown.

    Raises:
        ValueError: a duration is none, a share is none, or `slices` is one name instead of a list.
    """

    window: str | timedelta = "1d"
    slices: Sequence[str] = ()
    min_rows: int = 100
    quality: float = 0.05
    drift: float = 0.03
    false_alarms: float = 0.02
    persistence: int = 1
    blind_after: str | timedelta = "3d"

    def __post_init__(self) -> None:
        object.__setattr__(self, "window", parse_duration(self.window))
        object.__setattr__(self, "blind_after", parse_duration(self.blind_after))
        if not self.every:
            raise ValueError(f"a window of {self.window} holds nothing: write window='1d'")
        for name in ("quality", "drift", "false_alarms"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} is a share of rows or windows: write {name}=0.05")
        if self.persistence < 1:
            raise ValueError("persistence counts windows: 1 alarms at once, 2 when seen twice in a row")
        if isinstance(self.slices, str):
            # A string is a sequence of letters: each of them would count as a column.
            raise ValueError(f"slices is a list of columns: write slices=['{self.slices}']")  # noqa: TRY004 - as above
        object.__setattr__(self, "slices", tuple(self.slices))

    @property
    def every(self) -> timedelta:
        """The window's length."""
        return parse_duration(self.window)

    @property
    def blind_span(self) -> timedelta:
        """How long without traffic or labels until the health counts as unknown."""
        return parse_duration(self.blind_after)
