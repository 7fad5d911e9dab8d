"""keepfit keeps machine-learning models fit in production.

Declare a model once; keepfit versions its data, trains, releases and serves it, records every
prediction, joins the labels, notices drift and decay, says what is wrong, retrains, validates,
releases again, and rolls back what was wrong.
"""

from keepfit.definition import Model
from keepfit.errors import KeepfitError
from keepfit.evaluation.task import Classification, Regression
from keepfit.monitoring.policy import Monitor
from keepfit.release.policy import Release, beats_champion, canary, latency, no_slice_worse, shadow
from keepfit.retraining.policy import Retrain, decay, drift, every, last

__all__ = [
    "Classification",
    "KeepfitError",
    "Model",
    "Monitor",
    "Regression",
    "Release",
    "Retrain",
    "beats_champion",
    "canary",
    "decay",
    "drift",
    "every",
    "last",
    "latency",
    "no_slice_worse",
    "shadow",
]
