"""A distribution in the height of a line of text: the reference filled, the current file a line."""

from typing import Final

import numpy as np

from keepfit.report.file_report import Bars, ColumnReport, Histogram
from keepfit.report.histogram import densities, values_of
from keepfit.stats.numeric_cells import Floats

WIDTH: Final = 132
HEIGHT: Final = 22
#: Between the two bars of a pair, and between pairs, as shares of a pair's room.
_BAR: Final = 0.38


def sparkline(column: ColumnReport) -> str:
    """The inside of an SVG of 132 by 22 units: paths of the classes `r` and `c`; empty when there is nothing to draw."""
    if column.bars is not None:
        return _pairs(*_shares(column.bars))
    if column.histogram is not None and column.histogram.edges:
        return _steps(column.histogram)
    if column.histogram is not None and column.histogram.singles:
        return _pairs(*_single_shares(column.histogram))
    return ""


def _steps(histogram: Histogram) -> str:
    edges = np.array(histogram.edges)
    places = np.log10(edges) if histogram.scale == "log" else edges
    x = (places - places[0]) / (places[-1] - places[0]) * WIDTH
    heights = [densities(histogram, side) for side in ("reference", "current")]
    top = max(float(one.max(initial=0.0)) for one in heights)
    if not top:
        return ""
    filled, line = (_outline(x, HEIGHT * (1 - one / top)) for one in heights)
    return f'<path class="r" d="{filled}"/><path class="c" d="{line}"/>'


def _outline(x: Floats, y: Floats) -> str:
    steps = "".join(f"V{_unit(top)}H{_unit(right)}" for top, right in zip(y, x[1:], strict=True))
    return f"M0 {HEIGHT}{steps}V{HEIGHT}"


def _shares(bars: Bars) -> tuple[Floats, Floats]:
    totals = [
        max(1, sum(getattr(bars, side)) + getattr(bars.other, side) + getattr(bars.unseen, side))
        for side in ("reference", "current")
    ]
    return np.array(bars.reference) / totals[0], np.array(bars.current) / totals[1]


def _single_shares(histogram: Histogram) -> tuple[Floats, Floats]:
    reference = np.array([one.reference for one in histogram.singles], np.float64)
    current = np.array([one.current for one in histogram.singles], np.float64)
    return reference / max(1, values_of(histogram, "reference")), current / max(
        1, values_of(histogram, "current")
    )


def _pairs(reference: Floats, current: Floats) -> str:
    top = max(float(reference.max(initial=0.0)), float(current.max(initial=0.0)))
    if not top:
        return ""
    room = min(WIDTH / reference.size, 24.0)
    first = "".join(_bar(i * room, room, height / top) for i, height in enumerate(reference))
    second = "".join(_bar((i + _BAR) * room, room, height / top) for i, height in enumerate(current))
    return f'<path class="r" d="{first}"/><path class="c full" d="{second}"/>'


def _bar(left: float, room: float, height: float) -> str:
    if not height:
        return ""
    tall = _unit(height * HEIGHT)
    return f"M{_unit(left)} {HEIGHT}v-{tall}h{_unit(room * _BAR)}v{tall}z"


def _unit(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
