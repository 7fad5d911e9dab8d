"""Every exception that keepfit raises on purpose.

An exception means that the caller cannot get what it asked for. Outcomes that are expected
(a gate that blocks, a retrain that is held, too few labels) are values, never exceptions.

    KeepfitError
    ├── DefinitionError        the model file, or what it declares, is wrong
    ├── ConfigError            keepfit.toml is wrong
    ├── WorkspaceError         no workspace here, or one is in the way
    ├── NotFoundError          a model, version, dataset or incident that does not exist
    ├── DataError              rows or columns are not what was declared
    ├── TrainingFailedError    a step of the training pipeline failed; says which
    ├── ArtifactError          a model artifact was altered, or holds types nobody allowed
    ├── ReleaseError           a release or a rollback that cannot start
    ├── RequestError           a request that the server cannot answer
    │   ├── NotReadyError          the model has no released version   (keepfit.serving.refusals)
    │   └── PredictionFailedError  the version that was asked raised   (keepfit.serving.refusals)
    ├── CaptureError           the capture log cannot be written or read
    │   └── SpoolFullError         it is at its limit, and the policy is to refuse what cannot be recorded
    └── ServerError            the server cannot start (a port in use) or was not reached
"""


class KeepfitError(Exception):
    """What was wrong and where; `hint` says what to do about it.

    >>> error = KeepfitError("no model 'taxi'", hint="did you mean 'taxi-eta'?")
    >>> str(error), error.hint
    ("no model 'taxi'", "did you mean 'taxi-eta'?")
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class DefinitionError(KeepfitError):
    """The model file, or what it declares, is wrong."""


class ConfigError(KeepfitError):
    """keepfit.toml is wrong."""


class WorkspaceError(KeepfitError):
    """There is no workspace here, or one is in the way."""


class NotFoundError(KeepfitError):
    """A model, version, dataset or incident does not exist."""


class DataError(KeepfitError):
    """Rows or columns are not what was declared."""


class TrainingFailedError(KeepfitError):
    """A step of the training pipeline failed."""

    def __init__(self, message: str, *, step: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.step = step


class ArtifactError(KeepfitError):
    """A model artifact was altered after it was registered, or holds types that nobody allowed."""


class ReleaseError(KeepfitError):
    """A release or a rollback cannot start."""


class RequestError(KeepfitError):
    """A request that the server cannot answer as it stands."""


class CaptureError(KeepfitError):
    """The capture log cannot be written or read."""


class SpoolFullError(CaptureError):
    """The capture logs are at their limit, and nothing is to be answered that cannot be recorded.

    Attributes:
        retry_after_s: when it is worth trying again.
    """

    def __init__(self, message: str, *, retry_after_s: int = 1, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class ServerError(KeepfitError):
    """The server cannot start, or was not reached."""
