"""When a worker that died is started again: a pure function of how it lived."""

from dataclasses import dataclass
from typing import Final

#: A worker that dies so often before it serves ends the server: it would die for ever.
MOST_FAILED_STARTS: Final = 5
#: A worker that served for longer than this died of something that may not come again.
_LONG_LIFE_S: Final = 60.0
_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Lives:
    """What is remembered of the earlier lives of a worker.

    Attributes:
        failed_starts: how often in a row it died before it served.
        short_lives: how often in a row it died soon, before or after.
    """

    failed_starts: int = 0
    short_lives: int = 0

    def after_death(self, served_s: float | None) -> "Lives":
        """With one life more.

        Args:
            served_s: seconds for which it served; None when it never did.

        >>> Lives(failed_starts=2, short_lives=2).after_death(3.0)
        Lives(failed_starts=0, short_lives=3)
        """
        if served_s is None:
            return Lives(self.failed_starts + 1, self.short_lives + 1)
        return Lives(0, self.short_lives + 1 if served_s < _LONG_LIFE_S else 0)

    @property
    def is_hopeless(self) -> bool:
        """Whether starting it again is of no use."""
        return self.failed_starts >= MOST_FAILED_STARTS

    @property
    def pause_s(self) -> float:
        """Seconds until it is started again: at once after the first death, then longer each time.

        >>> [Lives(short_lives=n).pause_s for n in (0, 1, 2, 3, 12)]
        [0.0, 0.0, 0.25, 0.5, 30.0]
        """
        if self.short_lives < 2:
            return 0.0
        return min(_FIRST_PAUSE_S * 2.0 ** (self.short_lives - 2), _LONGEST_PAUSE_S)
