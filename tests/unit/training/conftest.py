"""Bike rides whose number can be learned, and a recipe for them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from keepfit.evaluation.task import Regression
from keepfit.training.pipeline import Recipe

START = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def drawn(days=20, per_day=30, *, slope=2.0, first=0, seed=5):
    """Rows in which `rides` is `slope` times the degrees, more in the city, and a little noise."""
    rng = np.random.default_rng(seed)
    n = days * per_day
    degrees = rng.uniform(0, 30, n).round(2)
    zone = rng.choice(["city", "suburb"], n)
    noise = rng.normal(0, 1, n)
    return pl.DataFrame(
        {
            "ride_id": [f"{first}-{i}" for i in range(n)],
            "at": [START + (first + i / per_day) * DAY for i in range(n)],
            "degrees": degrees,
            "zone": zone,
            "borough": rng.choice(["north", "south"], n),
            "rides": 10 + slope * degrees + 8.0 * (zone == "city") + noise,
        }
    ).with_columns(pl.col("at").dt.cast_time_unit("us"))


def matrix(X):  # noqa: N803 - scikit-learn's name
    """Degrees and the zone's code."""
    return np.column_stack([X["degrees"], X["zone"].cat.codes])


@dataclass
class OnCodes:
    """A real scikit-learn regressor on encoded rows."""

    model: Any

    def fit(self, X, y):  # noqa: N803
        """Fit it."""
        self.model.fit(matrix(X), y)
        return self

    def predict(self, X):  # noqa: N803
        """One number a row."""
        return self.model.predict(matrix(X))


@pytest.fixture(scope="session")
def rides():
    """Draws rows; see `drawn`."""
    return drawn


@pytest.fixture
def recipe():
    """Learns rides by linear regression; `rows` gives twenty days of January."""
    frame = drawn()
    return Recipe(
        model="bikes",
        task=Regression(target="rides"),
        id="ride_id",
        time="at",
        features=("degrees", "zone"),
        categorical=("zone",),
        context=("borough",),
        slices=("zone", "borough"),
        window=DAY,
        rows=lambda start, end: frame.filter(pl.col("at").is_between(start, end, closed="left")),
        fit=lambda train: OnCodes(LinearRegression()).fit(train.X, train.y),
    )


@pytest.fixture
def changed(recipe):
    """The recipe with some fields changed."""

    def make(**changes):
        return replace(recipe, **changes)

    return make


@pytest.fixture
def tree(changed):
    """The recipe with a tree that follows every row it learned from."""
    return changed(fit=lambda train: OnCodes(DecisionTreeRegressor(random_state=0)).fit(train.X, train.y))
