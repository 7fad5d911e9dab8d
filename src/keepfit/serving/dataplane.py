"""The data plane: one object that answers predictions and takes labels, behind every protocol."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keepfit.clock import Clock
from keepfit.errors import NotFoundError, RequestError
from keepfit.ids import new_id
from keepfit.predictions.capture_codec import LabelsFrame
from keepfit.predictions.record import Role
from keepfit.registry.signature import Signature
from keepfit.serving.attempts import Attempt, answer, attempt, serve
from keepfit.serving.columns import check_ids, check_labels, check_times
from keepfit.serving.held import HeldModel, Holding, Problem, RouteSource
from keepfit.serving.loaded import ModelLoader
from keepfit.serving.recorder import CaptureLog, Recorder
from keepfit.serving.request import MAX_ROWS, Accepts, InferenceRequest, microseconds, read_request
from keepfit.serving.shadows import ShadowRunner


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceResult:
    """The answer to a request.

    Attributes:
        model: who answered.
        request_id: the request's.
        output: the name of what was predicted.
        predictions: one a row.
        ids: the prediction ids, which labels refer to.
        versions: for each row the version that answered.
        champion: the champion's number.
    """

    model: str
    request_id: str
    output: str
    predictions: list[float]
    ids: list[str]
    versions: list[int]
    champion: int

    @property
    def version_counts(self) -> Mapping[int, int]:
        """How many rows each version answered, by version."""
        counts: dict[int, int] = {}
        for version in self.versions:
            counts[version] = counts.get(version, 0) + 1
        return dict(sorted(counts.items()))


class DataPlane:
    """Answers with the released versions, and records every prediction before it is given away.

    Args:
        routes: which versions take which share of the traffic.
        loader: brings versions into memory.
        capture: where predictions and labels are made durable.
        clock: when a request came.
        max_rows: larger batches are refused.
        capture_share: of the predictions, which are recorded (1 is all).
        shadows_waiting: requests that may wait for their shadows; 0 runs shadows before the reply, for replays.
    """

    def __init__(
        self,
        *,
        routes: RouteSource,
        loader: ModelLoader,
        capture: CaptureLog,
        clock: Clock,
        max_rows: int = MAX_ROWS,
        capture_share: float = 1.0,
        shadows_waiting: int = 64,
    ) -> None:
        self._holding = Holding(routes, loader)
        self._recorder = Recorder(capture, share=capture_share)
        self._shadows = ShadowRunner(shadows_waiting)
        self._clock = clock
        self._max_rows = max_rows

    def infer(
        self,
        model: str,
        columns: Mapping[str, Sequence[Any]],
        *,
        request_id: str | None = None,
        version: int | None = None,
    ) -> InferenceResult:
        """Predict each row, and record the predictions before returning.

        Args:
            model: who is asked.
            columns: values by column; see `keepfit.serving.request.read_request`.
            request_id: names the request; a new id when None.
            version: ask this version, whatever the route says; it must be one that is served.

        Raises:
            NotFoundError: no such model, or this version is not being served.
            NotReadyError: the model has no released version.
            RequestError: the columns are wrong.
            PredictionFailedError: the version that was to answer failed; that is recorded.
        """
        return self.infer_by(model, lambda _accepts: columns, request_id=request_id, version=version)

    def infer_by(
        self,
        model: str,
        read: Callable[[Accepts], Mapping[str, Sequence[Any]]],
        *,
        request_id: str | None = None,
        version: int | None = None,
    ) -> InferenceResult:
        """Like `infer`, for a protocol that must know the signature to read its columns.

        `read` is given what the very version accepts that will answer, even while versions change.
        """
        received_at = self._clock.now()
        held, accepts = self._holding.ready(model)
        if version is not None:
            accepts = _accepts_of(held, version)
        request = read_request(
            read(accepts),
            accepts,
            request_id=request_id or new_id("req"),
            received_at=received_at,
            max_rows=self._max_rows,
        )
        attempts = serve(held, request) if version is None else [_pinned(held, version, request)]
        self._recorder.predictions(model, request, attempts)
        if version is None and held.route.shadows:
            self._shadows.submit(lambda: self._run_shadows(held, request, attempts))
        answered = answer(model, attempts, request.n)
        return InferenceResult(
            model=model,
            request_id=request.request_id,
            output=accepts.signature.output,
            predictions=answered.predictions,
            ids=request.ids,
            versions=answered.versions,
            champion=held.route.champion or answered.versions[0],
        )

    def label(
        self,
        model: str,
        *,
        ids: Sequence[Any],
        values: Sequence[Any],
        times: Sequence[Any] | None = None,
    ) -> int:
        """Record labels of predictions, made or yet to be seen; how many.

        Args:
            model: whose predictions.
            ids: prediction ids.
            values: the true outcomes, one an id; true and false are 1 and 0.
            times: when each became known: ISO 8601 texts or epoch microseconds; now when None, or where null.

        Raises:
            NotFoundError: no such model.
            RequestError: naming the row that is wrong.
            CaptureError: they could not be written, and should be sent again.
        """
        self._holding.find(model)
        now = microseconds(self._clock.now())
        if not len(ids) == len(values) == len(ids if times is None else times):
            raise RequestError(
                f"there are {len(ids)} ids and {len(values)} values: give one of each, and of times"
            )
        if not 0 < len(ids) <= self._max_rows:
            raise RequestError(f"a request brings 1 to {self._max_rows:,} labels, not {len(ids)}")
        self._recorder.labels(
            LabelsFrame(
                model=model,
                prediction_id=check_ids("id", ids),
                label=check_labels("value", values),
                label_time=[now] * len(ids) if times is None else check_times("time", times, missing=now),
                received_at=[now] * len(ids),
            )
        )
        return len(ids)

    def refresh(self) -> bool:
        """Follow routes that changed; whether anything did. Called again and again from one background thread."""
        return self._holding.refresh()

    def problems(self) -> tuple[Problem, ...]:
        """Why anything that should be served or recorded is not."""
        failure = self._recorder.failure
        capture = (
            () if failure is None else (Problem(model="", version=None, reason=f"not recorded: {failure}"),)
        )
        return (*self._holding.problems(), *capture)

    def models(self) -> tuple[str, ...]:
        """The models there are, sorted."""
        return self._holding.names()

    def signature(self, model: str, version: int | None = None) -> tuple[Signature, tuple[int, ...]]:
        """What a model (or one of its served versions) takes and gives, and the versions that are served.

        Raises:
            NotFoundError: no such model, or this version is not being served.
            NotReadyError: the model has no released version.
        """
        held, accepts = self._holding.ready(model)
        chosen = accepts if version is None else _accepts_of(held, version)
        return chosen.signature, tuple(sorted(held.versions))

    def generation(self, model: str) -> int:
        """The generation of the route that is followed at present. Raises NotFoundError."""
        return self._holding.find(model).route.generation

    def is_ready(self) -> bool:
        """Whether every model that has a released version can answer."""
        return self._holding.is_ready()

    @property
    def shadows_skipped(self) -> int:
        """Requests whose shadows were left out because too many were waiting."""
        return self._shadows.skipped

    def flush(self) -> None:
        """Wait until the shadows of all requests so far are recorded."""
        self._shadows.flush()

    def close(self) -> None:
        """Record what shadows have left, and end their thread."""
        self._shadows.close()

    def _run_shadows(self, held: HeldModel, request: InferenceRequest, served: Sequence[Attempt]) -> None:
        """Each shadow tries the rows that it did not try for the caller, so that versions meet on the same rows."""
        done = []
        for number in held.route.shadows:
            tried = {row for one in served if one.version == number for row in one.rows}
            rows = [row for row in range(request.n) if row not in tried]
            if rows:
                done.append(attempt(held.versions[number], Role.SHADOW, request, rows))
        if done:
            self._recorder.predictions(held.name, request, done)


def _accepts_of(held: HeldModel, version: int) -> Accepts:
    ready = held.versions.get(version)
    if ready is None:
        served = ", ".join(str(number) for number in sorted(held.versions))
        raise NotFoundError(
            f"version {version} of '{held.name}' is not being served", hint=f"there are: {served}"
        )
    return Accepts(signature=ready.loaded.signature)


def _pinned(held: HeldModel, version: int, request: InferenceRequest) -> Attempt:
    roles = {held.route.champion: Role.CHAMPION, held.route.canary: Role.CANARY}
    return attempt(held.versions[version], roles.get(version, Role.SHADOW), request, range(request.n))
