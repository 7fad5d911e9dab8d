"""Enough evidence to speak: the newest windows, summed until they hold enough rows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce

from keepfit.clock import Window
from keepfit.evaluation.evidence import Performance
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.monitoring.expectation import added
from keepfit.stats.profile import NumericProfile
from keepfit.stats.profile_stack import merge_profiles

MOST_WINDOWS = 7


def newest_with(evidence: Sequence[WindowEvidence], min_rows: int) -> list[WindowEvidence]:
    """The newest windows, as few as hold `min_rows` rows together, and at most a week of daily ones; oldest first."""
    taken: list[WindowEvidence] = []
    rows = 0
    for window in reversed(evidence[-MOST_WINDOWS:]):
        taken.append(window)
        rows += window.traffic.rows
        if rows >= min_rows:
            break
    return taken[::-1]


def performance_since(evidence: Sequence[WindowEvidence], since: datetime) -> Performance:
    """The sum of the windows that begin at `since` or later."""
    return sum((one.performance for one in evidence if one.window.start >= since), Performance())


def span(evidence: Sequence[WindowEvidence]) -> Window:
    """From the start of the first window to the end of the last."""
    return Window(evidence[0].window.start, evidence[-1].window.end)


def summed(evidence: Sequence[WindowEvidence]) -> WindowEvidence:
    """The windows of one version as one: the evidence of a week is the sum of its days."""
    first, *others = evidence
    return replace(
        first,
        window=span(evidence),
        # The inputs are most of the evidence: they are added in one go.
        traffic=merge_profiles([one.traffic for one in evidence]),
        predictions=NumericProfile.merge([one.predictions for one in evidence]),
        performance=sum((one.performance for one in others), first.performance),
        failed=sum(one.failed for one in evidence),
        served=sum(one.served for one in evidence),
        batch=max(one.batch for one in evidence),
        expectation=reduce(added, (one.expectation for one in evidence)),
        beyond=None,
        loose=sum(one.loose for one in evidence),
    )
