"""How long labels take after their events, as a histogram that adds up, and what share of them is due by an age."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_MINUTE: Final = 60.0
_YEAR: Final = 365 * 86_400.0
#: Edges an octave: a cell is 9 % wide.
_PER_OCTAVE: Final = 8
#: The ends of the cells in seconds, from one minute to a year; the last cell, beyond a year, has none.
EDGES: Final = _MINUTE * 2.0 ** (
    np.arange(math.ceil(math.log2(_YEAR / _MINUTE) * _PER_OCTAVE) + 1) / _PER_OCTAVE
)
CELLS: Final = EDGES.size + 1
_ENDS: Final = np.append(EDGES, np.inf)
#: Parts of a window in which its events are taken to lie evenly.
_PARTS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelDelays:
    """How long labels took: label time less event time, counted in fixed cells.

    `+` is commutative and associative (sums up to rounding), with `empty()` as its identity. The cells are the same
    everywhere: below a minute, then 9 % wide each up to a year, then everything beyond.

    Attributes:
        counts: labels in each cell, shape (CELLS,).
        seconds: the sum of their delays, likewise; a label that came before its event took none.

    >>> LabelDelays.of(np.array([86_400.0, 86_400.0, 30.0])).n
    3
    """

    counts: Counts
    seconds: Floats

    @classmethod
    def empty(cls) -> "LabelDelays":
        """Of no labels."""
        return cls(counts=np.zeros(CELLS, np.int64), seconds=np.zeros(CELLS))

    @classmethod
    def of(cls, seconds: Floats) -> "LabelDelays":
        """Of delays in seconds, shape (n,), finite."""
        taken = np.maximum(seconds, 0.0)
        cell = np.searchsorted(EDGES, taken, side="right")
        return cls(
            counts=np.bincount(cell, minlength=CELLS).astype(np.int64),
            seconds=np.bincount(cell, weights=taken, minlength=CELLS).astype(np.float64),
        )

    def __add__(self, other: "LabelDelays") -> "LabelDelays":
        return LabelDelays(counts=self.counts + other.counts, seconds=self.seconds + other.seconds)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LabelDelays) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def _state(self) -> tuple[bytes, bytes]:
        return self.counts.tobytes(), self.seconds.tobytes()

    @property
    def n(self) -> int:
        """How many labels."""
        return int(self.counts.sum())

    def quantile(self, share: float) -> timedelta | None:
        """The delay of this share of the labels that came: the mean of its cell, so within 9 %; None without labels."""
        if not self.n:
            return None
        cell = int(np.searchsorted(np.cumsum(self.counts), share * self.n, side="left"))
        return _mean_delay(self.counts, self.seconds, cell)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DelayCurve:
    """What share of predictions has its label by an age, learned from windows of several ages.

    The life-table form of Kaplan and Meier's estimate (1958, JASA 53, 457-481): a young window says nothing yet of long
    delays, so it takes part in the cells of the delays that all of its rows have reached, and in no later ones.
    `F(d) = 1 - Π over cells up to d (1 - came / at risk)`. It assumes that labels take as long now as they did before.
    `+` is commutative and associative (sums up to rounding), with `empty()` as its identity.

    Attributes:
        at_risk: predictions old enough to say, without a label before this cell; shape (CELLS,).
        came: those of them whose label came in this cell.
        seconds: the sum of the delays of those.

    >>> day = timedelta(days=1)
    >>> old = DelayCurve.of(10, LabelDelays.of(np.full(8, 86_400.0)), age=9 * day)
    >>> new = DelayCurve.of(10, LabelDelays.empty(), age=day / 2)
    >>> curve = old + new
    >>> round(curve.expected_maturity(2 * day), 2), round(curve.expected_maturity(day / 2), 2)
    (0.8, 0.0)
    >>> curve.quantile(0.5)
    datetime.timedelta(days=1)
    """

    at_risk: Counts
    came: Counts
    seconds: Floats

    @classmethod
    def empty(cls) -> "DelayCurve":
        """Learned from nothing."""
        none = np.zeros(CELLS, np.int64)
        return cls(at_risk=none, came=none, seconds=np.zeros(CELLS))

    @classmethod
    def of(cls, predicted: int, delays: LabelDelays, age: timedelta) -> "DelayCurve":
        """What one window says: its predictions, the delays of the labels that came, and the age of its youngest row."""
        told = age.total_seconds() >= _ENDS
        before = np.cumsum(delays.counts) - delays.counts
        return cls(
            at_risk=np.where(told, np.maximum(predicted - before, delays.counts), 0),
            came=np.where(told, delays.counts, 0),
            seconds=np.where(told, delays.seconds, 0.0),
        )

    @classmethod
    def learned(cls, windows: Iterable[tuple[int, LabelDelays, timedelta]]) -> "DelayCurve":
        """What windows say together; of each, what `of` takes."""
        return sum((cls.of(*one) for one in windows), cls.empty())

    def __add__(self, other: "DelayCurve") -> "DelayCurve":
        return DelayCurve(
            at_risk=self.at_risk + other.at_risk,
            came=self.came + other.came,
            seconds=self.seconds + other.seconds,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DelayCurve) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def _state(self) -> tuple[bytes, bytes, bytes]:
        return self.at_risk.tobytes(), self.came.tobytes(), self.seconds.tobytes()

    @property
    def known(self) -> bool:
        """Whether any window was old enough to say anything."""
        return bool(self.at_risk[0])

    @property
    def shares(self) -> Floats:
        """F at the end of each cell, shape (CELLS,); where nothing is at risk any more it stays as it was."""
        left: Floats = np.cumprod(1 - self.came / np.maximum(self.at_risk, 1), dtype=np.float64)
        return 1 - left

    @property
    def most(self) -> float:
        """The share that was reached in all the time that was seen; NaN when nothing is known."""
        return float(self.shares[-1]) if self.known else math.nan

    def expected_maturity(self, age: timedelta) -> float:
        """The share of predictions whose label should have come by this age; linear within a cell.

        NaN when nothing is known; beyond the oldest window the share that it reached, which may be too low.
        """
        return float(self._by(np.array([age.total_seconds()]))[0]) if self.known else math.nan

    def expected_between(self, youngest: timedelta, oldest: timedelta) -> float:
        """The same for events spread evenly over ages: the maturity that a window should have."""
        if not self.known:
            return math.nan
        low, high = (max(0.0, age.total_seconds()) for age in (youngest, oldest))
        ages = low + (high - low) * (np.arange(_PARTS) + 0.5) / _PARTS
        return float(self._by(ages).mean())

    def quantile(self, share: float) -> timedelta | None:
        """The age by which this share of predictions has its label, within 9 %; None when it was not reached yet."""
        shares = self.shares
        # A share that is reached exactly must not be missed by the last bit.
        cell = int(np.searchsorted(shares, share - 1e-12, side="left"))
        return None if cell == CELLS else _mean_delay(self.came, self.seconds, cell)

    def _by(self, seconds: Floats) -> Floats:
        found: Floats = np.interp(seconds, np.append(0.0, EDGES), np.append(0.0, self.shares[:-1]))
        return found


def _mean_delay(counts: Counts, seconds: Floats, cell: int) -> timedelta:
    return timedelta(seconds=float(seconds[cell]) / int(counts[cell]))
