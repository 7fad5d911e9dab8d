"""A server's capture log, which writes down of each model what its policy allows and no more."""

from collections.abc import Callable, Mapping
from functools import cached_property

from keepfit.adapters.capture_log import CaptureWriter
from keepfit.app.capture_policies import CapturePolicy
from keepfit.predictions.capture_codec import Frame
from keepfit.predictions.masking import masked


class MaskedLog:
    """Implements `keepfit.serving.recorder.CaptureLog`; whatever is appended is masked before it touches the disk.

    Args:
        writer: where frames go; its owner closes it.
        policies: by model, see `keepfit.app.capture_policies`; a model without one is recorded as it is.
        key: gives the key of hashes, see `keepfit.adapters.capture_key`; asked once, and only when something is masked.
    """

    def __init__(
        self, writer: CaptureWriter, policies: Mapping[str, CapturePolicy], key: Callable[[], bytes]
    ) -> None:
        self._writer, self._policies, self._read_key = writer, policies, key

    def append(self, frame: Frame) -> None:
        """Write a frame as its model's policy has it. Raises CaptureError, as the writer does."""
        policy = self._policies.get(frame.model)
        if policy is not None and policy.capture.masked:
            frame = masked(frame, policy.capture, self._key, id_column=policy.id_column)
        self._writer.append(frame)

    def share(self, model: str) -> float:
        """The share of the model's predictions that is to be recorded now: its policy's, and what the room allows of it."""
        policy = self._policies.get(model)
        return self._writer.share(model) * (policy.capture.share if policy is not None else 1.0)

    @cached_property
    def _key(self) -> bytes:
        return self._read_key()
