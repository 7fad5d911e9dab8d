"""Adding to the evidence of a window what is new in the lake, so that a row is read once, and a late label is one row's work.

Sums add up whatever the parts, with one limit: which single values are frequent (a new sentinel, a new category) is told by
those that repeat within a part, and in a part of a few rows nothing does. Rows that were added a few at a time are counted
as *loose*. Where they are many, the window is made anew before anything is judged by it, so that verdicts do not depend on
how often somebody drained.
"""

from dataclasses import replace
from typing import Final

import polars as pl

from keepfit.clock import Window
from keepfit.evaluation.estimation.sums import EstimateSums
from keepfit.evaluation.evidence import Performance
from keepfit.monitoring.evidence import WindowEvidence, Yardstick, window_evidence
from keepfit.monitoring.expectation import Expectation, added, matured_of
from keepfit.monitoring.realised import realised_performance
from keepfit.predictions.batches import Batches
from keepfit.predictions.news import CAME, CORRECTED, MATURED
from keepfit.stats.profile_stack import merge_profiles

#: Parts of so many rows tell their frequent values well enough.
WHOLE_PART: Final = 8_192
#: A value that takes a smaller share of the rows need not be noticed (see `keepfit.stats.numeric_kernel`).
_NOTICED: Final = 256


def made_of(
    rows: pl.DataFrame, by: Yardstick, *, model: str, version: int, window: Window, seen: Batches
) -> WindowEvidence:
    """The evidence of a version in a window, in one go; see `window_evidence`.

    Args:
        rows: labelled predictions of the window, of the batches in `seen`.
        by: what it is measured by.
        model, version, window: whose.
        seen: the batches of the lake that were looked at.
    """
    made = window_evidence(
        rows,
        model=model,
        version=version,
        window=window,
        reference=by.reference,
        features=by.features,
        slices=by.slices,
        metric=by.metric,
        batch=seen.through,
        estimator=by.estimator,
    )
    return replace(made, beyond=seen if seen.open else None)


def add_news(
    known: WindowEvidence, news: pl.DataFrame, by: Yardstick, *, window: Window, seen: Batches
) -> WindowEvidence | None:
    """The evidence of a version with what is new in its window.

    Args:
        known: what there is.
        news: see `keepfit.predictions.news`; of the window, since `known`.
        by: what it is measured by.
        window: as the model's windows are now.
        seen: the batches of the lake that are in it then.

    Returns:
        None when it has to be made anew: a label of this version was corrected (extremes and clipped sums cannot be taken
        back), or what there is was counted otherwise.
    """
    mine = news.filter(pl.col("version") == known.version)
    if known.window != window or (mine["news"] == CORRECTED).any() or _lacks(known, by):
        return None
    came = news.filter(pl.col("news") == CAME)
    part = made_of(came, by, model=known.model, version=known.version, window=window, seen=seen)
    late = mine.filter(pl.col("news") == MATURED, pl.col("prediction").is_not_null())
    performance = part.performance + _of_labels(late, by, window)
    if not _same_slices(known.performance, performance):
        return None
    try:
        return replace(
            part,
            traffic=merge_profiles([known.traffic, part.traffic]),
            predictions=known.predictions + part.predictions,
            performance=known.performance + performance,
            failed=known.failed + part.failed,
            served=known.served + part.served,
            expectation=added(added(known.expectation, part.expectation), _matured(late, by)),
            loose=known.loose + (part.traffic.rows if part.traffic.rows < WHOLE_PART else 0),
        )
    except ValueError:  # counted in other cells than the version has now
        return None


def unsettled(evidence: WindowEvidence) -> bool:
    """Whether so many rows were added a few at a time that a frequent value may go unnoticed."""
    return evidence.loose * _NOTICED > evidence.traffic.rows


def _of_labels(late: pl.DataFrame, by: Yardstick, window: Window) -> Performance:
    """What labels say of rows that are counted already."""
    found = realised_performance(
        late, window=window, reference=by.reference, slices=by.slices, metric=by.metric
    )
    return replace(found, predicted=0)


def _matured(late: pl.DataFrame, by: Yardstick) -> Expectation | None:
    if by.estimator is None or late.is_empty():
        return None
    return Expectation(estimate=EstimateSums(), matured=matured_of(late, by.estimator, by.features))


def _lacks(known: WindowEvidence, by: Yardstick) -> bool:
    """Whether it was made before something was counted that is counted now: the sum would be of a part of the rows."""
    done = known.performance
    return (known.expectation is None) != (by.estimator is None or not done.predicted) or (
        done.labelled.n > 0 and (done.metrics is None or done.delays is None)
    )


def _same_slices(known: Performance, more: Performance) -> bool:
    """Whether both were split by the same columns: the model's file may have changed."""
    names = [{name.partition("=")[0] for name in one.slices} for one in (known, more)]
    return names[0] == names[1] or not (known.labelled.n and more.labelled.n)
