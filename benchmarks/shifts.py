"""The changes that a monitor should see, made to simulated rows: none of them larger than it has to be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from data import SIZES, Rng, Rows, rows, table


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A kind of window.

    Attributes:
        name: as the tables say it.
        columns: those that change; none in a healthy window.
        make: changes rows in place.
        pair: the columns change together only: a finding must name both.
    """

    name: str
    columns: tuple[str, ...]
    make: Callable[[Rng, Rows], None]
    pair: bool = False

    def found(self, alarms: list[str]) -> float:
        """The share of what changed that is among the alarms: columns, or pairs as `a ~ b`."""
        if self.pair:
            return float(any(all(name in one.split(" ~ ") for name in self.columns) for one in alarms))
        return sum(name in alarms for name in self.columns) / len(self.columns)


def window(seed: list[int], n: int, shift: Shift) -> pa.Table:
    """`n` rows of that kind, one category of them with 10,000 values; the same seed, the same rows."""
    rng = np.random.default_rng(seed)
    made = rows(rng, n, wide=True)
    shift.make(rng, made)
    return table(rng, made)


def _nothing(rng: Rng, made: Rows) -> None:
    pass


def _tenth_of_a_deviation(rng: Rng, made: Rows) -> None:  # noqa: ARG001 - one signature for all
    for name, deviation in (("normal_6", 1.0), ("normal_7", 1.0), ("uniform_1", 10 / np.sqrt(12))):
        made.numbers[name] = made.numbers[name].astype(np.float64) + 0.1 * deviation


def _five_points(rng: Rng, made: Rows) -> None:
    """Five rows in a hundred go from the most frequent of five values to the next."""
    codes = made.codes["category_5"]
    weights = 1 / (1 + np.arange(SIZES["category_5"]) / 2)
    first = weights[0] / weights.sum()
    codes[(codes == 0) & (rng.random(codes.size) < 0.05 / first)] = 1


def _more_nulls(rng: Rng, made: Rows) -> None:  # noqa: ARG001 - one signature for all
    made.nulls["lognormal_0"] = 0.08


def _unseen(rng: Rng, made: Rows) -> None:
    codes = made.codes["category_20"]
    codes[rng.random(codes.size) < 0.005] = -1


def _looser_pair(rng: Rng, made: Rows) -> None:
    """The correlation of normal_0 and normal_1 goes from .5 to .4; each alone is as before."""
    first = made.numbers["normal_0"].astype(np.float64)
    noise = rng.standard_normal(first.size)
    made.numbers["normal_1"] = 0.4 * first + np.sqrt(1 - 0.4**2) * noise


def _larger_integers(rng: Rng, made: Rows) -> None:  # noqa: ARG001 - one signature for all
    made.numbers["count_1"] = made.numbers["count_1"].astype(np.float64) * 1.1


HEALTHY: Final = Shift(name="healthy", columns=(), make=_nothing)
SHIFTS: Final = (
    Shift(name="+0.1 sd", columns=("normal_6", "normal_7", "uniform_1"), make=_tenth_of_a_deviation),
    Shift(name="5 points of a category", columns=("category_5",), make=_five_points),
    Shift(name="nulls 5 → 8 %", columns=("lognormal_0",), make=_more_nulls),
    Shift(name="unseen 0.5 %", columns=("category_20",), make=_unseen),
    Shift(name="correlation .5 → .4", columns=("normal_0", "normal_1"), make=_looser_pair, pair=True),
    Shift(name="whole numbers by 1.1", columns=("count_1",), make=_larger_integers),
)


def moved(seed: list[int], n: int) -> pa.Table:
    """Rows of which every column has changed: what costs a monitor most."""
    rng = np.random.default_rng(seed)
    made = rows(rng, n)
    for name, values in made.numbers.items():
        made.numbers[name] = values * 1.3 + rng.standard_normal(n)
        made.nulls[name] = 0.2
    for name, codes in made.codes.items():
        made.codes[name] = np.where(rng.random(n) < 0.1, -1, codes[::-1] // 2)
        made.nulls[name] = 0.2
    return table(rng, made)
