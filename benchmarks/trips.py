"""Real windows: New York taxi trips of a stretch in which nothing decayed (`scripts/stable_stretches.py`), by day.

March to May 2018, 10,000 trips a month. Bootstrapped by blocks, the blocks being days, since trips of one day are alike.
A reference of four weeks and the days after it are put together from days of the stretch, in place of days of the same
weekday, in one of two ways:

- many days in one: a day of n rows is as many whole days, drawn with replacement, as give n rows;
- one day each: a day of n rows is n draws from one day's trips, no day used twice. What sets 320 trips of one day apart
  from those of another becomes the nature of that day, and is all there is to see when n is large: a zone with one trip has hundreds. Harder than life, so it is shown, not judged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import polars as pl

from data import Rng

TRIPS: Final = Path(__file__).resolve().parent.parent / "tests/data/trips_2018.parquet"
START: Final = datetime(2018, 3, 1, tzinfo=UTC)
END: Final = datetime(2018, 6, 1, tzinfo=UTC)
WEEKS: Final = 4
KINDS: Final = {
    "pickup_zone": "category",
    "dropoff_zone": "category",
    "miles": "number",
    "hour": "number",
    "weekday": "number",
    "passengers": "number",
    "minutes": "number",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A reference of four weeks and days after it.

    Attributes:
        reference: its rows, with `pickup_at`.
        windows: day → its rows.
    """

    reference: pl.DataFrame
    windows: dict[date, pl.DataFrame]


def stretch() -> dict[date, pl.DataFrame]:
    """Day → its trips, with the columns of `KINDS` and `pickup_at`."""
    trips = (
        pl.scan_parquet(TRIPS)
        .filter(pl.col("pickup_at").is_between(START, END, closed="left"))
        .with_columns(
            hour=pl.col("pickup_at").dt.hour(),
            weekday=pl.col("pickup_at").dt.weekday(),
            day=pl.col("pickup_at").dt.date(),
        )
        .select("day", "pickup_at", *KINDS)
        .collect()
    )
    parts = trips.partition_by("day", as_dict=True, include_key=False)
    return {key[0]: part for key, part in sorted(parts.items())}


def as_they_came(days: dict[date, pl.DataFrame]) -> Iterator[Stream]:
    """Every day that has four weeks before it, as it was."""
    dates = list(days)
    for place in range(7 * WEEKS, len(dates)):
        before = pl.concat([days[day] for day in dates[place - 7 * WEEKS : place]])
        yield Stream(reference=before, windows={dates[place]: days[dates[place]]})


def bootstrapped(days: dict[date, pl.DataFrame], rng: Rng, *, n: int, windows: int, whole: bool) -> Stream:
    """A reference of four weeks and the `windows` days after it (at most 7), with `n` rows a day.

    Args:
        days: of the stretch.
        rng: what the stream depends on.
        n: rows of every day.
        windows: days to judge.
        whole: many days in one; else one day each.
    """
    first = min(days) + timedelta(days=int(rng.integers(7)))
    every = [first + timedelta(days=place) for place in range(7 * WEEKS + windows)]
    pool = _shuffled(days, rng)
    drawn = {}
    for day in every:
        alike = pool[day.weekday()]
        trips = _whole([days[one] for one in alike], n, rng) if whole else _sampled(days[alike.pop()], n, rng)
        drawn[day] = _moved(trips, day)
    return Stream(
        reference=pl.concat([drawn[day] for day in every[: 7 * WEEKS]]),
        windows={day: drawn[day] for day in every[7 * WEEKS :]},
    )


def _shuffled(days: dict[date, pl.DataFrame], rng: Rng) -> dict[int, list[date]]:
    """Weekday → its dates in any order."""
    dates = list(days)
    mixed = [dates[place] for place in rng.permutation(len(dates))]
    return {weekday: [day for day in mixed if day.weekday() == weekday] for weekday in range(7)}


def _whole(alike: list[pl.DataFrame], n: int, rng: Rng) -> pl.DataFrame:
    """Whole days, drawn with replacement, until there are `n` rows; of the last one as many as are missing."""
    picked: list[pl.DataFrame] = []
    missing = n
    while missing > 0:
        trips = alike[int(rng.integers(len(alike)))]
        picked.append(trips if trips.height <= missing else trips[rng.permutation(trips.height)[:missing]])
        missing -= picked[-1].height
    return pl.concat(picked)


def _sampled(trips: pl.DataFrame, n: int, rng: Rng) -> pl.DataFrame:
    return trips[rng.integers(trips.height, size=n)]


def _moved(trips: pl.DataFrame, day: date) -> pl.DataFrame:
    """The trips as if they had been on `day`."""
    moved = pl.lit(day).dt.combine(pl.col("pickup_at").dt.time()).dt.replace_time_zone("UTC")
    return trips.with_columns(pickup_at=moved)
