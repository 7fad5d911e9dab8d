"""Read the evidence of the newest windows of a model.

A module of its own, so that what reads only records (`keepfit status`) loads no statistics library.
"""

from datetime import datetime

from keepfit.clock import window_of
from keepfit.definition import Model
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.workflows.ports import Ports

#: Windows before those that are shown, from which is learned how long labels take.
LEARNED = 30


def recent_evidence(ports: Ports, model: Model, *, windows: int, now: datetime) -> list[WindowEvidence]:
    """The evidence of every version in the newest windows, counted back from the newest event.

    They reach back twice the label delay at least: within less, hardly a label would have come.
    """
    last = ports.predictions.last_event(model.name)
    if last is None:
        return []
    newest = window_of(min(last, now), model.monitor.every).start
    since = newest - max((windows - 1) * model.monitor.every, 2 * model.label_delay)
    versions = sorted({event.version for event in ports.release_log.events(model.name)})
    return [one for version in versions for one in ports.evidence.evidence(model.name, version, since)]
