"""keepfit keeps machine-learning models fit in production.

Declare a model once; keepfit versions its data, trains, releases and serves it, records every
prediction, joins the labels, notices drift and decay, says what is wrong, retrains, validates,
releases again, and rolls back what was wrong.
"""

from typing import TYPE_CHECKING, Any

from keepfit.definition import Model
from keepfit.errors import KeepfitError
from keepfit.evaluation.task import Classification, Regression
from keepfit.monitoring.policy import Monitor
from keepfit.predictions.capture_policy import Capture
from keepfit.release.fallback import Serving
from keepfit.release.policy import Release, beats_champion, canary, latency, no_slice_worse, shadow
from keepfit.retraining.policy import Retrain, decay, drift, every, last

if TYPE_CHECKING:
    from keepfit.app.recording import log
    from keepfit.evaluation.own_losses import metric
    from keepfit.monitoring.detector import Signal

__all__ = [
    "Capture",
    "Classification",
    "KeepfitError",
    "Model",
    "Monitor",
    "Regression",
    "Release",
    "Retrain",
    "Serving",
    "Signal",
    "beats_champion",
    "canary",
    "decay",
    "drift",
    "every",
    "last",
    "latency",
    "log",
    "metric",
    "no_slice_worse",
    "shadow",
]

#: What needs numpy is imported when it is first asked for: `import keepfit` stays fast.
_LATER = {
    "Signal": "keepfit.monitoring.detector",
    "log": "keepfit.app.recording",
    "metric": "keepfit.evaluation.own_losses",
}


def __getattr__(name: str) -> Any:
    """A name that is imported when it is first asked for."""
    if name not in _LATER:
        raise AttributeError(f"module 'keepfit' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_LATER[name]), name)
