"""The report as one HTML file: it opens from a disk, without a network, and reads without JavaScript."""

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from keepfit.report.figures import drawn, figures, still
from keepfit.report.file_report import ColumnReport, FileReport, Histogram
from keepfit.report.sparkline import sparkline
from keepfit.report.wording import chance, count, moment, number, share

#: Columns that alarm are shown open, with drawings that need no JavaScript, up to this many.
OPENED: Final = 40
#: The distance that a column's line shows.
DISTANCE: Final = "total variation"

#: Checks of which it is told that they could say nothing; a column without a unit is no news.
_TELLING: Final = frozenset({"traffic", "drift", "performance"})
_VERDICTS: Final = {"ok": "as before", "alarm": "changed", "insufficient data": "unknown"}
_ESCAPES: Final = {
    "&": "\\u0026",
    "<": "\\u003c",
    ">": "\\u003e",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def html_page(report: FileReport, data: str) -> str:
    """The page.

    Args:
        report: what to show; every number on the page is one of its.
        data: the report as JSON, which the page carries and its charts are drawn from.
    """
    bundle, script = _vega(), _asset("page.js")
    schema = [one for one in report.findings if one.check == "schema"]
    same = [one.subject for one in schema] == ["columns"]
    pairs = [one for one in report.findings if one.check == "correlation"]
    opened = [i for i, column in enumerate(report.columns) if column.alarms][:OPENED]
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            places={column.name: i for i, column in enumerate(report.columns)},
            unsure=[
                one for one in report.findings if one.verdict == "insufficient data" and one.check in _TELLING
            ],
            told=[one for one in schema if one.verdict == "ok" and not same],
            same_schema=schema if same else [],
            correlations=[one for one in pairs if one.statistic == "correlation"],
            other_pairs=[one for one in pairs if one.statistic != "correlation"],
            opened=OPENED,
            distance=DISTANCE,
            verdicts=_VERDICTS,
            reading=_reading(report),
            settings=_settings(report),
            labels=[_label(column) for column in report.columns],
            captions=[_caption(column) for column in report.columns],
            sparklines=[Markup(sparkline(column)) for column in report.columns],  # noqa: S704 - made of numbers alone
            stills={i: _still(report.columns[i]) for i in opened},
            css=Markup(_asset("page.css")),  # noqa: S704 - a file of keepfit's own, like the next ones
            js=Markup(script),  # noqa: S704
            bundle=Markup(bundle),  # noqa: S704
            hashes=Markup(f"'{_digest(bundle)}' '{_digest(script)}'"),  # noqa: S704
            data=embedded(data),
            figures=embedded(json.dumps(figures())),
        )
    )


def embedded(text: str) -> Markup:
    r"""JSON that may stand in a script element, whatever its texts say.

    >>> print(embedded('"</script>"'))
    "\u003c/script\u003e"
    """
    for char, escape in _ESCAPES.items():
        text = text.replace(char, escape)
    return Markup(text)  # noqa: S704 - nothing in it can end the element any more


def _still(column: ColumnReport) -> Markup:
    return Markup("".join(still(name, rows) for name, rows in drawn(column)))  # noqa: S704 - vega escapes its texts


def _reading(report: FileReport) -> str:
    natural = (
        f", by more than its own {report.settings.block}s differ from each other"
        if report.settings.block
        else ""
    )
    return (
        "A column changed when it differs from the reference by more than chance explains"
        f"{natural}, and by enough to matter; the worst come first. In every chart the filled shape is the reference and "
        "the line (or the second bar) the current file, and areas are shares of the rows that hold a value."
    )


def _label(column: ColumnReport) -> str:
    return f"The distribution of {column.name} in both files. {column.says}"


def _caption(column: ColumnReport) -> str:
    if column.bars is not None:
        other, new = column.bars.other, column.bars.unseen
        notes = ["Shares of the rows that hold a value."]
        if other.reference or other.current:
            notes.append(
                f"Other values: {count(other.reference)} rows, and {count(other.current)} current ones."
            )
        if new.current:
            notes.append(f"Other new values: {count(new.current)} rows.")
        return " ".join(notes)
    if column.histogram is None or not drawn(column):
        return "Neither file holds a value to draw."
    notes = (
        [] if not column.histogram.singles else ["Single values that many rows hold have bars of their own."]
    )
    if column.histogram.edges:
        scale = ", on a logarithmic scale" if column.histogram.scale == "log" else ""
        notes.insert(0, f"Areas are shares{scale}.")
    return " ".join([*notes, *_outside(column.histogram)])


def _outside(histogram: Histogram) -> list[str]:
    below, above = histogram.below, histogram.above
    if not any((below.reference, below.current, above.reference, above.current)):
        return []
    under = f"{count(below.reference)} and {count(below.current)} rows below"
    over = f"{count(above.reference)} and {count(above.current)} above"
    return [f"Outside the picture: {under}, {over} (reference and current)."]


def _settings(report: FileReport) -> list[tuple[str, str]]:
    one = report.settings
    blocks = (
        f"{count(one.blocks)} blocks of one {one.block}"
        if one.block
        else "not taken into account: no time column"
    )
    named = [
        ("time", one.time),
        ("id", one.id),
        ("target", one.target),
        ("prediction", one.prediction),
        ("score", one.score),
        ("compared as categories", ", ".join(one.categorical)),
        ("compared as numbers", ", ".join(one.numeric)),
        ("left out", ", ".join(one.ignored)),
    ]
    return [
        *((name, value) for name, value in named if value),
        ("natural variation of the reference", blocks),
        ("least rows", count(one.min_rows)),
        ("false alarms allowed", share(one.false_alarms)),
        ("least drift that counts", number(one.drift)),
        ("tolerated rise of the loss", share(one.tolerance)),
        ("least rise of nulls or new values that counts", share(one.quality)),
    ]


def _asset(name: str) -> str:
    return (files("keepfit.report") / "templates" / name).read_text(encoding="utf-8")


@cache
def _vega() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script that needs no network."""
    import vl_convert

    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return bundle.replace("</script", "<\\/script")


def _digest(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@cache
def _environment() -> Environment:
    environment = Environment(loader=FunctionLoader(_asset), autoescape=True, undefined=StrictUndefined)
    shown: dict[str, Any] = {
        "count": count,
        "share": share,
        "number": number,
        "chance": chance,
        "moment": moment,
    }
    environment.filters |= shown
    environment.globals |= shown
    return environment
