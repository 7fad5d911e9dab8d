"""The charts: declared once, drawn from rows, with and without JavaScript."""

import re

import pytest

from keepfit.report.figures import bar_rows, density_rows, figures, single_rows, still
from keepfit.report.file_report import Bars, CountPair, Histogram, Single

TWO = Histogram(
    scale="log",
    edges=(1.0, 10.0, 1000.0),
    reference=(2, 1),
    current=(0, 4),
    above=CountPair(reference=1),
    singles=(Single(value=0.5, reference=4, current=4),),
)


def test_rows_hold_shares_of_all_values():
    """Those outside the picture and those with bars of their own are counted too; the last row closes the outline."""
    assert density_rows(TWO) == [
        {"low": 1.0, "high": 10.0, "reference": 0.25, "current": 0.0},
        {"low": 10.0, "high": 1000.0, "reference": 0.125, "current": 0.5},
        {"low": 1000.0, "high": None, "reference": 0, "current": 0},
    ]
    assert single_rows(TWO) == [{"value": "0.5", "reference": 0.5, "current": 0.5}]


def test_other_values_count_and_have_no_row():
    """Hundreds of rare values together would dwarf the bars; a value that neither side holds keeps its row."""
    bars = Bars(
        values=("a", "b"), reference=(3, 0), current=(0, 0), other=CountPair(reference=1), unseen=CountPair()
    )
    assert [row["value"] for row in bar_rows(bars)] == ["a", "b"]
    assert bar_rows(bars)[0]["reference"] == 0.75


def test_the_charts_name_no_address_and_no_colour():
    """What they load nothing for, and what the page's light and dark give them."""
    text = str(figures())
    assert "http" not in text
    assert not re.search(r"#[0-9a-fA-F]{3,6}", text)
    assert "var(--reference)" in text


@pytest.mark.parametrize(("name", "rows"), [("log", density_rows(TWO)), ("bars", single_rows(TWO))])
def test_a_chart_can_be_drawn_without_javascript(name, rows):
    """As SVG, of a size that a page can hold forty of."""
    drawn = still(name, rows)
    assert drawn.startswith("<svg")
    assert len(drawn) < 12_000


def test_a_histogram_is_drawn_to_scale():
    """A bin of half the share and half the width is as tall: areas are shares."""
    two = Histogram(scale="linear", edges=(0.0, 1.0, 3.0), reference=(1, 2), current=(0, 0))
    filled = re.search(r'd="([^"]+)"[^>]*fill="var\(--reference\)"', still("linear", density_rows(two)))[1]
    heights = {round(float(y), 6) for _, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", filled)}
    assert len(heights) == 2


def test_texts_of_a_chart_are_escaped():
    """A value that would be a tag is text."""
    assert "<img" not in still("bars", [{"value": "<img src=x>", "reference": 1.0, "current": 0.5}])
