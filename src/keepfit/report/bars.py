"""Two categorical profiles as paired bars."""

from typing import Final

import numpy as np

from keepfit.report.file_report import Bars, CountPair
from keepfit.stats.categorical_profile import CategoricalProfile
from keepfit.stats.numeric_profile import Counts

#: Values of the reference with a bar of their own: the most frequent, and then those that changed most.
FREQUENT: Final = 8
MOST: Final = 12
#: Values that the reference never held, likewise.
NEW: Final = 4


def bars(reference: CategoricalProfile, current: CategoricalProfile) -> Bars:
    """The values that matter and their rows on both sides, by how frequent they are in the reference; new ones last."""
    shown = _shown(reference, current)
    new = current.named[:NEW]
    known = [reference.cells.values[i] for i in shown]
    named = sum(count for _, count in new)
    return Bars(
        values=tuple(reference.cells.written(value) for value in (*known, *(value for value, _ in new))),
        reference=(*(int(reference.counts[i]) for i in shown), *(0 for _ in new)),
        current=(*(int(current.counts[i]) for i in shown), *(count for _, count in new)),
        other=CountPair(reference=_other(reference, shown), current=_other(current, shown)),
        unseen=CountPair(current=current.unseen - named),
    )


def _shown(reference: CategoricalProfile, current: CategoricalProfile) -> list[int]:
    """Places of the values with a bar of their own."""
    gap = np.abs(_shares(reference.counts, reference.n) - _shares(current.counts, current.n))
    moved = [int(i) for i in np.argsort(-gap, kind="stable") if i >= FREQUENT and gap[i] > 0]
    frequent = list(range(min(FREQUENT, gap.size)))
    return sorted([*frequent, *moved[: MOST - FREQUENT]])


def _shares(counts: Counts, n: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return counts.astype(np.float64).ravel() / max(1, n)


def _other(profile: CategoricalProfile, shown: list[int]) -> int:
    return profile.other + int(profile.counts.sum()) - int(profile.counts[shown].sum())
