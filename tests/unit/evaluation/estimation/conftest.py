"""Parcels whose delivery time is missed by an amount that the features tell."""

import numpy as np
import polars as pl
import pytest

from keepfit.evaluation.estimation.dle import fit_dle
from keepfit.registry.signature import Feature, Kind

INPUTS = (
    Feature("miles", Kind.NUMBER),
    Feature("carrier", Kind.CATEGORY, text=True, categories=("bike", "van")),
    Feature("hour", Kind.NUMBER, integral=True),
)


def drawn(n, *, seed=1, far=0.5, worse=1.0):
    """Features, predictions and labels: the error grows with the miles, and vans are late; `far` is the share of long
    ways, `worse` multiplies every error without that any feature shows it.
    """
    rng = np.random.default_rng(seed)
    miles = np.where(rng.uniform(size=n) < far, rng.uniform(10, 20, n), rng.uniform(0, 10, n))
    van = rng.uniform(size=n) < 0.3
    error = rng.normal(0, 1, n) * (0.5 + 0.2 * miles) * np.where(van, 1.5, 1.0) * worse
    rows = pl.DataFrame(
        {
            "carrier": np.where(van, "van", "bike"),
            "hour": rng.integers(0, 24, n),
            "miles": np.where(rng.uniform(size=n) < 0.02, np.nan, miles),
        }
    )
    predictions = 10 + 3 * miles
    return rows, predictions, predictions + error


@pytest.fixture(scope="session")
def parcels():
    """Draws rows; see `drawn`."""
    return drawn


@pytest.fixture(scope="session")
def inputs():
    """What the model of the parcels takes."""
    return INPUTS


@pytest.fixture(scope="session")
def rmse_fitted():
    """What was learned from a thousand parcels, half of them going far, for a model judged by RMSE; and its models."""
    return fit_dle(*drawn(1000), inputs=INPUTS, metric="rmse")
