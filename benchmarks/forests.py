"""The models that every server serves, trained once on simulated rows of thirty numbers: HistGradientBoosting, LightGBM.

A model's file is made by joblib and lies in `.bench/data/`; all contenders load the same bytes, with the same version of
scikit-learn. The second version of a model predicts 1,000 more than the first, so that an answer tells who gave it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import joblib  # type: ignore[import-untyped]
import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from data import HOME

FEATURES: Final = tuple(f"x{number:02}" for number in range(30))
TARGET: Final = "y"
ID: Final = "row_id"
TIME: Final = "at"
#: A second version's answers differ from the first's by this.
STEP: Final = 1_000.0
TREES: Final = 200
KINDS: Final = ("hgb", "lightgbm")

_ROWS: Final = 20_000
_POOL: Final = 256
_SEED: Final = 20_260_102
_SPAN: Final = timedelta(days=60)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """A trained model and the rows that servers are asked.

    Attributes:
        kind: `hgb` or `lightgbm`.
        file: its joblib file.
        pool: distinct rows, (256, 30).
        expected: what it predicts for each of them.
    """

    kind: str
    file: Path
    pool: Floats
    expected: Floats


def forest(kind: str, number: int = 1) -> Forest:
    """A version of a model, trained when its file is not there yet."""
    features, _ = _simulated(_POOL, seed=_SEED + 1)
    stamp = (
        f"{version('scikit-learn')}-{version('lightgbm')}" if kind == "lightgbm" else version("scikit-learn")
    )
    file = HOME / "data" / f"{kind}-{number}-{stamp}.joblib"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        joblib.dump(_trained(kind, number), part)
        part.rename(file)
    model: Any = joblib.load(file)
    return Forest(
        kind=kind, file=file, pool=features, expected=np.asarray(model.predict(features), dtype=float)
    )


def rows(until: datetime) -> pl.DataFrame:
    """The training rows, laid over the sixty days before a moment, with their ids."""
    features, target = _simulated(_ROWS, seed=_SEED)
    frame = pl.DataFrame(dict(zip(FEATURES, features.T, strict=True)))
    return frame.with_columns(
        (pl.lit(until - _SPAN) + pl.int_range(_ROWS) * (_SPAN / _ROWS)).alias(TIME),
        (pl.lit("row-") + pl.int_range(_ROWS).cast(pl.String)).alias(ID),
        pl.Series(TARGET, target),
    )


def midnight() -> datetime:
    """The day's beginning, UTC."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _trained(kind: str, number: int) -> object:
    """Fitted without names: peers then need no pandas frame, which would cost them more."""
    features, target = _simulated(_ROWS, seed=_SEED)
    shifted = target + STEP * (number - 1)
    if kind == "hgb":
        from sklearn.ensemble import HistGradientBoostingRegressor

        with threadpool_limits(1):
            return HistGradientBoostingRegressor(max_iter=TREES, random_state=0).fit(features, shifted)
    if kind == "lightgbm":
        from lightgbm import LGBMRegressor

        return LGBMRegressor(n_estimators=TREES, random_state=0, n_jobs=1, verbose=-1).fit(features, shifted)
    raise ValueError(f"no such model: {kind}")


def _simulated(count: int, *, seed: int) -> tuple[Floats, Floats]:
    """Normal features with four digits, and a target with interactions, so that trees are grown to their limits."""
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=(count, len(FEATURES))), 4)
    signal = 3 * x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + x[:, 3:].clip(-1, 1) @ np.linspace(0.1, 1, 27)
    return x, signal + rng.normal(size=count)
