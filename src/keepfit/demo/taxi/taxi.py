"""How long will a New York taxi trip take? A model file: edit it, and keepfit follows.

The rows are real trips of January to August 2020, 10,000 a month, published by the NYC Taxi & Limousine
Commission. `miles` is the distance driven, which stands in for the planned route. Pickup times are local
times of New York, kept as if they were UTC.
"""

from pathlib import Path

import polars as pl
from sklearn.ensemble import HistGradientBoostingRegressor

import keepfit as kf

TRIPS = Path(__file__).with_name("trips.parquet")

taxi = kf.Model(
    "taxi-eta",
    task=kf.Regression(target="minutes", metric="mae"),
    # What names a trip, and when it began: a label finds its prediction by the first, a window its rows by the second.
    id="trip_id",
    time="pickup_at",
    features=["pickup_zone", "dropoff_zone", "miles", "hour", "weekday", "passengers"],
    categorical=["pickup_zone", "dropoff_zone"],
    # A trip's duration is known about a day later; training never looks nearer than that.
    label_delay="1d",
    monitor=kf.Monitor(window="1d", slices=["distance"]),
    retrain=kf.Retrain(
        # Retrain when a week's error is surely 10 % above what the model must hold, and every 30 days in any case,
        on=[kf.decay(tolerance=0.10), kf.drift(), kf.every("30d")],
        # on the last two, four or eight weeks, whichever does best on the newest three days, which also judge the
        # candidate; and at most once a week.
        train_on=kf.last("14d", "28d", "56d", test="3d"),
        cooldown="7d",
    ),
    release=kf.Release(
        # A candidate must be better than the champion, in no slice clearly worse, and fast;
        gates=[kf.beats_champion(), kf.no_slice_worse(by=0.15), kf.latency(p99_ms=50)],
        # then it answers beside the champion for a day, and a tenth of the traffic for another.
        rollout=[kf.shadow("1d"), kf.canary(10, "1d")],
    ),
    # Where incidents are sent, as Apprise URLs: "slack://…", "mailto://…"; "log://" is the log only.
    notify=["log://"],
)


@taxi.source
def trips(start, end):
    """Labelled trips whose pickup lies in [start, end)."""
    distance = (
        pl.when(pl.col("miles") < 2).then(pl.lit("short")).when(pl.col("miles") < 5).then(pl.lit("medium"))
    )
    return (
        pl.scan_parquet(TRIPS)
        .filter(pl.col("pickup_at").is_between(start, end, closed="left"))
        .with_columns(
            hour=pl.col("pickup_at").dt.hour(),
            weekday=pl.col("pickup_at").dt.weekday(),
            distance=distance.otherwise(pl.lit("long")),
        )
        .collect()
    )


@taxi.trainer
def fit(train):
    """`train.X` is a pandas frame of the features, `train.y` the minutes, `train.frame` all columns."""
    model = HistGradientBoostingRegressor(categorical_features="from_dtype", random_state=0)
    return model.fit(train.X, train.y)
