"""Make the compact taxi data of the demo and of the acceptance tests from the published samples.

    python scripts/prepare_trips.py nyc_yellow_taxi_2018_2020.parquet

The input holds 10,000 trips a month as the NYC Taxi & Limousine Commission publishes them (column names of its
trip records, plus `file_month`). Trips that cannot be (a pickup outside the file's month, a duration outside 1 to
120 minutes, a distance outside 0.1 to 50 miles, a fare outside 2.5 to 200 dollars) are left out.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

ROOT = Path(__file__).parent.parent
PARTS = {
    ROOT / "src/keepfit/demo/taxi/trips.parquet": (
        datetime(2020, 1, 1, tzinfo=UTC),
        datetime(2020, 9, 1, tzinfo=UTC),
    ),
    ROOT / "tests/data/trips_2018.parquet": (
        datetime(2018, 1, 1, tzinfo=UTC),
        datetime(2019, 1, 1, tzinfo=UTC),
    ),
    ROOT / "tests/data/trips_2019.parquet": (
        datetime(2019, 1, 1, tzinfo=UTC),
        datetime(2019, 4, 1, tzinfo=UTC),
    ),
}


def clean(path: Path) -> pl.DataFrame:
    """Possible trips with the columns of the model, oldest first; the ids are the positions in the input."""
    minutes = (pl.col("dropoff_datetime") - pl.col("pickup_datetime")).dt.total_seconds() / 60
    return (
        pl.read_parquet(path)
        .with_row_index("trip_id")
        .with_columns(minutes=minutes)
        .filter(
            pl.col("pickup_datetime").dt.strftime("%Y-%m") == pl.col("file_month"),
            pl.col("minutes").is_between(1, 120),
            pl.col("trip_distance").is_between(0.1, 50),
            pl.col("fare_amount").is_between(2.5, 200),
        )
        .select(
            pl.col("trip_id").cast(pl.Int32),
            pickup_at=pl.col("pickup_datetime").dt.replace_time_zone("UTC").dt.cast_time_unit("ms"),
            pickup_zone=pl.col("pickup_location_id").cast(pl.Int16),
            dropoff_zone=pl.col("dropoff_location_id").cast(pl.Int16),
            miles=pl.col("trip_distance").cast(pl.Float64),
            passengers=pl.col("passenger_count").cast(pl.Int8),
            minutes=pl.col("minutes"),
        )
        .sort("pickup_at", "trip_id")
    )


def main(path: Path) -> None:
    """Write every part."""
    trips = clean(path)
    for target, (start, end) in PARTS.items():
        part = trips.filter(pl.col("pickup_at").is_between(start, end, closed="left"))
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_parquet(target, compression="zstd", compression_level=19, statistics=False)
        print(f"{target.relative_to(ROOT)}: {part.height:,} trips, {target.stat().st_size / 1024:,.0f} KiB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
