"""KServe's inference logger: a request event and a response event of one id are one prediction request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec

from keepfit.errors import RequestError
from keepfit.predictions.capture_codec import PredictionsFrame
from keepfit.registry.signature import Signature
from keepfit.serving import kserve_v1, oip
from keepfit.serving.ingest.cloudevents import CloudEvent, read_events
from keepfit.serving.ingest.observed import Observed, frame_of
from keepfit.serving.ingest.replies import json_length, json_predictions
from keepfit.serving.json_body import parse
from keepfit.serving.payload import Payload
from keepfit.serving.request import Accepts

SOURCE: Final = "kserve"
REQUEST: Final = "org.kubeflow.serving.inference.request"
RESPONSE: Final = "org.kubeflow.serving.inference.response"


class Halves(Protocol):
    """Where an event waits for the other one of its pair. Several workers share one: halves reach any of them."""

    def meet(self, key: str, kind: str, event: bytes, *, now_us: int) -> bytes | None:
        """Keep an event; the other kind's event of this key when it waits here, else None. A repeat changes nothing."""
        ...

    def settle(self, key: str) -> None:
        """The pair of this key was recorded: its events are let go of, and repeats of them ignored."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Both events of one request."""

    request: CloudEvent
    response: CloudEvent

    @property
    def key(self) -> str:
        """What names the pair in a store."""
        return key_of(self.request)


@dataclass(frozen=True, slots=True)
class Inbox:
    """Takes events as they come, in any order and more than once, and gives pairs.

    Attributes:
        halves: where an event waits.

    A pair is given again until it is settled: record it first, then settle it, so that a crash in between loses nothing
    (the lake knows a prediction that it has already).
    """

    halves: Halves
    _encoder: msgspec.msgpack.Encoder = field(default_factory=msgspec.msgpack.Encoder)
    _decoder: msgspec.msgpack.Decoder[CloudEvent] = field(
        default_factory=lambda: msgspec.msgpack.Decoder(CloudEvent)
    )

    def take(self, headers: Mapping[str, str], body: bytes, *, now_us: int) -> Sequence[Pair]:
        """The pairs that the events of a request complete.

        Args:
            headers: by name in small letters.
            body: the request's.
            now_us: microseconds since 1970-01-01 UTC.

        Raises:
            RequestError: it is no CloudEvent, or of a type that the inference logger does not send.
        """
        events = read_events(headers, body)
        for event in events:
            if event.type not in {REQUEST, RESPONSE}:
                raise RequestError(
                    f"events of type '{event.type}' are not read here", hint=f"send {REQUEST} and {RESPONSE}"
                )
        found = (self._pair(event, now_us) for event in events)
        return list({pair.key: pair for pair in found if pair is not None}.values())

    def settle(self, pair: Pair) -> None:
        """The pair was recorded."""
        self.halves.settle(pair.key)

    def _pair(self, event: CloudEvent, now_us: int) -> Pair | None:
        other = self.halves.meet(key_of(event), event.type, self._encoder.encode(event), now_us=now_us)
        if other is None:
            return None
        met = self._decoder.decode(other)
        return (
            Pair(request=event, response=met) if event.type == REQUEST else Pair(request=met, response=event)
        )


def key_of(event: CloudEvent) -> str:
    """What both events of a request have in common: the source and the id."""
    return f"{event.source}\n{event.id}"


def model_of(pair: Pair) -> str:
    """The inference service's name. Raises RequestError when the events do not tell it."""
    name = pair.request.extensions.get("inferenceservicename")
    if not name:
        raise RequestError(
            "the event has no attribute 'inferenceservicename'", hint="name the model in the URL"
        )
    return name


def pair_frame(
    model: str, signature: Signature, pair: Pair, *, version: int, received_at: int
) -> PredictionsFrame:
    """A request and its response as a frame; v1 and v2, in JSON or with binary tensors.

    Rows are named by the model's id column, else by the request's own id (v2), else by the event's.

    Raises:
        RequestError: the events do not hold what the model takes and gives.
    """
    payload, own_id = _asked(pair.request.data, signature)
    when = pair.request.time if pair.request.time is not None else pair.response.time
    observed = Observed(
        payload=payload,
        predictions=json_predictions(pair.response.data, signature),
        request_id=own_id or pair.request.id,
        event_time=received_at if when is None else when,
        source=SOURCE,
    )
    return frame_of(model, signature, observed, version=version, received_at=received_at)


def _asked(body: bytes, signature: Signature) -> tuple[Payload, str | None]:
    accepts = Accepts(signature=signature)
    length = json_length(body)
    read = parse(body[:length])
    if isinstance(read, dict) and "instances" in read:
        return kserve_v1.decode(body[:length]).payload(accepts), None
    # What outputs the caller wanted is of no interest here, and may be named otherwise than keepfit's.
    request = oip.decode(body, None if length == len(body) else str(length))
    wanted_all = msgspec.structs.replace(request, body=msgspec.structs.replace(request.body, outputs=None))
    return wanted_all.payload(accepts), request.id
