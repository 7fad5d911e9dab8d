"""A world whose windows can be drawn: six features, daily blocks, and what may go wrong with them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from keepfit.clock import Window
from keepfit.evaluation.evidence import Performance
from keepfit.monitoring.evidence import WindowEvidence, window_evidence
from keepfit.monitoring.reference import Reference, build_reference
from keepfit.predictions.record import feature_column
from keepfit.registry.signature import Feature, Kind

START = datetime(2020, 1, 1, tzinfo=UTC)
FEATURES = (
    Feature("miles", Kind.NUMBER),
    Feature("fare", Kind.NUMBER),
    Feature("passengers", Kind.NUMBER, integral=True),
    Feature("weekday", Kind.NUMBER, integral=True),
    Feature("zone", Kind.CATEGORY, text=True),
    Feature("payment", Kind.CATEGORY, text=True),
)


@dataclass(frozen=True, slots=True)
class World:
    """Draws rows of a day; the same generator gives the same world."""

    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def day(self, number: int, n: int = 300) -> pl.DataFrame:
        """The rows of one healthy day."""
        rng = self.rng
        chances = np.arange(40, 0, -1.0) ** 2
        fare = rng.gamma(2.0, 8.0, n).round(2)
        return pl.DataFrame(
            {
                "at": [
                    START + timedelta(days=number, seconds=int(s))
                    for s in np.sort(rng.integers(0, 86_400, n))
                ],
                "miles": rng.lognormal(0.5, 0.9, n).round(1),
                "fare": pl.Series(np.where(rng.random(n) < 0.01, np.nan, fare)).fill_nan(None),
                "passengers": rng.choice(
                    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], n, p=[0.7, 0.15, 0.05, 0.02, 0.05, 0.03]
                ),
                "weekday": np.full(n, number % 7),
                "zone": rng.choice([f"z{i:02}" for i in range(40)], n, p=chances / chances.sum()),
                "payment": rng.choice(["card", "cash"], n, p=[0.7, 0.3]),
            }
        )

    def reference(self, days: int = 30, n: int = 300) -> Reference:
        """A month of healthy days."""
        frame = pl.concat([self.day(one, n) for one in range(days)])
        return build_reference(
            frame,
            features=FEATURES,
            time="at",
            every=timedelta(days=1),
            expected=Performance(),
            predictions=frame["miles"] * 3 + 4,
        )

    def evidence(self, reference: Reference, frame: pl.DataFrame) -> WindowEvidence:
        """The evidence of rows that version 1 was served."""
        rows = frame.select(
            pl.int_range(pl.len()).cast(pl.String).alias("prediction_id"),
            pl.lit(1, pl.Int64).alias("version"),
            pl.lit("champion").alias("role"),
            (pl.col("miles") * 3 + 4).alias("prediction"),
            pl.lit(None, pl.String).alias("error"),
            pl.lit(None, pl.Float64).alias("label"),
            *(pl.col(feature.name).alias(feature_column(feature.name)) for feature in FEATURES),
        )
        return window_evidence(
            rows,
            model="m",
            version=1,
            window=Window(START, START + timedelta(days=1)),
            reference=reference,
            features=FEATURES,
            slices=(),
            metric="mae",
            batch=1,
        )


@pytest.fixture
def world():
    """A world with a generator of its own for every test, so that none depends on which ran before it."""
    return World(np.random.default_rng(11))


@pytest.fixture(scope="session")
def reference():
    """9,000 rows in thirty daily blocks of a healthy month."""
    return World().reference()
