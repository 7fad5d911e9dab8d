"""From attempts to capture frames: what is recorded, what is sampled out, and what could not be written."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Final, Protocol

import numpy as np

from keepfit.errors import CaptureError, SpoolFullError
from keepfit.predictions.capture_codec import Frame, LabelsFrame, PredictionsFrame
from keepfit.predictions.role import SERVED
from keepfit.serving.attempts import Attempt
from keepfit.serving.columns import kind_of
from keepfit.serving.rows import Rows
from keepfit.serving.telemetry import Telemetry

_log = logging.getLogger(__name__)
_SPACE = 2**32


class CaptureLog(Protocol):
    """Where frames are made durable before a reply leaves."""

    def append(self, frame: Frame) -> None:
        """Write a frame; when it returns, the frame outlives the process. Raises CaptureError."""
        ...


#: From a model's name to the share of its predictions that is recorded.
Share = Callable[[str], float]


def everything(_model: str) -> float:
    """The share of all."""
    return 1.0


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Predictions that callers were given and that no frame counts yet.

    Attributes:
        received: all of them.
        sampled_out: of these, left out on purpose; the others are lost.
    """

    received: int = 0
    sampled_out: int = 0

    def __add__(self, other: "Unwritten") -> "Unwritten":
        return Unwritten(self.received + other.received, self.sampled_out + other.sampled_out)

    @property
    def dropped(self) -> int:
        """Those that are lost."""
        return self.received - self.sampled_out


_NOTHING: Final = Unwritten()


@dataclass(slots=True)
class Recorder:
    """Writes frames, and carries the count of what could not be written into the next frame.

    A capture log that cannot be written (a full disk) does not take the model from its callers: they are answered, and the
    rows are counted as dropped. Unless it is strict: then nobody is answered whose prediction is not in the log.

    Attributes:
        capture: where frames go.
        share: of a model's predictions, which are recorded at present: 1 is all; which ones is a hash of their ids.
        failure: why the last frame could not be written; None when it was.
        telemetry: counts what was recorded and what was not; one of its own when none is given.
        strict: answer nothing that cannot be recorded.
    """

    capture: CaptureLog
    share: Share = everything
    failure: str | None = None
    telemetry: Telemetry = field(default_factory=lambda: Telemetry("server"))
    strict: bool = False
    _unwritten: dict[str, Unwritten] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def predictions(
        self, model: str, rows: Rows, attempts: Sequence[Attempt], *, latency_us: Sequence[int] = ()
    ) -> None:
        """Record the attempts at some rows in one frame; `latency_us` is one a row, where it is known.

        Raises:
            CaptureError: they could not be written, and nothing may be answered that is not recorded.
        """
        unwritten = self._take(model)
        frame = frame_of(
            model, rows, attempts, share=self.share(model), unwritten=unwritten, latency_us=latency_us
        )
        try:
            self.capture.append(frame)
            self.failure = None
        except CaptureError as error:
            if self.strict or isinstance(error, SpoolFullError):
                self.failure = str(error)
                self._keep(model, unwritten)
                raise
            self._count_lost(model, frame, unwritten, error)
            return
        served = frame.received - unwritten.received
        sampled = frame.sampled_out - unwritten.sampled_out
        self.telemetry.recorded(model, served, served - sampled, sampled)

    def labels(self, frame: LabelsFrame) -> None:
        """Record labels. Raises CaptureError: whoever brought them can bring them again."""
        self.capture.append(frame)

    def close(self) -> None:
        """Write down what could not be written before, as far as that is possible now."""
        for model in tuple(self._unwritten):
            unwritten = self._take(model)
            try:
                self.capture.append(_counts_alone(model, unwritten))
            except CaptureError as error:
                _log.warning("%d predictions of '%s' are in no count: %s", unwritten.received, model, error)

    def _count_lost(
        self, model: str, frame: PredictionsFrame, before: Unwritten, error: CaptureError
    ) -> None:
        if self.failure is None:
            _log.error("predictions are served and not recorded: %s", error)
        self.failure = str(error)
        lost = Unwritten(frame.received, frame.sampled_out)
        self.telemetry.recorded(
            model,
            lost.received - before.received,
            0,
            lost.sampled_out - before.sampled_out,
            lost.dropped - before.dropped,
        )
        self._keep(model, lost)

    def _take(self, model: str) -> Unwritten:
        if model not in self._unwritten:
            return _NOTHING
        with self._lock:
            return self._unwritten.pop(model, _NOTHING)

    def _keep(self, model: str, unwritten: Unwritten) -> None:
        with self._lock:
            if unwritten.received:
                self._unwritten[model] = self._unwritten.get(model, _NOTHING) + unwritten


