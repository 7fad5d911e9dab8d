"""Requests that were well formed and still cannot be answered."""

from keepfit.errors import RequestError


class NotReadyError(RequestError):
    """The model is known, but no version of it can answer yet."""


class OverloadedError(RequestError):
    """More is waiting than will be taken on; the same request may be answered in a moment."""


class DeadlineError(RequestError):
    """The request waited longer than its caller, or the server, is willing to."""


class PredictionFailedError(RequestError):
    """The version that was to answer raised, or answered something that is no prediction."""
