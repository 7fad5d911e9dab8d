"""A column of the reference: what does not depend on the window is worked out once."""

import numpy as np

from keepfit.monitoring.norm_column import NormColumn, once
from keepfit.stats.profile import NumericCells, NumericProfile

CELLS = NumericCells.of(np.arange(10.0))
TOTAL = NumericProfile.of(CELLS, np.arange(10.0))


def test_a_fact_is_worked_out_once_for_each_column():
    """None is a fact too."""
    asked = []

    @once
    def fact(column):
        asked.append(column.name)

    one, other = (NormColumn.of(name, TOTAL, []) for name in ("one", "other"))
    assert [fact(one), fact(one), fact(other)] == [None] * 3
    assert asked == ["one", "other"]
