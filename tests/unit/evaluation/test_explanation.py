"""What is said of a change."""

from dataclasses import replace

import numpy as np
import pytest

from keepfit.adapters.codec import pack, unpack
from keepfit.evaluation.explanation import (
    Explanation,
    MixChange,
    Part,
    headline,
    sentences,
    share_in_words,
    told,
)
from keepfit.evaluation.loss_sums import LossSums
from keepfit.stats.intervals import Interval

PART = Part(
    feature="miles",
    first=0,
    last=2,
    label="miles under 2",
    rows=0.2,
    rows_before=0.19,
    mean=3.0,
    mean_before=2.0,
    change=0.3,
    mix=0.02,
    loss=0.28,
    share=0.74,
    interval=Interval(0.6, 0.9),
    sure=True,
)
WIDE = replace(PART, interval=Interval(0.2, 1.9))
MIXED = replace(PART, mix=0.25, loss=0.05)
MIX = MixChange(
    feature="zone",
    change=0.1,
    share=0.52,
    interval=Interval(0.4, 0.7),
    gained="zone 'JFK' is 20.0 % of the rows, was 5.0 %",
    sure=True,
)
OPENING = "mae rose from 2.00 to 2.40"
BEFORE, AFTER = (LossSums.of(np.random.default_rng(0).exponential(mean, 5000)) for mean in (2.0, 2.5))


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.24, "a quarter"),
        (0.34, "a third"),
        (0.42, "42 %"),
        (0.64, "two thirds"),
        (0.78, "three quarters"),
        (0.88, "nine tenths"),
        (1.03, "all"),
        (1.05, "more than all"),
        (0.05, "5 %"),
    ],
)
def test_shares_are_called_by_their_names(share, words):
    """Within four points; other shares are told as numbers."""
    assert share_in_words(share) == words


def test_a_slice_is_told_with_its_share_and_its_loss():
    """One sentence after the headline."""
    assert sentences(OPENING, "mae", [PART], [], 900) == (
        "mae rose from 2.00 to 2.40. Three quarters of that (60 to 90 %) comes from miles under 2: 20.0 % of the rows; "
        "mae there is 3.00, was 2.00"
    )


def test_rows_that_became_more_are_told_as_such():
    """Where the mix makes a good part of it."""
    assert "20.0 % of the rows, which were 19.0 %; mae there" in sentences(OPENING, "mae", [MIXED], [], 900)


def test_a_share_that_is_not_known_is_not_told():
    """The slice is, and that its share is open."""
    said = sentences(OPENING, "mae", [WIDE], [], 900)
    assert "What stands out is miles under 2" in said
    assert said.endswith("how much of the whole that makes, 900 rows do not tell")


def test_more_than_all_is_said_only_when_it_surely_is():
    """A share of 1.2 whose interval holds 1 is "all"; one that does not means that other rows got better."""
    for low, words in ((0.9, "All of that"), (1.1, "More than all of that")):
        part = replace(PART, share=1.2, interval=Interval(low, 1.4))
        assert words in sentences(OPENING, "mae", [part], [], 900)


def test_a_mix_is_told_alone_or_after_a_slice_whose_losses_changed():
    """A slice that grew tells of its mix already."""
    alone = sentences(OPENING, "mae", [], [MIX], 900)
    assert alone.endswith(
        "Half of that (40 to 70 %) comes from a changed mix of zone: zone 'JFK' is 20.0 % of the rows, was 5.0 %"
    )
    assert "; half of that" in sentences(OPENING, "mae", [PART], [MIX], 900)
    assert "changed mix" not in sentences(OPENING, "mae", [MIXED], [MIX], 900)


def test_a_second_slice_is_told_unless_it_must_be_the_same_rows():
    """Two thirds by miles and a third by hour may be two causes; three quarters by each are one, seen twice."""
    other = replace(PART, feature="hour", label="hour 0 to 5", share=0.34, interval=Interval(0.25, 0.4))
    said = sentences(OPENING, "mae", [PART, other], [], 900)
    assert "; a third of that (25 to 40 %) comes from hour 0 to 5" in said
    assert "same rows" not in said
    again = replace(PART, feature="minutes", label="minutes under 9")
    assert "minutes" not in sentences(OPENING, "mae", [PART, again], [], 900)


def test_causes_of_two_kinds_are_told_with_what_they_share():
    """A slice that grew and one that got worse, which together make more than the whole."""
    other = replace(PART, feature="hour", label="hour 0 to 5")
    said = sentences(OPENING, "mae", [MIXED, other], [], 900)
    assert "comes from hour 0 to 5" in said
    assert said.endswith("(some of these are the same rows)")


def test_without_a_cause_it_is_spread_evenly():
    """As far as the rows tell."""
    assert sentences(OPENING, "mae", [], [], 900).endswith(
        "It is spread evenly, as far as 900 rows tell: no slice stands out"
    )


def test_the_headline_tells_the_change_and_its_interval():
    """Of the metric's own unit; nothing of a change that may be chance."""
    said = headline("mae", BEFORE, AFTER, clear=True)
    gap = AFTER.mean - BEFORE.mean
    reach = 1.96 * np.hypot(AFTER.standard_error, BEFORE.standard_error)
    assert said == (
        f"mae rose from {BEFORE.mean:.2f} to {AFTER.mean:.2f} (by {gap - reach:.2g} to {gap + reach:.2g}) "
        "on 5,000 labelled rows"
    )
    assert headline("mae", AFTER, BEFORE, clear=True).startswith("mae fell from")
    assert headline("mae", BEFORE, BEFORE, clear=False).endswith(
        "no change that 5,000 rows could tell from chance"
    )


def test_the_interval_of_a_change_of_rmse_holds_as_often_as_it_says():
    """By the delta method on both roots: in 400 pairs of windows, the true change lies in it 95 % of the time."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        sides = [LossSums.of(rng.normal(0, scale, 500) ** 2) for scale in (1.0, 1.5)]
        ends = headline("rmse", *sides, clear=True).split("by ")[1].split(")")[0].split(" to ")
        held += float(ends[0]) <= 0.5 <= float(ends[1])
    assert held / 400 == pytest.approx(0.95, abs=0.03)


def test_losses_are_told_in_the_unit_of_the_metric():
    """Roots for rmse; two decimals, or three digits below one."""
    assert (told("rmse", 9.0), told("mae", 12.345), told("log_loss", 0.12345)) == ("3.00", "12.35", "0.123")


def test_an_explanation_is_stored_and_read_back():
    """It goes into the record of a check."""
    found = Explanation(
        metric="mae",
        n=900,
        before=2.0,
        after=2.4,
        total=0.4,
        interval=Interval(0.3, 0.5),
        parts=(PART, WIDE),
        mixes=(MIX,),
        says=OPENING,
    )
    assert unpack(pack(found), Explanation) == found
