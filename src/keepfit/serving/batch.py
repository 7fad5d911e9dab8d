"""Several requests answered together: one call of the model, one frame in the capture log.

What a caller is given does not depend on who else was asking: rows of a version whose answers change with the
size of a batch are put to it request by request, and when a batch fails, each of its requests is tried alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from keepfit.predictions.role import Role
from keepfit.serving.attempts import NOBODY, Answer, Attempt, answer, attempt, serve
from keepfit.serving.held import HeldModel
from keepfit.serving.refusals import PredictionFailedError
from keepfit.serving.result import InferenceResult
from keepfit.serving.rows import Layout, Rows, joined

_MICROSECONDS: Final = 1e6


class Asked(msgspec.Struct, frozen=True, eq=False, gc=False, kw_only=True):
    """A request whose rows were checked.

    Attributes:
        held: the model as it was served when the request came: this is what will answer.
        output: the name of what is predicted.
        request_id: names the request.
        version: the version that was asked for by number; None for whom the route says.
        rows: what to predict.
        began: when it came, by `time.perf_counter`.
        read_s: seconds that its decoding and checking took.
    """

    held: HeldModel
    output: str
    request_id: str
    version: int | None
    rows: Rows
    began: float
    read_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Rows that were tried together.

    Attributes:
        asked: whose they are, in order.
        rows: of all of them.
        attempts: what became of the rows.
        began: when they were begun with, by `time.perf_counter`.
        predict_s: seconds that the versions took.
    """

    asked: Sequence[Asked]
    rows: Rows
    attempts: Sequence[Attempt]
    began: float
    predict_s: float

    @property
    def held(self) -> HeldModel:
        """Who answered."""
        return self.asked[0].held

    def latencies_us(self, now: float) -> list[int]:
        """For each row the microseconds from its request's arrival until `now`, by `time.perf_counter`."""
        found: list[int] = []
        for one in self.asked:
            found += [int((now - one.began) * _MICROSECONDS)] * one.rows.n
        return found


Outcome = InferenceResult | PredictionFailedError
Record = Callable[[Served], None]


def run_batch(asked: Sequence[Asked], record: Record) -> list[Outcome]:
    """Answer requests: an outcome for each, in order, everything recorded.

    Args:
        asked: requests of any models, versions and layouts; those that can be answered together are.
        record: makes rows and answers durable; called before this returns.
    """
    if len(asked) == 1:
        return _run_alike(asked, record)
    groups: dict[tuple[int, int | None, Layout], list[int]] = {}
    for place, one in enumerate(asked):
        groups.setdefault((id(one.held), one.version, one.rows.layout), []).append(place)
    if len(groups) == 1:
        return _run_alike(asked, record)
    found: dict[int, Outcome] = {}
    for places in groups.values():
        outcomes = _run_alike([asked[place] for place in places], record)
        found.update(zip(places, outcomes, strict=True))
    return [found[place] for place in range(len(asked))]


def _run_alike(asked: Sequence[Asked], record: Record) -> list[Outcome]:
    """Requests of one model, version and layout."""
    if len(asked) > 1 and not _is_batchable(asked[0]):
        return [_run_alike([one], record)[0] for one in asked]
    served = _tried(asked)
    if len(asked) > 1 and any(one.predictions is None for one in served.attempts):
        # Whose rows were at fault is found by asking for each alone; what failed together is not recorded.
        return [_run_alike([one], record)[0] for one in asked]
    record(served)
    answered = answer(served.attempts, served.rows.n)
    return _shared(asked, answered, served.attempts)


def _is_batchable(one: Asked) -> bool:
    """Whether all versions that may answer give a row the same number in whatever company it comes."""
    numbers = one.held.route.versions if one.version is None else (one.version,)
    return all(ready.batchable for number in numbers if (ready := one.held.versions.get(number)) is not None)


def _tried(asked: Sequence[Asked]) -> Served:
    first = asked[0]
    rows = joined([one.rows for one in asked])
    began = perf_counter()
    attempts = (
        serve(first.held, rows) if first.version is None else [_pinned(first.held, first.version, rows)]
    )
    return Served(asked=asked, rows=rows, attempts=attempts, began=began, predict_s=perf_counter() - began)


def _pinned(held: HeldModel, version: int, rows: Rows) -> Attempt:
    roles = {held.route.champion: Role.CHAMPION, held.route.canary: Role.CANARY}
    return attempt(held.versions[version], roles.get(version, Role.SHADOW), rows, range(rows.n))


def _shared(asked: Sequence[Asked], answered: Answer, attempts: Sequence[Attempt]) -> list[Outcome]:
    """To each request its part of the answer."""
    found: list[Outcome] = []
    predictions, versions = answered.predictions, answered.versions
    all_answered = NOBODY not in versions
    start = 0
    for one in asked:
        stop = start + len(one.rows.ids)
        mine = versions[start:stop]
        if all_answered or NOBODY not in mine:
            found.append(_result(one, predictions[start:stop], mine))
        else:
            found.append(_failure(one, attempts[-1]))
        start = stop
    return found


def _result(one: Asked, predictions: npt.NDArray[np.float64], versions: Sequence[int]) -> InferenceResult:
    held = one.held
    champion = held.route.champion
    return InferenceResult(
        model=held.name,
        request_id=one.request_id,
        output=one.output,
        predictions=predictions,
        ids=one.rows.ids,
        versions=versions,
        champion=versions[0] if champion is None else champion,
    )


def _failure(one: Asked, failed: Attempt) -> PredictionFailedError:
    return PredictionFailedError(
        f"version {failed.version} of '{one.held.name}' failed on this request: {failed.error}"
    )
