"""A distribution in the height of a line."""

import re

import pytest

from keepfit.report.file_report import Bars, ColumnReport, CountPair, Histogram, Pair, Single
from keepfit.report.sparkline import HEIGHT, WIDTH, sparkline


def column(**drawn):
    """A column with this drawing."""
    nothing = CountPair()
    return ColumnReport(
        name="x", kind="number", why="", role="", types=("", ""), verdict="ok", says="", values=nothing, nulls=nothing,
        null_share=Pair(reference=None, current=None), **drawn,
    )  # fmt: skip


def test_a_histogram_is_an_outline_of_each_side():
    """Both reach from the left to the right, and the tallest bar reaches the top."""
    two = Histogram(scale="linear", edges=(0.0, 1.0, 3.0), reference=(1, 1), current=(0, 2))
    found = sparkline(column(histogram=two))
    assert [re.search(r'class="(.)"', path)[1] for path in found.split("/>")[:2]] == ["r", "c"]
    assert found.count(f"H{WIDTH}") == 2
    assert "V0H" in found
    assert f"V{HEIGHT}" in found


def test_values_are_pairs_of_bars():
    """So are those of a category."""
    bars = Bars(values=("a", "b"), reference=(3, 1), current=(1, 3), other=CountPair(), unseen=CountPair())
    assert sparkline(column(bars=bars)).count("z") == 4
    singles = (Single(value=1.0, reference=2, current=2), Single(value=2.0, reference=2, current=0))
    assert sparkline(column(histogram=Histogram(scale="linear", singles=singles))).count("z") == 3


@pytest.mark.parametrize(
    "drawn",
    [
        {},
        {"histogram": Histogram(scale="linear")},
        {"histogram": Histogram(scale="linear", edges=(0.0, 1.0), reference=(0,), current=(0,))},
        {"bars": Bars(values=(), reference=(), current=(), other=CountPair(), unseen=CountPair())},
    ],
)
def test_nothing_is_drawn_of_nothing(drawn):
    """No values, no drawing, and no division by zero."""
    assert sparkline(column(**drawn)) == ""
