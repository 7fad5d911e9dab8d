"""The charts of a page, as Vega-Lite: each is declared once, and its rows come in as a named data set.

Colours are CSS variables, so that one drawing suits a light page, a dark one and paper.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import altair as alt

from keepfit.report.file_report import Bars, ColumnReport, Histogram
from keepfit.report.histogram import values_of
from keepfit.report.wording import moment

REFERENCE: Final = "var(--reference)"
CURRENT: Final = "var(--current)"
DATA: Final = "rows"
WIDTH: Final = 640
HEIGHT: Final = 210
_FAINT: Final = "var(--faint)"
_TEXT: Final = "var(--muted)"

#: The edges of bins by scale; Vega counts times in milliseconds.
_EDGES: Final = {
    "linear": alt.X("edge:Q", title=None, scale=alt.Scale(type="linear", nice=False, zero=False)),
    "log": alt.X("edge:Q", title=None, scale=alt.Scale(type="log", nice=False)),
    "time": alt.X(
        "edge:T",
        title=None,
        scale=alt.Scale(type="utc", nice=False),
        axis=alt.Axis(tickCount=7, labelOverlap=True),
    ),
}
#: An edge as it is written, by scale.
_WRITTEN: Final = {
    "linear": "format(datum.{}, '.5~g')",
    "log": "format(datum.{}, '.5~g')",
    "time": "utcFormat(datum.{} * 1000, '%Y-%m-%d %H:%M')",
}

#: One row of a chart.
Row = Mapping[str, str | float | None]


@cache
def figures() -> dict[str, dict[str, Any]]:
    """Every kind of chart by name, without rows: `linear`, `log`, `time` and `bars`."""
    return {**{scale: _density(scale) for scale in _EDGES}, "bars": _bars()}


def still(name: str, rows: Sequence[Row]) -> str:
    """A chart as SVG, for a reader without JavaScript and for paper: what answers the mouse is left out."""
    import vl_convert

    spec = dict(figures()[name])
    if "layer" in spec:
        spec["layer"] = [layer for layer in spec["layer"] if "tooltip" not in layer["encoding"]]
    return vl_convert.vegalite_to_svg(spec | {"datasets": {DATA: list(rows)}})


def drawn(column: ColumnReport) -> list[tuple[str, list[Row]]]:
    """The charts of a column: the name of each, and its rows; none when there is nothing to draw."""
    if column.bars is not None:
        return [("bars", bar_rows(column.bars))]
    found: list[tuple[str, list[Row]]] = []
    temporal = column.kind == "time"
    if column.histogram is not None and column.histogram.edges:
        name = "time" if temporal else column.histogram.scale
        found.append((name, density_rows(column.histogram)))
    if column.histogram is not None and column.histogram.singles:
        found.append(("bars", single_rows(column.histogram, temporal=temporal)))
    return found


def density_rows(histogram: Histogram) -> list[Row]:
    """A row a bin, with the shares of both sides, and one that closes the outline."""
    totals = [max(1, values_of(histogram, side)) for side in ("reference", "current")]
    bins = zip(histogram.edges, histogram.edges[1:], histogram.reference, histogram.current, strict=False)
    rows: list[Row] = [
        {"low": low, "high": high, "reference": r / totals[0], "current": c / totals[1]}
        for low, high, r, c in bins
    ]
    return [*rows, {"low": histogram.edges[-1], "high": None, "reference": 0, "current": 0}]


def bar_rows(bars: Bars) -> list[Row]:
    """A row a value; what is counted together has none: hundreds of rare values would dwarf the others."""
    totals = (
        sum(bars.reference) + bars.other.reference + bars.unseen.reference,
        sum(bars.current) + bars.other.current + bars.unseen.current,
    )
    return _paired(bars.values, bars.reference, bars.current, totals)


def single_rows(histogram: Histogram, *, temporal: bool = False) -> list[Row]:
    """A row a value that has a bar of its own; shares are of all values."""
    return _paired(
        [moment(one.value) if temporal else f"{one.value:.10g}" for one in histogram.singles],
        [one.reference for one in histogram.singles],
        [one.current for one in histogram.singles],
        (values_of(histogram, "reference"), values_of(histogram, "current")),
    )


def _paired(
    names: Sequence[str], reference: Sequence[int], current: Sequence[int], totals: tuple[int, int]
) -> list[Row]:
    return [
        {"value": name, "reference": r / max(1, totals[0]), "current": c / max(1, totals[1])}
        for name, r, c in zip(names, reference, current, strict=True)
    ]


def _density(scale: str) -> dict[str, Any]:
    width = "(log(datum.high) - log(datum.low)) / LN10" if scale == "log" else "datum.high - datum.low"
    edge = _EDGES[scale]
    tips = [
        alt.Tooltip("from:N"),
        alt.Tooltip("to:N"),
        alt.Tooltip("reference:Q", format=".2%"),
        alt.Tooltip("current:Q", format=".2%"),
    ]
    chart = _chart().transform_calculate(
        reference_density=f"datum.high == null ? 0 : datum.reference / ({width})",
        current_density=f"datum.high == null ? 0 : datum.current / ({width})",
        edge="datum.low * 1000" if scale == "time" else "datum.low",
        until="datum.high * 1000" if scale == "time" else "datum.high",
        **{"from": _WRITTEN[scale].format("low"), "to": _WRITTEN[scale].format("high")},
    )
    height = alt.Y("reference_density:Q", title=None, axis=None)
    filled = chart.mark_area(interpolate="step-after", color=REFERENCE, opacity=0.45, aria=False).encode(
        x=edge, y=height
    )
    line = chart.mark_line(
        interpolate="step-after", color=CURRENT, strokeWidth=1.6, strokeJoin="miter", aria=False
    ).encode(x=edge, y=alt.Y("current_density:Q", title=None, axis=None))
    hover = (
        chart.transform_filter("datum.high != null")
        .mark_rect(color=CURRENT, opacity=0, aria=False)
        .encode(x=edge, x2="until", tooltip=tips)
    )
    return _spec(alt.layer(filled, line, hover).properties(width=WIDTH, height=HEIGHT))


def _bars() -> dict[str, Any]:
    tips = [
        alt.Tooltip("value:N", title="value"),
        alt.Tooltip("share:Q", format=".2%"),
        alt.Tooltip("side:N"),
    ]
    chart = (
        _chart()
        .transform_fold(["reference", "current"], as_=["side", "share"])
        .mark_bar(aria=False)
        .encode(
            y=alt.Y(
                "value:N", sort=None, title=None, axis=alt.Axis(labelLimit=180, ticks=False, domain=False)
            ),
            yOffset=alt.YOffset("side:N", sort=["reference", "current"]),
            x=alt.X("share:Q", title=None, axis=alt.Axis(format="%", tickCount=6)),
            color=alt.Color(
                "side:N",
                legend=None,
                scale=alt.Scale(domain=["reference", "current"], range=[REFERENCE, CURRENT]),
            ),
            tooltip=tips,
        )
    )
    return _spec(chart.properties(width=WIDTH, height=alt.Step(9)))


def _chart() -> alt.Chart:
    return alt.Chart(alt.NamedData(DATA))


def _spec(chart: alt.Chart | alt.LayerChart | alt.FacetChart) -> dict[str, Any]:
    configured = (
        chart.configure(background="transparent", font="inherit", padding=2)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_TEXT,
            domainColor=_FAINT,
            tickColor=_FAINT,
            gridColor=_FAINT,
            gridOpacity=0.6,
            labelFontSize=11,
        )
        .configure_axisX(grid=False, tickSize=4)
    )
    spec: dict[str, Any] = configured.to_dict(validate=True)
    # Vega-Embed is told which grammar it is: the page names no address at all.
    del spec["$schema"]
    return spec
