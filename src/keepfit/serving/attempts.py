"""One version's attempt at some rows of a request, and which versions are to try which rows."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from keepfit.predictions.record import Role
from keepfit.release.routing import Route, canary_mask
from keepfit.serving.held import HeldModel, Ready
from keepfit.serving.refusals import PredictionFailedError
from keepfit.serving.request import InferenceRequest

_log = logging.getLogger(__name__)
_LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What one version made of some rows.

    Attributes:
        version: its number.
        role: the part it was to play.
        rows: indices into the request's rows.
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
    """What the caller is given.

    Attributes:
        predictions: one a row.
        versions: for each row the version that answered.
    """

    predictions: list[float]
    versions: list[int]


def attempt(ready: Ready, role: Role, request: InferenceRequest, rows: Sequence[int]) -> Attempt:
    """Let a version answer some rows; a failure is a value with its reason."""
    version = ready.loaded.version
    try:
        frame = ready.encoder.frame(take(request.columns, rows, request.n))
        predictions = _checked(ready.loaded.predict(frame), len(rows))
    except Exception as error:  # noqa: BLE001 - a user's model may raise anything
        _log.warning("version %d failed on request %s", version, request.request_id, exc_info=True)
        reason = f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
        return Attempt(version=version, role=role, rows=rows, predictions=None, error=reason)
    return Attempt(version=version, role=role, rows=rows, predictions=predictions)


def serve(held: HeldModel, request: InferenceRequest) -> list[Attempt]:
    """The attempts of canary and champion; where the canary fails, the champion answers its rows as well."""
    route = held.route
    if route.champion is None:
        return []
    canary_rows, champion_rows = _split(route, request.ids)
    attempts: list[Attempt] = []
    if canary_rows and route.canary is not None:
        attempts.append(attempt(held.versions[route.canary], Role.CANARY, request, canary_rows))
        if attempts[0].predictions is None:
            champion_rows = range(request.n)
    if champion_rows:
        attempts.append(attempt(held.versions[route.champion], Role.CHAMPION, request, champion_rows))
    return attempts


def answer(model: str, attempts: Sequence[Attempt], n: int) -> Answer:
    """Put the rows together again.

    Raises:
        PredictionFailedError: some row has no answer.
    """
    predictions = np.full(n, np.nan)
    versions = np.zeros(n, dtype=np.int64)
    for one in attempts:
        if one.predictions is not None:
            predictions[one.rows] = one.predictions
            versions[one.rows] = one.version
    if not versions.all():
        failed = attempts[-1]
        raise PredictionFailedError(
            f"version {failed.version} of '{model}' failed on this request: {failed.error}"
        )
    return Answer(predictions=predictions.tolist(), versions=versions.tolist())


def take(columns: Mapping[str, list[Any]], rows: Sequence[int], n: int) -> Mapping[str, list[Any]]:
    """The given rows of each column; the columns themselves when that is all `n` of them.

    >>> take({"miles": [1.0, 2.0, 3.0]}, [2, 0], 3)
    {'miles': [3.0, 1.0]}
    """
    if len(rows) == n:
        return columns
    return {name: [values[row] for row in rows] for name, values in columns.items()}


def _split(route: Route, ids: Sequence[str]) -> tuple[Sequence[int], Sequence[int]]:
    if route.canary is None or route.percent <= 0:
        return (), range(len(ids))
    mask = canary_mask(route, ids)
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
