"""Everything that a window's inputs and predictions can tell, judged together."""

from collections.abc import Mapping

from keepfit.clock import Window
from keepfit.monitoring.correlation import correlation_tests
from keepfit.monitoring.detector import Detector, detector_tests
from keepfit.monitoring.drift import drift_tests
from keepfit.monitoring.finding import Check, Finding
from keepfit.monitoring.measured import Measured, judged
from keepfit.monitoring.norm_column import PREDICTION, Norms, norms_of
from keepfit.monitoring.policy import Monitor
from keepfit.monitoring.quality import quality_tests, traffic_finding
from keepfit.monitoring.ranking import ranked
from keepfit.monitoring.reference import Reference
from keepfit.stats.profile import NumericProfile, Profile


def check_inputs(
    reference: Reference,
    window: Profile,
    monitor: Monitor,
    *,
    predictions: NumericProfile | None = None,
    at: Window | None = None,
    detectors: Mapping[str, Detector] | None = None,
) -> list[Finding]:
    """Quality, drift and correlations of a window against a reference, and the drift of its predictions; worst first.

    All tests are judged together (see `keepfit.monitoring.measured`), so that a healthy window alarms with a chance of at
    most `monitor.false_alarms`, however many columns it has. With fewer than `monitor.min_rows` rows, or without a
    reference, there is one finding: insufficient data.

    Args:
        reference: of the version.
        window: the profile of the window's rows, in the reference's cells.
        monitor: the policy.
        predictions: the profile of what the version predicted in it; None to leave predictions out.
        at: the window, so that it is held against windows of the same weekday and hour; None when it is no single one.
        detectors: the user's own, by name; see `keepfit.monitoring.detector`.
    """
    norms = norms_of(reference)
    traffic = traffic_finding(window.rows, norms.rows, monitor.min_rows)
    if min(window.rows, norms.rows) < monitor.min_rows:
        return [traffic]
    tests = [*_column_tests(norms, window, monitor, at), *correlation_tests(norms, window)]
    if predictions is not None:
        seen, norm = {PREDICTION: predictions}, {PREDICTION: norms.predictions}
        tests += drift_tests(Check.PREDICTION_DRIFT, seen, norm, monitor, at=at)
    if detectors:
        tests += detector_tests(detectors, reference.total, window)
    return ranked([traffic, *judged(tests, monitor.false_alarms)], reference.importance)


def _column_tests(norms: Norms, window: Profile, monitor: Monitor, at: Window | None) -> list[Measured]:
    quality = quality_tests(window.features, norms.columns, monitor.quality)
    return [*quality, *drift_tests(Check.DRIFT, window.features, norms.columns, monitor, at=at)]