def frame_of(
    model: str,
    rows: Rows,
    attempts: Sequence[Attempt],
    *,
    share: float = 1.0,
    unwritten: Unwritten = _NOTHING,
    latency_us: Sequence[int] = (),
) -> PredictionsFrame:
    """The rows of all attempts as one frame.

    Args:
        model: whose.
        rows: what was attempted.
        attempts: what became of it.
        share: of the predictions, which are kept.
        unwritten: what earlier frames would have counted; it is counted here.
        latency_us: from the arrival of each row's request to its record; empty where it is not known.
    """
    served = sum(len(one.rows) for one in attempts if one.part.value in SERVED)
    kept = [_sampled(one, rows.ids, share) for one in attempts]
    stored = sum(len(one.rows) for one in kept if one.part.value in SERVED)
    places = _places(kept)
    chosen = rows.take(places) if places is not None else rows
    layout = rows.layout
    return PredictionsFrame(
        model=model,
        prediction_id=chosen.ids,
        version=[version for one in kept for version in [one.version] * len(one.rows)],
        role=[role for one in kept for role in [one.part.value] * len(one.rows)],
        event_time=chosen.event_times,
        received_at=chosen.received_at,
        prediction=[value for one in kept for value in _values(one)],
        error=[error for one in kept for error in [one.error] * len(one.rows)],
        features={
            feature.name: values for feature, values in zip(layout.categories, chosen.categories, strict=True)
        },
        kinds={feature.name: kind_of(feature) for feature in layout.categories},
        context=dict(zip(layout.context, chosen.context, strict=True)),
        number_names=list(layout.numbers),
        numbers=_bytes(chosen),
        latency_us=[latency_us[row] for row in places]
        if latency_us and places is not None
        else list(latency_us),
        batch_rows=[rows.n] * chosen.n,
        share=share,
        received=served + unwritten.received,
        sampled_out=served - stored + unwritten.sampled_out,
        dropped=unwritten.dropped,
    )


def _counts_alone(model: str, unwritten: Unwritten) -> PredictionsFrame:
    """A frame without rows."""
    return PredictionsFrame(
        model=model,
        prediction_id=[],
        version=[],
        role=[],
        event_time=[],
        received_at=[],
        prediction=[],
        error=[],
        features={},
        kinds={},
        received=unwritten.received,
        sampled_out=unwritten.sampled_out,
        dropped=unwritten.dropped,
    )


def is_sampled(prediction_id: str, share: float) -> bool:
    """Whether a prediction is recorded when only a share of them is.

    >>> 4_800 < sum(is_sampled(str(i), 0.5) for i in range(10_000)) < 5_200
    True
    """
    digest = blake2b(f"capture/{prediction_id}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) < share * _SPACE


def _places(attempts: Sequence[Attempt]) -> list[int] | None:
    """Which rows to write, in the order of the attempts; None for all of them as they lie."""
    if len(attempts) == 1 and isinstance(attempts[0].rows, range):
        return None
    return [row for one in attempts for row in one.rows]


def _bytes(rows: Rows) -> bytes:
    """Little-endian on every machine."""
    return rows.numbers.astype("<f8", copy=False).tobytes()


def _sampled(one: Attempt, ids: Sequence[str], share: float) -> Attempt:
    if share >= 1:
        return one
    chosen = [place for place, row in enumerate(one.rows) if is_sampled(ids[row], share)]
    return replace(
        one,
        rows=[one.rows[place] for place in chosen],
        predictions=None if one.predictions is None else one.predictions[np.array(chosen, dtype=np.intp)],
    )


def _values(one: Attempt) -> list[float | None]:
    return [None] * len(one.rows) if one.predictions is None else one.predictions.tolist()
