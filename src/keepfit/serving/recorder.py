"""From attempts to capture frames: what is recorded, what is sampled out, and what could not be written."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Protocol

from keepfit.errors import CaptureError
from keepfit.predictions.capture_codec import Frame, LabelsFrame, PredictionsFrame
from keepfit.predictions.record import SERVED
from keepfit.serving.attempts import Attempt
from keepfit.serving.request import InferenceRequest

_log = logging.getLogger(__name__)
_SPACE = 2**32


class CaptureLog(Protocol):
    """Where frames are made durable before a reply leaves."""

    def append(self, frame: Frame) -> None:
        """Write a frame; when it returns, the frame outlives the process. Raises CaptureError."""
        ...


@dataclass(slots=True)
class Recorder:
    """Writes frames, and carries the count of what could not be written into the next frame.

    A capture log that cannot be written (a full disk) does not take the model from its callers:
    they are answered, and the rows are counted as dropped.

    Attributes:
        capture: where frames go.
        share: of the predictions, which are recorded: 1 is all; which ones is a hash of their ids.
        failure: why the last frame could not be written; None when it was.
    """

    capture: CaptureLog
    share: float = 1.0
    failure: str | None = None
    _lost: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def predictions(self, model: str, request: InferenceRequest, attempts: Sequence[Attempt]) -> None:
        """Record the attempts at a request in one frame."""
        with self._lock:
            lost = self._lost.pop(model, 0)
        frame = frame_of(model, request, attempts, share=self.share, lost=lost)
        try:
            self.capture.append(frame)
            self.failure = None
        except CaptureError as error:
            self._count_lost(model, frame.received - frame.sampled_out, error)

    def labels(self, frame: LabelsFrame) -> None:
        """Record labels. Raises CaptureError: whoever brought them can bring them again."""
        self.capture.append(frame)

    def _count_lost(self, model: str, rows: int, error: CaptureError) -> None:
        if self.failure is None:
            _log.error("predictions are served and not recorded: %s", error)
        self.failure = str(error)
        with self._lock:
            self._lost[model] = self._lost.get(model, 0) + rows


def frame_of(
    model: str, request: InferenceRequest, attempts: Sequence[Attempt], *, share: float = 1.0, lost: int = 0
) -> PredictionsFrame:
    """The rows of all attempts as one frame.

    Args:
        model: whose.
        request: the rows that were attempted.
        attempts: what became of them.
        share: of the predictions, which are kept.
        lost: served rows of earlier requests that could not be written; counted here as dropped.
    """
    served = sum(len(one.rows) for one in attempts if one.part.value in SERVED)
    kept = [_sampled(one, request.ids, share) for one in attempts]
    stored = sum(len(one.rows) for one in kept if one.part.value in SERVED)
    rows = [row for one in kept for row in one.rows]
    return PredictionsFrame(
        model=model,
        prediction_id=[request.ids[row] for row in rows],
        version=[one.version for one in kept for _ in one.rows],
        role=[one.part.value for one in kept for _ in one.rows],
        event_time=[request.event_times[row] for row in rows],
        received_at=[request.received_at] * len(rows),
        prediction=[value for one in kept for value in _values(one)],
        error=[one.error for one in kept for _ in one.rows],
        features={name: [values[row] for row in rows] for name, values in request.columns.items()},
        kinds=dict(request.kinds),
        context={name: [values[row] for row in rows] for name, values in request.context.items()},
        received=served + lost,
        sampled_out=served - stored,
        dropped=lost,
    )


def is_sampled(prediction_id: str, share: float) -> bool:
    """Whether a prediction is recorded when only a share of them is.

    >>> 4_800 < sum(is_sampled(str(i), 0.5) for i in range(10_000)) < 5_200
    True
    """
    digest = blake2b(f"capture/{prediction_id}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) < share * _SPACE


def _sampled(one: Attempt, ids: Sequence[str], share: float) -> Attempt:
    if share >= 1:
        return one
    chosen = [place for place, row in enumerate(one.rows) if is_sampled(ids[row], share)]
    return Attempt(
        version=one.version,
        role=one.role,
        rows=[one.rows[place] for place in chosen],
        predictions=None if one.predictions is None else one.predictions[chosen],
        error=one.error,
    )


def _values(one: Attempt) -> list[float | None]:
    return [None] * len(one.rows) if one.predictions is None else one.predictions.tolist()
