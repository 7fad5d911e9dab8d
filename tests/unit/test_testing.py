"""The public conformance checks: what keeps the rules passes, and each broken rule is named."""

import numpy as np
import pytest

from keepfit.monitoring.detector import Signal
from keepfit.stats.two_sample import kolmogorov_smirnov
from keepfit.testing import check_detector, check_metric


def gap(reference, window):
    """Kolmogorov and Smirnov's test of every number, as a third party would write it."""
    for name, column in window.features.items():
        if hasattr(column, "quantile"):
            found = kolmogorov_smirnov(reference.features[name].counts, column.counts)
            yield Signal(subject=name, value=found.statistic, threshold=0.03, p=found.p)


def test_a_detector_that_keeps_the_rules_passes():
    """A real test of two samples, with its chance."""
    check_detector(gap)


@pytest.mark.parametrize(
    ("detector", "rule"),
    [
        (lambda _r, _w: [Signal(subject="x", value=1.0, threshold=0.5)], "nothing to say of the reference"),
        (
            lambda _r, w: [Signal(subject="x", value=1 / w.rows, threshold=9.0)],
            "without rows: ZeroDivisionError",
        ),
        (lambda _r, _w: [Signal(subject="x", value=np.random.random(), threshold=9.0)], "when asked again"),  # noqa: NPY002
        (lambda _r, _w: ["alarm"], "gives signals"),
        (lambda _r, _w: [Signal(subject="x", value=0.0, threshold=1.0, p=2.0)], "gives signals"),
        (lambda _r, w: w.features["age"].counts.fill(0) or [], "changes nothing"),
    ],
)
def test_a_detector_that_breaks_a_rule_is_told_which(detector, rule):
    """By the rule's own words."""
    with pytest.raises(AssertionError, match=rule):
        check_detector(detector)


def test_a_detector_may_say_that_it_does_not_know():
    """NaN is the same as NaN."""
    check_detector(lambda _r, _w: [Signal(subject="x", value=float("nan"), threshold=1.0)])


def test_a_metric_that_keeps_the_rules_passes():
    """For numbers and for probabilities."""
    check_metric(lambda y, p: np.maximum(y - p, 0.0))
    check_metric(lambda y, p: (y - p) ** 2, task="binary")


@pytest.mark.parametrize(
    ("metric", "rule"),
    [
        (lambda y, p: np.abs(y - p).mean(), "one finite loss a row"),
        (lambda y, p: np.abs(y - p) / np.abs(y - p).max(), "judges a row by itself"),
        (lambda y, p: -np.abs(y - p), "better than a perfect one"),
        (lambda y, p: np.abs(y - p) * np.arange(y.size), "order of rows"),
        (lambda y, p: np.subtract(p, y, out=p) ** 2, "changes nothing"),
        (lambda y, p: np.subtract(p, y, out=y) ** 2, "changes nothing"),
    ],
)
def test_a_metric_that_breaks_a_rule_is_told_which(metric, rule):
    """By the rule's own words."""
    with pytest.raises(AssertionError, match=rule):
        check_metric(metric)
