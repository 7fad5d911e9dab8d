"""Every distance between the profiles of one column: what a report shows of a reference and a window."""

import math
from dataclasses import dataclass
from typing import Final

from keepfit.stats import distances as between
from keepfit.stats.categorical_profile import CategoricalProfile
from keepfit.stats.numeric_profile import NumericProfile

#: Central shares of the values whose span is taken for the spread, and that span of a normal law in standard deviations.
SPANS: Final = ((0.5, 1.349), (0.8, 2.563), (0.98, 4.653), (0.998, 6.180))


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """How far a window lies from a reference, in every way that applies.

    NaN where a side has no rows; None where the distance is of numbers and the column is a category.

    Attributes:
        psi, jensen_shannon, hellinger, total_variation, l_infinity, cramers_v: over the coarse cells, nulls among
            them, as drift is checked: deciles and bold values, or the 20 most frequent categories.
        chi_square: likewise.
        degrees: of freedom of `chi_square`.
        ks: of the values, over all cells.
        wasserstein: of the values, in their unit.
        scaled: `wasserstein` over `scale`: for a normal law that moved, by how many of its standard deviations.
        scale: the reference's spread, see `robust_scale`.
    """

    psi: float
    jensen_shannon: float
    hellinger: float
    total_variation: float
    l_infinity: float
    cramers_v: float
    chi_square: float
    degrees: int
    ks: float | None = None
    wasserstein: float | None = None
    scaled: float | None = None
    scale: float | None = None


def distances(
    reference: NumericProfile | CategoricalProfile, window: NumericProfile | CategoricalProfile
) -> Distances:
    """Every distance that applies to two profiles of one column.

    Raises:
        ValueError: they were counted in different cells, so that no distance can be told.

    >>> import numpy as np
    >>> from keepfit.stats.numeric_cells import NumericCells
    >>> values = np.arange(1000.0)
    >>> cells = NumericCells.of(values)
    >>> found = distances(NumericProfile.of(cells, values), NumericProfile.of(cells, values + 100))
    >>> round(found.ks, 2), round(found.wasserstein), round(found.scaled, 2)
    (0.1, 100, 0.27)
    """
    if reference.cells != window.cells:
        raise ValueError(
            "profiles with different cells cannot be held against each other: profile both in the same cells"
        )
    found = between.cell_distances(reference.coarse(), window.coarse())
    ks = moved = scale = relative = None
    if isinstance(reference, NumericProfile) and isinstance(window, NumericProfile):
        ks = float(between.ks(reference.counts, window.counts))
        moved, scale = between.wasserstein(reference, window), robust_scale(reference)
        relative = moved / scale
    return Distances(
        psi=float(found.psi),
        jensen_shannon=float(found.jensen_shannon),
        hellinger=float(found.hellinger),
        total_variation=float(found.total_variation),
        l_infinity=float(found.l_infinity),
        cramers_v=float(found.cramers_v),
        chi_square=float(found.chi_square.statistic),
        degrees=int(found.chi_square.degrees),
        ks=ks,
        wasserstein=moved,
        scaled=relative,
        scale=scale,
    )


def robust_scale(profile: NumericProfile) -> float:
    """The reference's spread as a standard deviation that outliers cannot move, in the unit of the values.

    That of its cells (see `keepfit.stats.numeric_cells.robust_spread`): the interquartile range over 1.349, which for a
    normal law is its standard deviation; where that is 0, likewise the central 80 %, 98 % or 99.8 %; then the median
    distance of what lies off the median; 1 when all values are equal. In cells that do not know it, the same read off
    the quantiles of the profile. NaN without values.

    >>> import numpy as np
    >>> from keepfit.stats.numeric_cells import NumericCells
    >>> values = np.append(np.zeros(900), np.arange(100))
    >>> round(robust_scale(NumericProfile.of(NumericCells.of(values), values)))
    19
    """
    if profile.minimum is None:
        return math.nan
    if profile.cells.scale is not None:
        return profile.cells.scale
    spans = (
        (profile.quantile(0.5 + share / 2) - profile.quantile(0.5 - share / 2)) / wide
        for share, wide in SPANS
    )
    return next((span for span in spans if span > 0), 1.0)
