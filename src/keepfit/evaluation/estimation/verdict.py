"""Whether an estimator may be believed: its past estimates against what the labels said."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from keepfit.evaluation.estimation.dle import loss_of
from keepfit.evaluation.estimation.estimator import EstimatorSpec
from keepfit.evaluation.estimation.score_sums import ScoreSums
from keepfit.evaluation.estimation.sums import MaturedSums, total_matured
from keepfit.evaluation.loss import Floats
from keepfit.stats.intervals import normal_quantile
from keepfit.stats.numeric_profile import Counts

#: Judged are the newest windows: what failed a month ago may be repaired, and old good days hide no new failure.
RECENT: Final = 7
#: The chance that one judgement refuses an estimator that is right. By the union bound at most one in twenty such
#: estimators is refused in fifty judgements, however they hang together.
ALPHA: Final = 0.001
#: Cohen's w, below which a difference between shares is less than small (Cohen 1988, Statistical Power Analysis, ch. 7).
SMALL_EFFECT: Final = 0.1
#: A band of scores is compared when chance moves the number of its positives by this much, squared.
_LEAST_VARIANCE: Final = 10.0
_MOST_BANDS: Final = 10

_ASSUMES: Final = "it assumes no concept drift: that rows alike in their inputs have outcomes as they had"


class Trust(StrEnum):
    """The three answers."""

    PROVEN = "proven"
    NOT_KNOWN_YET = "not known yet"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateVerdict:
    """What an estimator's past says of its next estimate.

    Attributes:
        trust: proven by labels, not known yet, or refused.
        says: why, in a sentence; what it assumes is said with it.
        past_error: how far its estimates of a window were from what came true, on average over the labelled rows, in
            the metric's unit; NaN while that is not known.
        relative_error: the same as a share of what came true.
        windows: windows with labels that this rests on.
    """

    trust: Trust
    says: str
    past_error: float
    relative_error: float
    windows: int

    @property
    def usable(self) -> bool:
        """Whether its estimates may be shown and acted on, with the sentence beside them."""
        return self.trust is not Trust.REFUSED


def judge_estimator(
    matured: Sequence[MaturedSums], spec: EstimatorSpec, *, min_rows: int = 100, floor: float = 0.1
) -> EstimateVerdict:
    """Whether the estimates of the newest windows with labels were borne out.

    It is refused when they were not, by more than chance explains and by more than a person would mind, in one of two
    ways. The mean loss: realised against expected on the same rows, by a z test, and apart by more than `floor`. The
    calibration of a classification: positives observed against expected in up to ten bands of score, by a
    chi-square test (Hosmer and Lemeshow 1980, Communications in Statistics A9, 1043-1069), and of more than a small
    effect. Both count in what the estimator itself could not know, having learned from so many held-out rows.

    Looked at are the last seven windows together, and as few of the newest as hold `min_rows` rows: a failure that
    is large shows at once. What single days do by themselves averages out over k of them, so that both floors are
    for seven windows and √(7 / k) times as high for fewer.

    Args:
        matured: one a window, oldest first; windows without labels are passed over.
        spec: of the estimator.
        min_rows: fewer labelled rows than this in the newest windows tell nothing.
        floor: 0.1 is ten per cent, in the metric's own unit.
    """
    labelled = [one for one in matured if one.n]
    recent = labelled[-RECENT:]
    rows = sum(one.n for one in recent)
    if rows < min_rows:
        says = (
            f"its error is not known yet: {rows:,} labelled rows so far, {min_rows:,} are needed; {_ASSUMES}"
        )
        return _verdict(Trust.NOT_KNOWN_YET, says, (math.nan, math.nan), len(labelled))
    past = _past_error(labelled, spec)
    reason = _refutation(recent, spec, min_rows=min_rows, floor=floor)
    if reason:
        return _verdict(Trust.REFUSED, f"not to be believed now: {reason}", past, len(labelled))
    where = f"{len(labelled)} windows with labels" if len(labelled) > 1 else "one window with labels"
    says = f"its estimates were off by {_said(past[0])} ({past[1]:.0%}) on average over {where}; {_ASSUMES}"
    return _verdict(Trust.PROVEN, says, past, len(labelled))


def _verdict(trust: Trust, says: str, past: tuple[float, float], windows: int) -> EstimateVerdict:
    return EstimateVerdict(
        trust=trust, says=says, past_error=past[0], relative_error=past[1], windows=windows
    )


def _refutation(recent: Sequence[MaturedSums], spec: EstimatorSpec, *, min_rows: int, floor: float) -> str:
    """Why these windows refute the estimator; empty when they do not."""
    rows = np.cumsum([one.n for one in reversed(recent)])
    newest = int(np.searchsorted(rows, min_rows)) + 1
    spans = sorted({newest, len(recent)})
    for span in spans:
        together = total_matured(recent[-span:])
        alpha = ALPHA / (1 + len(together.positives)) / len(spans)
        height = math.sqrt(RECENT / span)
        reason = _loss_failed(together, spec, alpha, floor * height) or _calibration_failed(
            together, spec, alpha, SMALL_EFFECT * height
        )
        if reason:
            return reason
    return ""


def _past_error(labelled: Sequence[MaturedSums], spec: EstimatorSpec) -> tuple[float, float]:
    """The mean distance between estimate and outcome of a window, weighted by rows; and as a share of the outcome."""
    rows = np.array([one.realised.n for one in labelled], dtype=np.float64)
    realised = np.array([_shown(spec, one.realised.mean) for one in labelled])
    expected = np.array([_shown(spec, one.realised.mean - one.difference.mean) for one in labelled])
    known = np.isfinite(realised) & np.isfinite(expected)
    if not known.any():
        return math.nan, math.nan
    error = float(np.average(np.abs(realised - expected)[known], weights=rows[known]))
    size = float(np.average(np.abs(realised)[known], weights=rows[known]))
    return error, error / size if size else math.inf if error else 0.0


def _loss_failed(recent: MaturedSums, spec: EstimatorSpec, alpha: float, floor: float) -> str:
    """Why the mean loss refutes the estimator; empty when it does not.

    The error of the difference is the larger of what the losses showed and what the estimator itself expected: of a
    few skewed losses the first alone is often too small.
    """
    n, own = recent.realised.n, recent.expected.losses[loss_of(spec.metric)]
    seen = recent.difference.standard_error
    learned = spec.held_out.realised.standard_error
    error = math.hypot(max(seen, own.scatter), learned if math.isfinite(learned) else 0.0)
    gap = recent.difference.mean
    realised = _shown(spec, recent.realised.mean)
    expected = _shown(spec, recent.realised.mean - gap)
    apart = abs(realised - expected) > floor * abs(expected)
    if not apart or abs(gap) <= normal_quantile(1 - alpha / 2) * error:
        return ""
    return (
        f"on the {n:,} newest rows with labels it expected {spec.metric} {_said(expected)}, and it was {_said(realised)}: "
        "the link from inputs to outcomes is not the one that it learned"
    )


def _calibration_failed(recent: MaturedSums, spec: EstimatorSpec, alpha: float, effect: float) -> str:
    """Why observed positives refute the estimator; empty when they do not."""
    for name, positives in recent.positives.items():
        scores = recent.expected.scores[name]
        learned = spec.held_out.expected.scores[name]
        worst = _miscalibrated(positives, scores, learned, alpha, effect)
        if worst:
            what = "positives" if len(recent.positives) == 1 else f"rows of class '{name}'"
            return (
                f"{worst[0]:,} {what} came where {worst[1]:,.0f} were expected, {worst[2]}: "
                "the link from inputs to outcomes is not the one that it learned"
            )
    return ""


def _miscalibrated(
    positives: Counts, scores: ScoreSums, learned: ScoreSums, alpha: float, least: float
) -> tuple[int, float, str] | None:
    """The band of scores that is furthest from what was expected, when all of them together refute it."""
    from scipy.special import chdtri

    starts = _bands(scores.variance)
    observed, expected, variance, rows, total = (
        np.add.reduceat(one, starts)
        for one in (positives, scores.chances, scores.variance, scores.counts, scores.scores)
    )
    gaps = observed - expected
    # Cohen's w², less what chance alone makes it.
    effect = (_ratio(gaps**2, variance).sum() - starts.size) / max(1, int(rows.sum()))
    if effect <= least**2:
        return None
    parts = _ratio(gaps**2, variance + _untaught(rows, learned, starts))
    if parts.sum() <= chdtri(starts.size, alpha):
        return None
    worst = int(parts.argmax())
    where = f"of {int(rows[worst]):,} rows with a score about {total[worst] / max(1, rows[worst]):.2f}"
    return int(observed[worst]), float(expected[worst]), where


def _untaught(rows: Counts, learned: ScoreSums, starts: Counts) -> Floats:
    """What the expectations of `rows` rows a band may be wrong by, squared: their chances were learned from so many rows.

    One further row of either kind is added to those (Laplace): of a band without any positive the chance is not known
    to be 0.
    """
    taught, positives = (np.add.reduceat(one, starts) for one in (learned.counts, learned.chances))
    chance = (positives + 1) / (taught + 2)
    found: Floats = rows**2 * chance * (1 - chance) / (taught + 2)
    return found


def _bands(variance: Floats) -> Counts:
    """The first cells of up to ten bands of about equal variance, each with enough of it to speak."""
    until = np.cumsum(variance)
    bands = int(min(_MOST_BANDS, max(1, until[-1] // _LEAST_VARIANCE)))
    levels = until[-1] * np.arange(1, bands) / bands
    return np.unique(np.append(0, np.searchsorted(until, levels, side="right"))).astype(np.int64)


def _ratio(top: Floats, bottom: Floats) -> Floats:
    """`top / bottom`; where nothing may vary, 0 if nothing did and infinite if something did."""
    return np.divide(top, bottom, out=np.where(top > 0, np.inf, 0.0), where=bottom > 0)


def _shown(spec: EstimatorSpec, mean_loss: float) -> float:
    """In the metric's unit: the root for RMSE."""
    return math.sqrt(max(0.0, mean_loss)) if spec.metric == "rmse" else mean_loss


def _said(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"
