"""Which models were used lately: told from counts, so that using one costs an addition."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Use:
    """How often something was used; whoever uses it adds one, in whatever thread.

    An addition that is lost between two threads is no harm: that the count moved is all that is looked at.
    """

    count: int = 0


@dataclass(slots=True)
class Recency:
    """The order in which things were last used, as far as looking at their counts now and then can tell.

    >>> recency = Recency()
    >>> recency.look({"eta": 1, "fare": 1})
    >>> recency.look({"eta": 2, "fare": 1})
    >>> recency.least(["eta", "fare"], keep=1)
    ['fare']
    """

    _looks: int = 0
    _counts: dict[str, int] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)

    def look(self, counts: Mapping[str, int]) -> None:
        """Take note of the counts; whose moved since the last look was used since."""
        self._looks += 1
        for name, count in counts.items():
            if self._counts.get(name, 0) != count:
                self._last[name] = self._looks
        self._counts = dict(counts)
        self._last = {name: last for name, last in self._last.items() if name in counts}

    def least(self, names: Iterable[str], *, keep: int) -> list[str]:
        """All but the `keep` names that were used last; of those used at one time the last by name go first."""
        ordered = sorted(names, key=lambda name: (-self._last.get(name, 0), name))
        return ordered[keep:]
