"""What the tests of runtimes share: signatures, rows, and folders as MLflow lays them out."""

from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from threadpoolctl import threadpool_limits

from keepfit.registry.frame import FrameMaker
from keepfit.registry.signature import Feature, Kind, Signature

N = 300
ZONES = ("bronx", "kings", "queens")


def _signature(*features, probability=False):
    return Signature(
        features=features, id="id", time="at", context=(), output="minutes", probability=probability
    )


def _table(features):
    signature, chance = _signature(*features), _signature(*features, probability=True)
    rng = np.random.default_rng(5)
    matrix = rng.normal(size=(N, len(features)))
    for place, feature in enumerate(features):
        if feature.kind is Kind.CATEGORY:
            matrix[:, place] = rng.integers(0, len(feature.categories), N)
    y = 3 * matrix[:, 0] + matrix[:, 1] ** 2 + matrix[:, -1] + 0.1 * rng.normal(size=N)
    return SimpleNamespace(
        signature=signature,
        chance=chance,
        matrix=matrix,
        X=FrameMaker(signature)(matrix),
        y=y,
        positive=(y > y.mean()).astype(int),
        probe=matrix[:64],
    )


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """As in serving; many threads for small models only stand in each other's way."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def numbers():
    """Rows of four numbers."""
    return _table([Feature(f"n{place}", Kind.NUMBER) for place in range(4)])


@pytest.fixture(scope="session")
def mixed():
    """Rows of numbers and categories, a category in between and one at the end."""
    return _table(
        [
            Feature("miles", Kind.NUMBER),
            Feature("speed", Kind.NUMBER),
            Feature("zone", Kind.CATEGORY, text=True, categories=ZONES),
            Feature("hour", Kind.NUMBER, integral=True),
            Feature("band", Kind.CATEGORY, categories=(1, 2, 4, 8)),
        ]
    )


@pytest.fixture
def described(tmp_path):
    """Writes an `MLmodel` file; gives the folder."""

    def write(flavor, **values):
        (tmp_path / "MLmodel").write_text(yaml.safe_dump({"flavors": {flavor: values}}))
        return tmp_path

    return write
