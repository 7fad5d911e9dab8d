"""How many rows came, and how long ago the last one did, against what is usual."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from scipy import special

from keepfit.clock import Window, say_duration, utc
from keepfit.evaluation.wording import counted
from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.monitoring.phase import phase_name, phases
from keepfit.monitoring.variation import LEAST_BLOCKS, MOST_SPREADS

#: The least change of volume that counts, as a factor: half as many, or twice as many.
LEAST_FACTOR: Final = 2.0
#: Windows of the same length that tell what is usual, at least, and at most (the newest).
LEAST_WINDOWS, MOST_WINDOWS = 4, 60
#: Two-sided: how rarely the rows of a healthy window lie further out than the threshold.
LEVEL: Final = 1e-3


def check_volume(rows: int, at: Window, past: Sequence[tuple[Window, int]]) -> Finding:
    """Alarm when far fewer or far more rows came than in past windows of the same weekday and hour.

    Rows of windows are not independent, so that counting them as chance (Poisson) alarms every day: the norm is the median
    of past windows, the spread the median absolute deviation of their logarithms from it; a change must be by a factor of at least
    two and lie beyond Student's law at one in a thousand. The few windows of one phase are a norm of their own when there
    are at least three; otherwise all are. The spread is that of all windows, each about the norm of its phase.

    Args:
        rows: of the window.
        at: the window.
        past: earlier windows of the same length and their rows; those without rows are left out.
    """
    known = [(when, n) for when, n in past if n > 0 and when.end <= at.start][-MOST_WINDOWS:]
    if len(known) < LEAST_WINDOWS:
        return _unknown(rows, len(known))
    alike, said, groups = _alike(at, known)
    usual = math.exp(float(np.median(np.log(alike))))
    reach = _spreads(len(known) - len(groups)) * math.hypot(_spread(groups), 1 / math.sqrt(usual))
    factor = max(LEAST_FACTOR, math.exp(reach))
    ratio = rows / usual
    alarm = not 1 / factor < ratio < factor
    return Finding(
        check=Check.VOLUME,
        subject="rows",
        statistic="factor",
        value=ratio,
        expected=1.0,
        threshold=factor,
        n=rows,
        verdict=Verdict.ALARM if alarm else Verdict.OK,
        says=f"{counted(rows)} came, {_times(ratio)} the usual {usual:,.0f} (median of {len(alike)} windows{said}; "
        f"a change from a factor of {factor:.2g})",
    )


def _alike(at: Window, past: Sequence[tuple[Window, int]]) -> tuple[list[int], str, list[list[int]]]:
    """Rows of the windows that are like this one, what they have in common, and the rows of all windows by phase."""
    for phase in phases(at.length):
        groups: dict[object, list[int]] = {}
        for window, rows in past:
            groups.setdefault(phase(window), []).append(rows)
        mine = groups.get(phase(at), [])
        if len(mine) >= LEAST_BLOCKS:
            return mine, phase_name(phase), list(groups.values())
    everything = [rows for _, rows in past]
    return everything, "", [everything]


def _spread(groups: Sequence[Sequence[int]]) -> float:
    """The deviation of the logarithms from the median of their group, robustly, and freed of the medians' own fit."""
    logs = [np.log(group) for group in groups]
    off = np.concatenate([one - np.median(one) for one in logs])
    fitted = off.size / max(1, off.size - len(groups))
    return 1.4826 * float(np.median(np.abs(off))) * math.sqrt(fitted)


def _spreads(freedom: int) -> float:
    return min(MOST_SPREADS, float(special.stdtrit(max(1, freedom), 1 - LEVEL / 2)))


def _times(ratio: float) -> str:
    return f"{ratio * 100:.0f} % of" if ratio < 1 else f"{ratio:.2g} times"


def _unknown(rows: int, windows: int) -> Finding:
    return Finding(
        check=Check.VOLUME,
        subject="rows",
        statistic="factor",
        value=math.nan,
        expected=1.0,
        threshold=LEAST_FACTOR,
        n=rows,
        verdict=Verdict.INSUFFICIENT_DATA,
        says=f"{counted(rows)} came; {windows} earlier {'window is' if windows == 1 else 'windows are'} too few to say "
        f"what is usual, {LEAST_WINDOWS} are needed",
    )


def check_freshness(subject: str, newest: datetime | None, *, now: datetime, within: timedelta) -> Finding:
    """Alarm when the newest row is older than it may be, or there is none.

    Args:
        subject: the column that holds the event's time.
        newest: the newest event time; None when there is no row.
        now: the moment of the check.
        within: how old the newest row may be.
    """
    if newest is None:
        says, age = f"{subject} holds no time at all", math.inf
    else:
        age = max(0.0, (utc(now) - utc(newest)).total_seconds())
        says = f"the newest {subject} is {utc(newest):%Y-%m-%d %H:%M} UTC, at most {say_duration(within)} ago is expected"
    stale = age > within.total_seconds()
    return Finding(
        check=Check.FRESHNESS,
        subject=subject,
        statistic="age in seconds",
        value=age,
        expected=0.0,
        threshold=within.total_seconds(),
        n=0,
        verdict=Verdict.ALARM if stale else Verdict.OK,
        says=says,
    )
