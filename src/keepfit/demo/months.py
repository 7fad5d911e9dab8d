"""The month-by-month comparison: the frozen first model, what keepfit kept, and a plain monthly retrain."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from keepfit.app.trainer import recipe_of
from keepfit.app.workspace import Workspace
from keepfit.clock import Window
from keepfit.definition import Model
from keepfit.predictions.record import SERVED
from keepfit.training.pipeline import learn, snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """Mean absolute errors over the predictions of one month.

    Attributes:
        month: `2020-04`.
        n: how many.
        frozen_mae: of the first released version, never retrained.
        managed_mae: of the answers that the server gave.
        monthly_retrain_mae: of a model that the same trainer made of the whole month before.
    """

    month: str
    n: int
    frozen_mae: float
    managed_mae: float
    monthly_retrain_mae: float


def months(workspace: Workspace, model: Model, *, start: datetime, end: datetime) -> Iterator[Month]:
    """Compare month by month; the managed errors are read from the lake, as recorded."""
    recipe = recipe_of(model)
    frozen = workspace.predictor(model.name, 1)
    before = snapshot(recipe, _month_before(start), start)
    for window in _months(start, end):
        rows = snapshot(recipe, window.start, window.end)
        truth = rows[model.task.target].cast(pl.Float64).to_numpy()
        monthly = learn(recipe, before)
        managed = _managed(workspace, model, window)
        yield Month(
            month=f"{window.start:%Y-%m}",
            n=managed.len(),
            frozen_mae=float(np.abs(frozen(rows) - truth).mean()),
            managed_mae=float(managed.to_numpy().mean()) if managed.len() else float("nan"),
            monthly_retrain_mae=float(np.abs(monthly(rows) - truth).mean()),
        )
        before = rows


def overall(found: list[Month], first: str, last: str) -> dict[str, float]:
    """The errors of several months together, weighted by their predictions, and what they are to each other."""
    chosen = [one for one in found if first <= one.month <= last]
    n = sum(one.n for one in chosen)
    frozen, managed, monthly = (
        sum(getattr(one, name) * one.n for one in chosen) / n
        for name in ("frozen_mae", "managed_mae", "monthly_retrain_mae")
    )
    return {
        "frozen_mae": frozen,
        "managed_mae": managed,
        "monthly_retrain_mae": monthly,
        "managed_to_frozen": managed / frozen,
        "managed_to_monthly_retrain": managed / monthly,
    }


def _managed(workspace: Workspace, model: Model, window: Window) -> pl.Series:
    rows = workspace.ports.predictions.labelled(model.name, window)
    answered = rows.filter(pl.col("role").is_in(SERVED) & pl.col("label").is_not_null())
    return (answered["prediction"] - answered["label"]).abs()


def _months(start: datetime, end: datetime) -> Iterator[Window]:
    while start < end:
        after = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield Window(start, min(after, end))
        start = after


def _month_before(start: datetime) -> datetime:
    return (start.replace(day=1) - timedelta(days=1)).replace(day=1)
