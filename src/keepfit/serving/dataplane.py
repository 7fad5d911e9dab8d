"""The data plane: one object that answers predictions and takes labels, behind every protocol."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from time import perf_counter
from typing import Any, Final

from keepfit.clock import Clock
from keepfit.errors import NotFoundError, RequestError
from keepfit.ids import new_id
from keepfit.predictions.capture_codec import LabelsFrame
from keepfit.predictions.role import Role
from keepfit.registry.signature import Signature
from keepfit.serving.attempts import attempt
from keepfit.serving.batch import Asked, Outcome, Served, run_batch
from keepfit.serving.columns import check_ids, check_labels, check_times
from keepfit.serving.held import HeldModel, Holding, Problem, Ready, RouteSource
from keepfit.serving.ingest.door import KserveDoor
from keepfit.serving.lanes import Lanes
from keepfit.serving.loaded import LoadedModel, ModelLoader
from keepfit.serving.model_index import Entry, model_index
from keepfit.serving.payload import Payload
from keepfit.serving.preparing import WarmUp, not_warmed
from keepfit.serving.readiness import DRAIN_LAG, SATURATED, Readiness, ServerState, readiness
from keepfit.serving.recorder import CaptureLog, Recorder, Share, everything
from keepfit.serving.refusals import NotReadyError
from keepfit.serving.request import MAX_ROWS, Accepts, of_mapping, read_rows
from keepfit.serving.result import InferenceResult
from keepfit.serving.shadows import ShadowRunner
from keepfit.serving.surroundings import Surroundings
from keepfit.serving.telemetry import Telemetry
from keepfit.serving.telemetry_snapshot import Count, Snapshot

#: Reads a body by what the very version accepts that will answer, even while versions change.
Read = Callable[[Accepts], Payload]

_ALONE: Final = Surroundings()


class DataPlane:
    """Answers with the released versions, and records every prediction before it is given away.

    Args:
        routes: which versions take which share of the traffic.
        loader: brings versions into memory.
        capture: where predictions and labels are made durable.
        clock: when a request came.
        max_rows: larger batches are refused.
        share: of a model's predictions, which are recorded at present (1 is all).
        shadows_waiting: batches that may wait for their shadows; 0 runs shadows before the reply, for replays.
        telemetry: counts what is done; one of its own when None.
        warm_up: lets a version predict before it takes traffic.
        loaded_models: models that are kept in memory; 0 for all.
        strict: answer nothing that cannot be recorded.
        saturated: a queue that has been full for longer makes the server not ready.
        latest_drain: a drain that is further behind is warned of.
        surroundings: what there is beside it; nothing by default.

    Attributes:
        holding: what is served; whoever follows the routes for this data plane changes it.
        telemetry: counts what is done.
        lanes: where requests wait for their turn; whoever lets them wait adds to it.
    """

    def __init__(
        self,
        *,
        routes: RouteSource,
        loader: ModelLoader,
        capture: CaptureLog,
        clock: Clock,
        max_rows: int = MAX_ROWS,
        share: Share = everything,
        shadows_waiting: int = 64,
        telemetry: Telemetry | None = None,
        warm_up: WarmUp = not_warmed,
        loaded_models: int = 0,
        strict: bool = False,
        saturated: timedelta = SATURATED,
        latest_drain: timedelta = DRAIN_LAG,
        surroundings: Surroundings = _ALONE,
    ) -> None:
        self.telemetry = telemetry or Telemetry("server")
        self.holding = Holding(
            routes, loader, warm_up=warm_up, loaded_models=loaded_models, telemetry=self.telemetry
        )
        self.lanes = Lanes()
        self._around = surroundings
        self._door = (
            KserveDoor(halves=surroundings.halves, answering=self.answering, capture=capture)
            if surroundings.halves is not None
            else None
        )
        self._recorder = Recorder(capture, share=share, telemetry=self.telemetry, strict=strict)
        self._shadows = ShadowRunner(shadows_waiting)
        self._clock = clock
        self._saturated, self._latest_drain = saturated, latest_drain
        #: More rows, or labels, than these are refused in one request.
        self.max_rows = max_rows

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
            columns: values by column; see `keepfit.serving.request.read_rows`.
            request_id: names the request; a new id when None.
            version: ask this version, whatever the route says; it must be one that is served.

        Raises:
            NotFoundError: no such model, or this version is not being served.
            NotReadyError: the model has no released version.
            RequestError: the columns are wrong.
            PredictionFailedError: the version that was to answer failed; that is recorded.
        """
        payload = of_mapping(columns)
        asked = self.ask(model, lambda _accepts: payload, request_id=request_id, version=version)
        (outcome,) = self.answer([asked])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def ask(
        self, model: str, read: Read, *, request_id: str | None = None, version: int | None = None
    ) -> Asked:
        """Check a request, so that it can be answered with others. Raises what `infer` raises, but for a failed prediction."""
        began = perf_counter()
        held, accepts = self.holding.ready(model)
        if version is not None:
            _ready(held, version)
            accepts = held.pinned[version]
        named = request_id or new_id("req")
        rows = read_rows(
            read(accepts),
            accepts,
            request_id=named,
            received_at=self._clock.now_us(),
            max_rows=self.max_rows,
        )
        return Asked(
            held=held,
            output=accepts.signature.output,
            request_id=named,
            version=version,
            rows=rows,
            began=began,
            read_s=perf_counter() - began,
        )

    def answer(self, asked: Sequence[Asked]) -> list[Outcome]:
        """An outcome for each request, in order; what could be answered together was, and everything is recorded."""
        return run_batch(asked, self._record)

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
        self.holding.find(model)
        now = self._clock.now_us()
        if not len(ids) == len(values) == len(ids if times is None else times):
            raise RequestError(
                f"there are {len(ids)} ids and {len(values)} values: give one of each, and of times"
            )
        if not 0 < len(ids) <= self.max_rows:
            raise RequestError(f"a request brings 1 to {self.max_rows:,} labels, not {len(ids)}")
        self._recorder.labels(
            LabelsFrame(
                model=model,
                prediction_id=check_ids("id", ids),
                label=check_labels("value", values),
                label_time=[now] * len(ids) if times is None else check_times("time", times, missing=now),
                received_at=[now] * len(ids),
            )
        )
        self.telemetry.count(model, Count.LABELS, len(ids))
        return len(ids)

    def refresh(self) -> bool:
        """Follow routes that changed; whether anything did. Called again and again from one background thread."""
        return self.holding.refresh()

    def problems(self) -> tuple[Problem, ...]:
        """Why anything that should be served or recorded is not."""
        failure = self._recorder.failure
        capture = (
            () if failure is None else (Problem(model="", version=None, reason=f"not recorded: {failure}"),)
        )
        return (*self.holding.problems(), *capture)

    def models(self) -> tuple[str, ...]:
        """The models there are, sorted."""
        return self.holding.names()

    def index(self) -> tuple[Entry, ...]:
        """Every version that the routes name, and whether it can answer."""
        return model_index(self.holding)

    def signature(self, model: str, version: int | None = None) -> tuple[Signature, tuple[int, ...]]:
        """What a model (or one of its served versions) takes and gives, and the versions that are served.

        Raises:
            NotFoundError: no such model, or this version is not being served.
            NotReadyError: the model has no released version.
        """
        held, accepts = self.holding.ready(model)
        signature = accepts.signature if version is None else _ready(held, version).loaded.signature
        return signature, tuple(sorted(held.versions))

    def loaded(self, model: str, version: int | None = None) -> LoadedModel:
        """The champion, or one of the served versions; raises as `signature` does."""
        held, _ = self.holding.ready(model)
        number = held.route.champion if version is None else version
        return _ready(held, number if number is not None else 0).loaded

    def check_ready(self, model: str, version: int | None = None) -> None:
        """Raises what `signature` does when it cannot answer now; to ask does not bring back a model that was unloaded on request."""
        if self.holding.is_put_away(model):
            raise NotReadyError(
                f"model '{model}' was unloaded; it is loaded when somebody asks it to predict"
            )
        self.signature(model, version)

    def find(self, model: str) -> None:
        """Raises NotFoundError when there is no such model."""
        self.holding.find(model)

    def generation(self, model: str) -> int:
        """The generation of the route that is followed at present. Raises NotFoundError."""
        return self.holding.find(model).route.generation

    def readiness(self) -> Readiness:
        """Whether requests are welcome, and why not."""
        problems = self.holding.problems()
        ready = self.holding.is_ready()
        blamed = {one.model: one.reason for one in problems if one.model and self._is_unanswerable(one.model)}
        spool = self._around.spool()
        unread = [one.reason for one in problems if not one.model]
        state = ServerState(
            routes_read=ready or bool(blamed),
            unanswerable=blamed,
            capture_failure=self._recorder.failure,
            spool_bytes=spool.used,
            spool_limit=spool.limit,
            spool_blocks=spool.blocks,
            queue_full_for=timedelta(seconds=round(self.lanes.full_s, 1)),
            drain_lag=self._around.drain_lag(),
            left_out=(*unread, *(one.reason for one in problems if one.model and one.model not in blamed)),
        )
        return readiness(state, saturated=self._saturated, drain_lag=self._latest_drain)

    def totals(self) -> Snapshot:
        """The numbers of all workers on this port."""
        totals = self._around.totals
        return self.telemetry.snapshot(self._clock.now()) if totals is None else totals()

    def is_ready(self) -> bool:
        """Whether requests are welcome."""
        return self.readiness().ready

    def _is_unanswerable(self, model: str) -> bool:
        held = self.holding.find(model)
        return held.accepts is None and not held.asleep

    def load(self, model: str) -> None:
        """Have a model in memory, here and in all other workers; see `Holding.load`."""
        self.holding.find(model)
        (self._around.all_workers or self.holding).load(model)

    def unload(self, model: str) -> None:
        """Take a model out of memory, here and in all other workers; see `Holding.unload`."""
        self.holding.find(model)
        (self._around.all_workers or self.holding).unload(model)

    def observe(self, headers: Mapping[str, str], body: bytes, model: str | None) -> Mapping[str, int]:
        """Record events of KServe's inference logger; rows by model. See `KserveDoor.take` for what it raises."""
        if self._door is None:
            raise NotFoundError("events of other servers are not taken here")
        now_us = self._clock.now_us()
        return self._door.take(headers, body, now_us=now_us, model=model, recorded=self._observed)

    def answering(self, model: str) -> tuple[Signature, int]:
        """The signature and the number of the champion. Raises NotFoundError or NotReadyError."""
        held, accepts = self.holding.ready(model)
        return accepts.signature, held.route.champion or 0

    @property
    def shadows_skipped(self) -> int:
        """Batches whose shadows were left out because too many were waiting."""
        return self._shadows.skipped

    def flush(self) -> None:
        """Wait until the shadows of all requests so far are recorded."""
        self._shadows.flush()

    def close(self) -> None:
        """Record what shadows have left, and end their thread; write down what could not be written before."""
        self._shadows.close()
        self._recorder.close()

    def _record(self, served: Served) -> None:
        began = perf_counter()
        held, rows = served.held, served.rows
        self._recorder.predictions(held.name, rows, served.attempts, latency_us=served.latencies_us(began))
        self._count(served, perf_counter() - began)
        if held.route.shadows and served.asked[0].version is None:
            skipped = self._shadows.skipped
            self._shadows.submit(lambda: self._run_shadows(served))
            if self._shadows.skipped > skipped:
                self.telemetry.count(held.name, Count.SHADOWS_SKIPPED)

    def _observed(self, model: str, rows: int) -> None:
        """Another server's callers were given them: they are received as much as those of this one, and all of them logged."""
        self.telemetry.recorded(model, rows, rows)

    def _count(self, served: Served, capture_s: float) -> None:
        name, telemetry = served.held.name, self.telemetry
        for failed, one in pairwise(served.attempts):
            if one.part is Role.FALLBACK:
                telemetry.fell_back(name, failed.version, len(one.rows))
        read_s = sum(one.read_s for one in served.asked)
        first = served.asked[0]
        telemetry.batch(
            name,
            served.attempts[-1].version,
            served.rows.n,
            decode_ns=int(read_s * 1e9),
            queue_ns=int((served.began - first.began - first.read_s) * 1e9),
            predict_ns=int(served.predict_s * 1e9),
            capture_ns=int(capture_s * 1e9),
        )

    def _run_shadows(self, served: Served) -> None:
        """Each shadow tries the rows that it did not try for the caller, so that versions meet on the same rows."""
        held, rows = served.held, served.rows
        done = []
        for number in held.route.shadows:
            tried = {row for one in served.attempts if one.version == number for row in one.rows}
            left = [row for row in range(rows.n) if row not in tried] if tried else range(rows.n)
            if left:
                done.append(attempt(held.versions[number], Role.SHADOW, rows, left))
        if done:
            self._recorder.predictions(held.name, rows, done)


def _ready(held: HeldModel, version: int) -> Ready:
    ready = held.versions.get(version)
    if ready is None:
        served = ", ".join(str(number) for number in sorted(held.versions))
        raise NotFoundError(
            f"version {version} of '{held.name}' is not being served", hint=f"there are: {served}"
        )
    return ready
