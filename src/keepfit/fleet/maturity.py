"""How far the labels of the newest windows have come, and how long labels take, as people read it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from keepfit.clock import say_duration
from keepfit.evaluation.delays import DelayCurve, LabelDelays
from keepfit.evaluation.evidence import Performance
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.monitoring.trailing import MOST_WINDOWS

#: The share of predictions by whose labels "nearly all" is meant.
NEARLY_ALL: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Maturity:
    """How far the labels of a model have come.

    Attributes:
        windows: the newest closed windows with predictions that were looked at.
        predicted: predictions in them.
        labelled: those of them whose label has come.
        share: labelled of predicted.
        half: the age by which half of all predictions had their label; None when that was not seen.
        nearly_all: the age by which 95 % had it; None likewise.
        reached: the share that had it in all the time that was seen; None when nothing is known.
        says: all of it in words.
    """

    windows: int
    predicted: int
    labelled: int
    share: float
    half: timedelta | None
    nearly_all: timedelta | None
    reached: float | None
    says: str


def maturity_of(evidence: Iterable[WindowEvidence], *, now: datetime) -> Maturity | None:
    """The maturity of the newest windows that are over; None when none of them has a prediction.

    Args:
        evidence: the newest windows of every version that answered, in any order: the more, the more is learned.
        now: labels that came later are not known yet.
    """
    closed = [one for one in evidence if one.window.end <= now and one.performance.predicted]
    starts = sorted({one.window.start for one in closed})[-MOST_WINDOWS:]
    if not starts:
        return None
    newest = [one.performance for one in closed if one.window.start >= starts[0]]
    predicted, labelled = sum(one.predicted for one in newest), sum(one.labelled.n for one in newest)
    curve = delay_curve(closed, now=now)
    half, nearly_all = curve.quantile(0.5), curve.quantile(NEARLY_ALL)
    reached = None if math.isnan(curve.most) else curve.most
    return Maturity(
        windows=len(starts),
        predicted=predicted,
        labelled=labelled,
        share=labelled / predicted,
        half=half,
        nearly_all=nearly_all,
        reached=reached,
        says=f"{labelled / predicted:.0%} have come in {_of(len(starts))}; {_pace(half, nearly_all, reached)}",
    )


def delay_curve(evidence: Sequence[WindowEvidence], *, now: datetime) -> DelayCurve:
    """What these windows say of how long labels take; those whose delays were not recorded say nothing."""
    return DelayCurve.learned(
        (one.performance.predicted, delays, now - one.window.end)
        for one in evidence
        if (delays := _delays(one.performance)) is not None
    )


def _delays(performance: Performance) -> LabelDelays | None:
    if performance.delays is None and not performance.labelled.n:
        return LabelDelays.empty()
    return performance.delays


def _of(windows: int) -> str:
    return "the newest window" if windows == 1 else f"the newest {windows} windows"


def _pace(half: timedelta | None, nearly_all: timedelta | None, reached: float | None) -> str:
    if reached is None:
        return "how long labels take is not known yet"
    if half is None:
        return f"fewer than half of all labels have come so far ({reached:.0%})"
    first = f"half come within {_said(half)}"
    if nearly_all is None:
        return f"{first}, {reached:.0%} in all so far"
    if _said(half) == _said(nearly_all):
        return f"{NEARLY_ALL:.0%} come within {_said(nearly_all)}"
    return f"{first}, {NEARLY_ALL:.0%} within {_said(nearly_all)}"


def _said(span: timedelta) -> str:
    """To the minute from an hour on: the histogram knows it no better."""
    seconds = span.total_seconds()
    grain = 60 if seconds >= 3600 else 1
    return say_duration(timedelta(seconds=max(1, round(seconds / grain) * grain)))
