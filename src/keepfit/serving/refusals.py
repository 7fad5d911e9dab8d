"""Requests that were well formed and still cannot be answered."""

from keepfit.errors import RequestError


class NotReadyError(RequestError):
    """The model is known, but no version of it can answer yet."""


class PredictionFailedError(RequestError):
    """The version that was to answer raised, or answered something that is no prediction."""
