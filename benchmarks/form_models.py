"""Models of the kinds that people serve, fitted on simulated rows of eight numbers and two categories."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from lightgbm import LGBMRegressor
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC, SVR
from xgboost import XGBRegressor

from keepfit.registry.frame import FrameMaker
from keepfit.registry.signature import Feature, Kind, Signature

Floats = NDArray[np.float64]

_NUMBERS: Final = tuple(Feature(f"x{place}", Kind.NUMBER) for place in range(8))
_CATEGORIES: Final = (
    Feature("zone", Kind.CATEGORY, text=True, categories=tuple(f"z{place:02}" for place in range(20))),
    Feature("band", Kind.CATEGORY, categories=(1, 2, 4, 8)),
)
_FITTED: Final = 1_000
_ASKED: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A fitted model and rows to ask it for.

    Attributes:
        name: what it is.
        model: fitted on a frame.
        signature: what it takes and gives.
        rows: encoded, (256, features), none of which it was fitted on.
    """

    name: str
    model: Any
    signature: Signature
    rows: Floats


def names() -> Sequence[str]:
    """What there is."""
    return tuple(_MAKERS)


def subject(name: str) -> Subject:
    """One of them, fitted now; the same each time."""
    make, mixed, chance = _MAKERS[name]
    features = (*_NUMBERS, *_CATEGORIES) if mixed else _NUMBERS
    signature = Signature(features=features, id="id", time="at", context=(), output="y", probability=chance)
    table, target = _simulated()
    rows = table[:, : len(features)]
    known = (target > target.mean()).astype(int) if chance else target
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few rows and few rounds: how good it is does not matter here
        model = make().fit(FrameMaker(signature)(rows[:_FITTED]), known[:_FITTED])
    return Subject(name=name, model=model, signature=signature, rows=rows[_FITTED:])


def _simulated() -> tuple[Floats, Floats]:
    rng = np.random.default_rng(20_260_103)
    n = _FITTED + _ASKED
    numbers = rng.normal(size=(n, len(_NUMBERS)))
    codes = [rng.integers(0, len(one.categories), n) for one in _CATEGORIES]
    noise = 0.1 * rng.normal(size=n)
    target = 10 + 3 * numbers[:, 0] * numbers[:, 1] + numbers[:, 2] + codes[0] / 5 + codes[1] + noise
    return np.column_stack([numbers, *codes]), target


def _dealt() -> ColumnTransformer:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return ColumnTransformer(
        [
            ("numbers", numbers, [one.name for one in _NUMBERS]),
            ("categories", OneHotEncoder(handle_unknown="ignore"), [one.name for one in _CATEGORIES]),
        ]
    )


def _ordinal() -> ColumnTransformer:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return ColumnTransformer(
        [("categories", encoder, [one.name for one in _CATEGORIES])], remainder="passthrough"
    )


def _two() -> list[tuple[str, Any]]:
    return [("linear", Ridge()), ("trees", GradientBoostingRegressor(random_state=0))]


#: How each is made, whether it takes categories, whether it gives a probability.
_MAKERS: Final[dict[str, tuple[Callable[[], Any], bool, bool]]] = {
    "columns → one-hot → ridge": (lambda: make_pipeline(_dealt(), Ridge()), True, False),
    "columns → one-hot → logistic": (lambda: make_pipeline(_dealt(), LogisticRegression()), True, True),
    "columns → one-hot → gradient boosting": (
        lambda: make_pipeline(_dealt(), GradientBoostingRegressor(random_state=0)),
        True,
        False,
    ),
    "columns → ordinal → random forest": (
        lambda: make_pipeline(_ordinal(), RandomForestRegressor(100, max_depth=8, random_state=0)),
        True,
        False,
    ),
    "scaler → ridge": (lambda: make_pipeline(StandardScaler(), Ridge()), False, False),
    "polynomials → ridge": (
        lambda: make_pipeline(PolynomialFeatures(), StandardScaler(), Ridge()),
        False,
        False,
    ),
    "naive Bayes": (GaussianNB, False, True),
    "neural network, 64 + 32": (
        lambda: make_pipeline(
            StandardScaler(), MLPRegressor(hidden_layer_sizes=(64, 32), max_iter=30, random_state=0)
        ),
        False,
        False,
    ),
    "support vectors, regression": (lambda: make_pipeline(StandardScaler(), SVR()), False, False),
    "support vectors, probability": (
        lambda: CalibratedClassifierCV(make_pipeline(StandardScaler(), SVC(random_state=0)), ensemble=False),
        False,
        True,
    ),
    "calibrated logistic": (lambda: CalibratedClassifierCV(LogisticRegression(), cv=3), False, True),
    "nearest neighbours": (KNeighborsRegressor, False, False),
    "Gaussian process": (lambda: GaussianProcessRegressor(random_state=0), False, False),
    "voting": (lambda: VotingRegressor(_two()), False, False),
    "stacking": (lambda: StackingRegressor(_two()), False, False),
    "random forest, 100 trees": (
        lambda: RandomForestRegressor(100, max_depth=8, random_state=0),
        False,
        False,
    ),
    "gradient boosting, 100 trees": (lambda: GradientBoostingClassifier(random_state=0), False, True),
    "histogram boosting, 100 trees": (lambda: HistGradientBoostingRegressor(random_state=0), False, False),
    "LightGBM, 100 trees": (lambda: LGBMRegressor(n_jobs=1, verbose=-1), False, False),
    "XGBoost, 100 trees": (lambda: XGBRegressor(n_jobs=1), False, False),
}
