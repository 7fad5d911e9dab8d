"""Pairs of files that have something of everything that a report can tell, and what is asked of them."""

import datetime as dt

import numpy as np
import polars as pl

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


def days(seed, n, start, span, *, moved):
    """Rows over some days, of which each has weather of its own, and weekends are unlike working days."""
    rng = np.random.default_rng(seed)
    seconds = np.sort(rng.integers(0, int(span.total_seconds()), n))
    day = seconds // 86_400
    weather = np.random.default_rng(7 + seed).normal(0, 1, day.max() + 1)[day]
    weekend = (start.weekday() + day) % 7 >= 5
    rain = rng.normal(0, 1, n) + 0.8 * weather
    chance = 1 / (1 + np.exp(-rng.normal(-0.5, 1.2, n)))
    zones = np.where(
        rng.random(n) < 0.25 + 0.1 * np.tanh(weather), "Soho", rng.choice(["JFK", "Bronx", "Pier"], n)
    )
    codes = np.array([f"c{i}" for i in np.minimum(rng.zipf(1.5, n), 3000)])
    sensor = rng.normal(20, 3, n)
    wild = rng.random(n)
    return pl.DataFrame(
        {
            "at": pl.Series([start + dt.timedelta(seconds=int(s)) for s in seconds], dtype=pl.Datetime("us")),
            "id": pl.Series([f"r{i}" for i in range(n)]).set(pl.Series(rng.random(n) < 0.02 * moved), "r0"),
            "booked": pl.Series(
                [start - dt.timedelta(seconds=int(s)) for s in rng.integers(0, 10**6, n)]
            ).set(pl.Series(rng.random(n) < 0.05 + 0.1 * moved), None),
            "rain": rain,
            "load": rng.normal(0, 1, n) + np.where(weekend, 3.0, 0.0) + 0.1 * weather,
            "calm": rng.normal(0, 1, n) + 0.4 * moved,
            "pump": rng.exponential(2, n) if not moved else np.full(n, 2.5),
            "sensor": np.where(wild < 0.08 * moved, -999.0, np.where(wild > 1 - 0.05 * moved, 60.0, sensor)),
            "fare": rng.lognormal(2, 0.5, n) * (2.54 if moved else 1.0),
            "seats": rng.choice([1, 2, 3, 4], n, p=[0.6, 0.2, 0.1, 0.1]),
            "open": rng.random(n) < 0.3 + 0.1 * np.tanh(weather),
            "zone": pl.Series(zones).set(pl.Series(rng.random(n) < 0.03 * moved), "Quay"),
            "code": codes,
            "date": [f"d{one}" for one in day + start.toordinal()],
            "pressure": (0.1 if moved else 0.7) * rain + rng.normal(0, 1, n),
            "hit": (rng.random(n) < np.where(zones == "JFK", np.sqrt(chance), chance)).astype(np.int64),
            "chance": chance * (0.6 if moved else 1.0),
        }
    )


def hours(seed, n, start, span, *, moved):
    """Rows over some hours, busy at noon; three kinds of things, and what they were taken for."""
    rng = np.random.default_rng(seed)
    seconds = np.sort(rng.integers(0, int(span.total_seconds()), n))
    noon = np.cos((seconds / 3600 + start.hour - 12) / 24 * 2 * np.pi)
    kind = rng.choice(["bus", "car", "tram"], n, p=[0.2, 0.5, 0.3])
    taken = np.where(rng.random(n) < (0.6 if moved else 0.8), kind, rng.choice(["bus", "car", "tram"], n))
    return pl.DataFrame(
        {
            "at": pl.Series([start + dt.timedelta(seconds=int(s)) for s in seconds], dtype=pl.Datetime("us")),
            "heat": rng.normal(0, 1, n) + 2 * noon,
            "gate": np.where(rng.random(n) < 0.4 + 0.3 * noon, "north", "south"),
            "kind": kind,
            "taken": taken,
        }
    )


def plain(seed, n, *, moved):
    """Rows without a time: a number and a decision, with nulls."""
    rng = np.random.default_rng(seed)
    miles = rng.lognormal(1, 0.8, n) * (1.3 if moved else 1.0)
    hole = pl.Series(rng.random(n) < (0.2 if moved else 0.1))
    return pl.DataFrame(
        {
            "miles": miles,
            "degrees": pl.Series(rng.normal(15, 8, n)).set(hole, None),
            "tip": np.where(rng.random(n) < 0.4, 0.0, rng.exponential(3, n)),
            "zone": rng.choice(["Soho", "JFK", "Harlem"], n, p=[0.3, 0.5, 0.2] if moved else [0.5, 0.3, 0.2]),
            "minutes": pl.Series(miles * 4 + rng.normal(0, 3, n)).set(pl.Series(rng.random(n) < 0.1), None),
            "predicted": miles * (3.2 if moved else 4.0) + rng.normal(0, 1, n),
            "late": (rng.random(n) < 0.3).astype(np.int64),
            "said": (rng.random(n) < 0.4).astype(np.int64),
        }
    )


MONDAY = dt.datetime(2024, 3, 4)  # noqa: DTZ001 - files hold naive times, in UTC
CASES = {
    "days": (
        days(1, 6000, MONDAY, 42 * DAY, moved=False),
        days(2, 700, MONDAY + 49 * DAY, DAY, moved=True),
        {"time": "at", "id": "id", "target": "hit", "prediction": "chance", "fresh": 2 * DAY},
    ),
    "hours": (
        hours(3, 15_000, MONDAY, 10 * DAY, moved=False),
        hours(4, 300, MONDAY + 14 * DAY + 12 * HOUR, HOUR, moved=True),
        {"time": "at", "target": "kind", "prediction": "taken"},
    ),
    "healthy days": (
        days(5, 6000, MONDAY, 42 * DAY, moved=False),
        days(6, 300, MONDAY + 47 * DAY, DAY, moved=False),
        {"time": "at", "id": "id"},
    ),
    "no time": (
        plain(7, 4000, moved=False),
        plain(8, 5000, moved=True),
        {"target": "minutes", "prediction": "predicted"},
    ),
    "decisions": (
        plain(9, 2000, moved=False),
        plain(10, 1500, moved=False),
        {"target": "late", "prediction": "said"},
    ),
    "too few": (
        plain(11, 2000, moved=False),
        plain(12, 60, moved=True),
        {"target": "minutes", "prediction": "predicted"},
    ),
}
