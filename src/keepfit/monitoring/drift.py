"""Has the world moved? Each feature's distribution against the reference, through three floors at once."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from keepfit.monitoring.evidence import WindowEvidence
from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.monitoring.policy import Monitor
from keepfit.monitoring.reference import Reference
from keepfit.monitoring.rise import percent
from keepfit.monitoring.variation import largest_psi
from keepfit.stats.categorical_profile import COARSE_TOP
from keepfit.stats.distances import ks, psi, shares
from keepfit.stats.multiple_testing import benjamini_hochberg
from keepfit.stats.noise import null_distribution, p_value
from keepfit.stats.profile import CategoricalProfile, NumericProfile

#: Draws that tell what noise makes of the statistic, for every feature …
FEW_DRAWS = 99
#: … and at least so many for the p-value of a feature that passes the other two floors.
MANY_DRAWS = 999
#: Inputs and predictions are two families of tests, which share the false alarms that are allowed.
FAMILIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """One feature in the window and in the reference.

    Attributes:
        window, total: its profiles.
        excess: the stability index above the median of what noise makes of it.
        natural: what the reference's blocks reach.
        threshold: what `excess` has to pass.
        p: the chance of the index when nothing changed.
    """

    window: NumericProfile | CategoricalProfile
    total: NumericProfile | CategoricalProfile
    excess: float
    natural: float
    threshold: float
    p: float


def check_drift(
    reference: Reference, evidence: WindowEvidence, monitor: Monitor, *, seed: int
) -> list[Finding]:
    """One finding a feature, on the population stability index over coarse cells (deciles, or the top 20 categories).

    It alarms when three floors are passed at once:

    1. sampling noise: against the null distribution at this window's number of rows, by resampling, with
       Benjamini and Hochberg's procedure over the features at half the rate `monitor.false_alarms`, of which the other
       half is the predictions';
    2. natural variation: by half of `monitor.drift` above the largest index of any of the reference's blocks of at
       least 50 rows against all other blocks, so that weekdays are not drift;
    3. size: the index above the median that noise alone makes is more than `monitor.drift`.

    The verdict is the same for the same evidence and `seed`.
    """
    total = reference.total
    windows = evidence.traffic.features
    blocks = {name: [block.features[name] for _, block in reference.blocks] for name in windows}
    if evidence.traffic.rows < monitor.min_rows or not total.rows:
        return [_insufficient(Check.DRIFT, name, evidence.traffic.rows, monitor) for name in windows]
    draws = _draws(len(windows), monitor.false_alarms)
    compared = {
        name: _compare(window, total.features[name], blocks[name], monitor, seed=seed, draws=draws)
        for name, window in windows.items()
    }
    return _judged(Check.DRIFT, compared, monitor)


def check_prediction_drift(
    reference: Reference, evidence: WindowEvidence, monitor: Monitor, *, seed: int
) -> list[Finding]:
    """One finding on the version's predictions, held against those on its held-out rows like a feature."""
    window, total = evidence.predictions, reference.prediction_total
    if window.rows < monitor.min_rows or not total.rows:
        return [_insufficient(Check.PREDICTION_DRIFT, "prediction", window.rows, monitor)]
    blocks = [block for _, block in reference.prediction_blocks]
    draws = _draws(1, monitor.false_alarms)
    compared = _compare(window, total, blocks, monitor, seed=seed, draws=draws)
    return _judged(Check.PREDICTION_DRIFT, {"prediction": compared}, monitor)


def _draws(tests: int, rate: float) -> int:
    """Enough for one feature among many to be significant: the least p-value is 1 / (1 + draws)."""
    return max(MANY_DRAWS, math.ceil(1.25 * tests * FAMILIES / rate))


def _compare(
    window: NumericProfile | CategoricalProfile,
    total: NumericProfile | CategoricalProfile,
    blocks: Sequence[NumericProfile | CategoricalProfile],
    monitor: Monitor,
    *,
    seed: int,
    draws: int,
) -> _Compared:
    expected, found = total.coarse(), window.coarse()
    observed = float(psi(expected, found))
    null = null_distribution(expected, window.rows, seed=seed, draws=FEW_DRAWS)
    natural = largest_psi(np.stack([block.coarse() for block in blocks]))
    excess = max(0.0, observed - float(np.median(null)))
    threshold = max(monitor.drift, natural + monitor.drift / 2)
    if excess > threshold:
        # Only here does the p-value decide, and only here does a fine one pay.
        null = null_distribution(expected, window.rows, seed=seed + 1, draws=draws)
    return _Compared(
        window=window,
        total=total,
        excess=excess,
        natural=natural,
        threshold=threshold,
        p=p_value(observed, null),
    )


def _judged(check: Check, compared: Mapping[str, _Compared], monitor: Monitor) -> list[Finding]:
    significant = benjamini_hochberg([one.p for one in compared.values()], monitor.false_alarms / FAMILIES)
    return [
        _finding(check, name, one, alarm=clear and one.excess > one.threshold)
        for (name, one), clear in zip(compared.items(), significant, strict=True)
    ]


def _finding(check: Check, name: str, one: _Compared, *, alarm: bool) -> Finding:
    verb = "moved" if alarm else "is where it was"
    return Finding(
        check=check,
        subject=name,
        statistic="psi",
        value=one.excess,
        expected=one.natural,
        threshold=one.threshold,
        n=one.window.rows,
        verdict=Verdict.ALARM if alarm else Verdict.OK,
        says=f"{name} {verb}: PSI {one.excess:.2f} above noise in {one.window.rows:,} rows (p {one.p:.2g}; a change "
        f"from {one.threshold:.2f}; windows of the reference reach {one.natural:.2f}); {_change(one)}",
    )


def _change(one: _Compared) -> str:
    """What moved most, in words."""
    if isinstance(one.window, NumericProfile) and isinstance(one.total, NumericProfile):
        new, old = one.window.quantile(0.5), one.total.quantile(0.5)
        if not (one.window.n and one.total.n):
            return f"{percent(one.window.nulls / one.window.rows)} are null"
        return f"KS {float(ks(one.total.counts, one.window.counts)):.2f}, median {new:.3g}, was {old:.3g}"
    new_shares, old_shares = shares(one.window.coarse()), shares(one.total.coarse())
    cell = int(np.argmax(np.abs(new_shares - old_shares)))
    values = one.window.cells.values[:COARSE_TOP] if isinstance(one.window, CategoricalProfile) else ()
    names = [*(repr(value) for value in values), "other values", "values never seen before", "nulls"]
    return f"{names[cell]}: {percent(float(new_shares[cell]))}, was {percent(float(old_shares[cell]))}"


def _insufficient(check: Check, name: str, rows: int, monitor: Monitor) -> Finding:
    return Finding(
        check=check,
        subject=name,
        statistic="psi",
        value=math.nan,
        expected=math.nan,
        threshold=monitor.drift,
        n=rows,
        verdict=Verdict.INSUFFICIENT_DATA,
        says=f"{name}: {rows:,} rows tell no drift; {monitor.min_rows:,} are needed, and a reference",
    )
