"""A candidate's trial: what was measured on the rows that were held out from its training."""

from dataclasses import dataclass

from keepfit.evaluation.comparison import Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Evidence for the gates.

    Attributes:
        metric: the metric of the losses.
        against: what the candidate is held against: `version 3`, or `the best constant`.
        incumbent: the number of that version; None when there was no champion.
        comparison: losses of both on the same held-out rows; None when they could not be compared.
        problem: why not.
        latency_p99_ms: how long one prediction of one row took, the 99th percentile, in milliseconds.
    """

    metric: str
    against: str
    incumbent: int | None
    comparison: Comparison | None
    problem: str = ""
    latency_p99_ms: float | None = None
