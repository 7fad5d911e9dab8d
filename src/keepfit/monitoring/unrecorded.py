"""Columns that are not recorded as they are cannot be checked, and are said not to be."""

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.stats.profile import Profile


def without(window: Profile, masked: Collection[str]) -> Profile:
    """A window's profile without columns whose nulls and hashes say nothing of what came in."""
    if not masked:
        return window
    return replace(
        window, features={name: one for name, one in window.features.items() if name not in masked}
    )


def unrecorded(window: Profile, *, redacted: Sequence[str], hashed: Sequence[str]) -> list[Finding]:
    """One finding for each feature that is not checked, which says why; insufficient data is neither well nor ill.

    Args:
        window: of all features.
        redacted, hashed: columns that are recorded as null, or as a hash.
    """
    reasons = dict.fromkeys(redacted, "redacted") | dict.fromkeys(hashed, "hashed")
    return [_unchecked(name, why, window.rows) for name, why in reasons.items() if name in window.features]


def _unchecked(name: str, why: str, rows: int) -> Finding:
    return Finding(
        check=Check.DRIFT,
        subject=name,
        statistic="none",
        value=math.nan,
        expected=math.nan,
        threshold=math.nan,
        n=rows,
        verdict=Verdict.INSUFFICIENT_DATA,
        says=f"{name} is not checked: it is {why} before it is recorded",
    )
