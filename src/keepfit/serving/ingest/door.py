"""The door for events of KServe's inference logger: pairs go into the capture log as if keepfit had answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from keepfit.errors import RequestError
from keepfit.predictions.capture_codec import Frame
from keepfit.registry.signature import Signature
from keepfit.serving.ingest.kserve import Halves, Inbox, Pair, model_of, pair_frame

#: From a model's name to the signature of the version that is taken to have answered, and its number.
Answering = Callable[[str], tuple[Signature, int]]


#: Told the model and the number of rows that were recorded.
Recorded = Callable[[str, int], None]


def _nobody(_model: str, _rows: int) -> None:
    return None


class Log(Protocol):
    """Where frames are made durable."""

    def append(self, frame: Frame) -> None:
        """Write a frame. Raises CaptureError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KserveDoor:
    """Takes events, and records the requests that they complete.

    Attributes:
        halves: where an event waits for the other one of its pair.
        answering: who answers for a model. Raises NotFoundError or NotReadyError.
        capture: where predictions go, masked as the model's policy asks.
    """

    halves: Halves
    answering: Answering
    capture: Log

    def take(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        now_us: int,
        model: str | None = None,
        recorded: Recorded = _nobody,
    ) -> Mapping[str, int]:
        """Take a request with one event or a batch of them.

        A pair is let go of only when it is in the log, or when it never can be; whoever is told of an error of the
        server may send its events again.

        Args:
            headers: by name in small letters.
            body: the request's.
            now_us: microseconds since 1970-01-01 UTC.
            model: whose events these are; None when they tell it themselves.
            recorded: told of each pair as soon as it is in the log, whatever becomes of those after it.

        Returns:
            Rows recorded, by model; empty when other halves are still to come.

        Raises:
            RequestError: an event is none, or a pair does not fit its model.
            NotFoundError: there is no such model.
            NotReadyError: it has no released version.
            CaptureError: it could not be recorded.
        """
        rows: dict[str, int] = {}
        wrong: RequestError | None = None
        inbox = Inbox(self.halves)
        for pair in inbox.take(headers, body, now_us=now_us):
            name = model or model_of(pair)
            try:
                n = self._record(name, pair, now_us)
            except RequestError as error:
                if type(error) is not RequestError:
                    raise  # the model is not ready: the pair waits
                wrong = error
            else:
                rows[name] = rows.get(name, 0) + n
                recorded(name, n)
            inbox.settle(pair)
        if wrong is not None:
            raise wrong
        return rows

    def _record(self, model: str, pair: Pair, now_us: int) -> int:
        signature, version = self.answering(model)
        frame = pair_frame(model, signature, pair, version=version, received_at=now_us)
        self.capture.append(frame)
        return frame.received
