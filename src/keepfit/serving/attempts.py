"""One version's attempt at some rows, and which versions are to try which rows."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from keepfit.predictions.role import Role
from keepfit.release.routing import Route, canary_mask
from keepfit.serving.held import HeldModel, Ready
from keepfit.serving.rows import Rows
from keepfit.serving.split_keys import split_keys

_log = logging.getLogger(__name__)
_LONGEST_ERROR = 300
#: What stands for a version where a constant answered, and where nobody did.
CONSTANT: Final = 0
NOBODY: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What one version made of some rows.

    Attributes:
        version: its number; `CONSTANT` for a number that was agreed on for when versions fail.
        role: the part it was to play.
        rows: places among the rows that were asked for.
        predictions: one a row; None when the version failed.
        error: why it failed; None when it did not.
    """

    version: int
    role: Role
    rows: Sequence[int]
    predictions: npt.NDArray[np.float64] | None
    error: str | None = None

    @property
    def part(self) -> Role:
        """The role to record: who failed answered nobody, so that a repeat of the request counts as new."""
        return self.role if self.predictions is not None else Role.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What callers are given.

    Attributes:
        predictions: float64, one a row; NaN where no version has an answer.
        versions: for each row the version that answered; `NOBODY` where none did.
    """

    predictions: npt.NDArray[np.float64]
    versions: list[int]


def attempt(ready: Ready, role: Role, rows: Rows, places: Sequence[int]) -> Attempt:
    """Let a version answer some of the rows; a failure is a value with its reason."""
    version = ready.loaded.version
    try:
        matrix = ready.encoder.matrix(rows.take(places))
        with ready.turn:
            raw = ready.loaded.predict(matrix)
        predictions = _checked(raw, len(places))
    except Exception as error:  # noqa: BLE001 - a user's model may raise anything
        _log.warning("version %d failed on request %s", version, rows.ids[places[0]], exc_info=True)
        reason = f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
        return Attempt(version=version, role=role, rows=places, predictions=None, error=reason)
    return Attempt(version=version, role=role, rows=places, predictions=predictions)


def serve(held: HeldModel, rows: Rows) -> list[Attempt]:
    """The attempts of canary and champion, and of who answers for them where they fail.

    Where the canary fails the champion answers its rows as well; where the champion fails, the fallback answers all.
    """
    route = held.route
    if route.champion is None:
        return []
    canary_rows, champion_rows = _split(route, rows)
    attempts: list[Attempt] = []
    if canary_rows and route.canary is not None:
        attempts.append(attempt(held.versions[route.canary], Role.CANARY, rows, canary_rows))
        if attempts[0].predictions is None:
            champion_rows = range(rows.n)
    if champion_rows:
        attempts.append(attempt(held.versions[route.champion], Role.CHAMPION, rows, champion_rows))
        if attempts[-1].predictions is None and held.fallback is not None:
            attempts.append(_fall_back(held.fallback, rows, champion_rows))
    return attempts


def answer(attempts: Sequence[Attempt], n: int) -> Answer:
    """Put the rows together again."""
    if len(attempts) == 1 and attempts[0].predictions is not None and len(attempts[0].rows) == n:
        return Answer(predictions=attempts[0].predictions, versions=[attempts[0].version] * n)
    predictions = np.full(n, np.nan)
    versions = np.full(n, NOBODY)
    for one in attempts:
        if one.predictions is not None:
            predictions[one.rows] = one.predictions
            versions[one.rows] = one.version
    return Answer(predictions=predictions, versions=versions.tolist())


def _fall_back(fallback: Ready | float, rows: Rows, places: Sequence[int]) -> Attempt:
    if isinstance(fallback, Ready):
        return attempt(fallback, Role.FALLBACK, rows, places)
    constant = np.full(len(places), fallback)
    return Attempt(version=CONSTANT, role=Role.FALLBACK, rows=places, predictions=constant)


def _split(route: Route, rows: Rows) -> tuple[Sequence[int], Sequence[int]]:
    if route.canary is None or route.percent <= 0:
        return (), range(rows.n)
    mask = canary_mask(route, rows.ids if route.split_by is None else split_keys(rows, route.split_by))
    return [row for row, canary in enumerate(mask) if canary], [
        row for row, canary in enumerate(mask) if not canary
    ]


def _checked(raw: Any, n: int) -> npt.NDArray[np.float64]:
    predictions = np.asarray(raw, dtype=np.float64)
    if predictions.shape != (n,):
        raise ValueError(f"the model gave predictions of shape {predictions.shape} for {n} rows")
    if not np.isfinite(predictions).all():
        row = int(np.flatnonzero(~np.isfinite(predictions))[0])
        raise ValueError(f"the model gave {predictions[row]} for row {row}")
    return predictions
